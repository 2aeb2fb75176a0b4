//! The look at the whole folder when it is opened.

use super::content::Content;
use super::{Damaged, Shared, in_words, log};
use crate::files::{Files, join};
use postroad_core::queue::{Entry, Id};
use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the names in the folder tell.
#[derive(Default)]
pub(super) struct Names {
    pub(super) messages: Vec<Id>,
    logs: HashSet<Id>,
    strange: Vec<Damaged>,
}

pub(super) fn scan(
    shared: &Arc<Shared>,
) -> io::Result<impl Iterator<Item = Result<Entry, Damaged>> + use<>> {
    let tmp = shared.root.join("tmp");
    for name in shared.files.list(&tmp).map_err(in_words(&tmp))? {
        // Messages that were never committed. What can't be removed harms nobody.
        let _ = shared.files.remove(&join(&tmp, &name));
    }
    let Names { messages, mut logs, strange } = names(&*shared.files, &shared.root)?;
    logs.retain(|id| {
        let wanted = messages.binary_search(id).is_ok();
        if !wanted {
            // The message was removed. If its log comes back, the next look finds it.
            let _ = shared.files.remove(&shared.log(*id));
        }
        wanted
    });
    let shared = shared.clone();
    let entry = move |id: Id| shared.entry(id, logs.contains(&id)).transpose();
    Ok(strange.into_iter().map(Err).chain(messages.into_iter().filter_map(entry)))
}

pub(super) fn names(files: &dyn Files, root: &Path) -> io::Result<Names> {
    let mut names = Names::default();
    for name in files.list(root).map_err(in_words(root))? {
        let id = |stem| Id::parse(std::str::from_utf8(stem).ok()?);
        if let Some(stem) = name.strip_suffix(b".eml") {
            match id(stem) {
                Some(id) => names.messages.push(id),
                None => {
                    let path = join(root, &name);
                    names.strange.push(Damaged::new(&path, "this is no queue id"));
                }
            }
        } else if let Some(id) = name.strip_suffix(b".log").and_then(id) {
            names.logs.insert(id);
        }
    }
    names.messages.sort_unstable();
    Ok(names)
}

impl Shared {
    /// A message with what was noted of it, if it is there.
    pub(super) fn entry(&self, id: Id, logged: bool) -> Result<Option<Entry>, Damaged> {
        let log = logged.then(|| self.log(id));
        entry(&*self.files, id, self.message(id), log.as_deref())
    }
}

/// The message of a file with what its log says, if it is there.
pub(super) fn entry(
    files: &dyn Files,
    id: Id,
    message: PathBuf,
    log: Option<&Path>,
) -> Result<Option<Entry>, Damaged> {
    let Some((envelope, content)) = Content::open(files, id, message)? else {
        return Ok(None);
    };
    let mut entry = Entry::new(envelope, content.size());
    if let Some(log) = log {
        log::replay(files, log, &mut entry)?;
    }
    Ok(Some(entry))
}
