//! What every suite needs: finding its cases, counting, and the checked-in list of explained disagreements.
//!
//! The cases are not part of the project. `POSTROAD_CORPORA` names the folder that holds one folder a suite; without it,
//! every suite says loudly that it skips.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// One suite under way. Every case is judged with [`Suite::case`]; [`Suite::finish`] gives the verdict.
pub(crate) struct Suite {
    name: &'static str,
    folder: PathBuf,
    agreed: BTreeSet<String>,
    /// What went wrong, by case.
    disagreed: BTreeMap<String, String>,
}

impl Suite {
    /// Opens a suite, or says that it is skipped.
    pub(crate) fn open(name: &'static str) -> Option<Self> {
        let Some(root) = std::env::var_os("POSTROAD_CORPORA") else {
            say(&format!("SKIPPED: {name}: POSTROAD_CORPORA is not set"));
            return None;
        };
        let folder = Path::new(&root).join(name);
        assert!(folder.is_dir(), "{} is no folder", folder.display());
        Some(Self { name, folder, agreed: BTreeSet::new(), disagreed: BTreeMap::new() })
    }

    /// A file of the suite.
    pub(crate) fn read(&self, file: &str) -> Vec<u8> {
        let path = self.folder.join(file);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// A text file of the suite.
    pub(crate) fn text(&self, file: &str) -> String {
        String::from_utf8(self.read(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    /// Every file of the suite, as paths from its folder, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            let entries = std::fs::read_dir(&folder).expect("a folder of the suite");
            for path in entries.map(|entry| entry.expect("an entry of the folder").path()) {
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(&self.folder).expect("a path in the folder");
                    files.push(name.to_string_lossy().into_owned());
                }
            }
        }
        files.sort();
        files
    }

    /// Judges one case: `Err` says in what it disagrees.
    pub(crate) fn case(&mut self, id: &str, outcome: Result<(), String>) {
        let is_new = !self.agreed.contains(id) && !self.disagreed.contains_key(id);
        assert!(is_new, "{}: two cases are called {id}", self.name);
        match outcome {
            Ok(()) => drop(self.agreed.insert(id.into())),
            Err(what) => drop(self.disagreed.insert(id.into(), what)),
        }
    }

    /// Prints how many cases agree, and fails on every disagreement without an explanation and on every explanation
    /// without a disagreement.
    pub(crate) fn finish(self) {
        let explained = self.explanations();
        let cases = self.agreed.len() + self.disagreed.len();
        assert_ne!(cases, 0, "{} has no cases", self.name);
        let mut faults = String::new();
        for (id, what) in &self.disagreed {
            if !explained.contains_key(id) {
                let _ = writeln!(faults, "{id}: {what}");
            }
        }
        for id in explained.keys().filter(|id| self.agreed.contains(*id)) {
            let _ = writeln!(faults, "{id}: agrees, but is listed as a disagreement");
        }
        let listed = self.disagreed.keys().filter(|id| explained.contains_key(*id)).count();
        let agreed = self.agreed.len();
        say(&format!("{}: {agreed} of {cases} agree, {listed} explained", self.name));
        assert!(faults.is_empty(), "{}:\n{faults}", self.name);
    }

    /// The lines `case-id<TAB>reason` of the suite's list of disagreements, where there is one.
    fn explanations(&self) -> BTreeMap<String, String> {
        let list = format!("{}.txt", self.name);
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpora/disagreements").join(list);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return BTreeMap::new(),
            Err(error) => panic!("{}: {error}", path.display()),
        };
        let entry = |line: &str| match line.split_once('\t') {
            Some((id, reason)) if !reason.trim().is_empty() => (id.to_owned(), reason.to_owned()),
            _ => panic!("{}: not `case-id<TAB>reason`: {line}", path.display()),
        };
        text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(entry).collect()
    }
}

/// Says a line on standard error that the test harness does not swallow.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// The values of a JSONL text.
pub(crate) fn json_lines(text: &str) -> Vec<Value> {
    let value =
        |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    text.lines().filter(|line| !line.trim().is_empty()).map(value).collect()
}

/// A string of a JSON object, empty when it has none of this name.
pub(crate) fn string<'a>(object: &'a Value, name: &str) -> &'a str {
    object[name].as_str().unwrap_or_default()
}
