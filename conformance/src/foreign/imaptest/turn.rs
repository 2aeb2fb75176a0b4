//! What comes between the commands of a group and the end of the last of them.

use super::matcher::Bindings;
use super::script::{Group, Presence};
use crate::foreign::connection::shown;
use crate::foreign::report::Failure;
use crate::foreign::value::Value;

/// A group under way.
pub(super) struct Turn<'a> {
    group: &'a Group,
    /// The tag of each command; none once it is completed.
    pub(super) tags: Vec<Option<String>>,
    found: Vec<bool>,
    /// For each expected reply, what resembled it most, and how many of its values were right.
    nearest: Vec<(usize, String)>,
    extra: Option<String>,
    pub(super) seen_bye: bool,
    /// The first reply that is wrong whatever else comes.
    wrong: Option<Failure>,
}

impl<'a> Turn<'a> {
    pub(super) fn new(group: &'a Group) -> Self {
        let count = group.untagged.len();
        Self {
            group,
            tags: Vec::new(),
            found: vec![false; count],
            nearest: vec![(0, "nothing like it".to_owned()); count],
            extra: None,
            seen_bye: false,
            wrong: None,
        }
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.tags.iter().any(Option::is_some)
    }

    pub(super) fn untagged(&mut self, values: &[Value], response: &[u8], bindings: &mut Bindings) {
        let is_status =
            |value: &Value| ["OK", "NO", "BAD", "BYE"].iter().any(|word| value.is(word));
        let prefix = values.first().is_some_and(is_status);
        self.seen_bye |= values.first().is_some_and(|value| value.is("BYE"));
        let mut is_expected = false;
        for (at, untagged) in self.group.untagged.iter().enumerate() {
            if self.found[at] {
                continue;
            }
            match bindings.matches(&untagged.patterns, values, prefix) {
                Ok(()) if untagged.presence == Presence::MustNot => {
                    let expected = format!("no {}", untagged.text);
                    let wrong = Failure::new(untagged.line, expected, shown(response));
                    self.wrong.get_or_insert(wrong);
                }
                Ok(()) => {
                    self.found[at] = true;
                    is_expected = true;
                }
                Err(count) if count > self.nearest[at].0 => {
                    self.nearest[at] = (count, shown(response));
                }
                Err(_) => {}
            }
            if self.group.ordered && (is_expected || untagged.presence == Presence::Must) {
                break;
            }
        }
        if !is_expected {
            self.extra.get_or_insert_with(|| shown(response));
        }
    }

    pub(super) fn tagged(
        &mut self,
        tag: &Value,
        values: &[Value],
        response: &[u8],
        bindings: &mut Bindings,
    ) -> Result<(), Failure> {
        let place =
            self.tags.iter().position(|known| known.as_deref().is_some_and(|known| tag.is(known)));
        let Some(place) = place else {
            return Err(Failure::new(0, "a response to a command", shown(response)));
        };
        self.tags[place] = None;
        let command = &self.group.commands[place];
        let matches =
            command.reply.is_empty() || bindings.matches(&command.reply, values, true).is_ok();
        if !matches {
            let wrong =
                Failure::new(command.line.number, command.expected.clone(), shown(response));
            self.wrong.get_or_insert(wrong);
        }
        Ok(())
    }

    pub(super) fn finish(self, ignore_extra: bool) -> Result<(), Failure> {
        if let Some(wrong) = self.wrong {
            return Err(wrong);
        }
        let missing = self
            .group
            .untagged
            .iter()
            .zip(&self.found)
            .position(|(untagged, found)| untagged.presence == Presence::Must && !found);
        if let Some(at) = missing {
            let untagged = &self.group.untagged[at];
            return Err(Failure::new(
                untagged.line,
                format!("* {}", untagged.text),
                self.nearest[at].1.clone(),
            ));
        }
        match self.extra {
            Some(extra) if !ignore_extra => {
                let line = self.group.commands.first().map_or(0, |command| command.line.number);
                Err(Failure::new(line, "no other untagged reply", extra))
            }
            _ => Ok(()),
        }
    }
}
