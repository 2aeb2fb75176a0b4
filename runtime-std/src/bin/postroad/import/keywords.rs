//! Keywords that a mailbox can't have.

use postroad_core::imap::Flag;
use postroad_core::limits::Limits;
use std::collections::HashSet;

/// The keywords of a mailbox, and those that it can't get.
pub struct Keywords {
    known: Vec<String>,
    /// Those of which it was told that they are left out.
    left_out: HashSet<String>,
    most: usize,
    longest: usize,
}

impl Keywords {
    /// Those of a mailbox that has `known` ones.
    pub fn new(known: Vec<String>, limits: &Limits) -> Self {
        Self { known, left_out: HashSet::new(), most: limits.keywords, longest: limits.keyword }
    }

    /// Leaves only those that the mailbox has or can get; tells once of each other one, and why.
    pub fn fit(&mut self, names: &mut Vec<String>, mut tell: impl FnMut(String)) {
        names.retain(|name| {
            let Some(why) = self.refusal(name) else { return true };
            if self.left_out.insert(name.clone()) {
                tell(format!("the keyword `{}` is left out: {why}", name.escape_debug()));
            }
            false
        });
    }

    fn refusal(&mut self, name: &str) -> Option<&'static str> {
        if self.known.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            return None;
        }
        // RFC 3501 §9: flag-keyword.
        if !matches!(Flag::parse(name), Some(Flag::Keyword(_))) {
            return Some("a keyword is one word of ASCII");
        }
        if name.len() > self.longest {
            return Some("it is too long");
        }
        if self.known.len() >= self.most {
            return Some("the mailbox has too many keywords");
        }
        self.known.push(name.to_owned());
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_that_is_left_out_is_told_of_once() {
        let limits = Limits { keywords: 3, keyword: 5, ..Limits::default() };
        let mut keywords = Keywords::new(vec!["$Junk".into()], &limits);
        let mut told = Vec::new();
        let mut fitting = |given: &[&str]| {
            let mut names = given.iter().map(|name| (*name).to_owned()).collect();
            keywords.fit(&mut names, |what| told.push(what));
            names
        };
        assert_eq!(fitting(&["$junk", "we ird", "one", "é"]), ["$junk", "one"]);
        assert_eq!(fitting(&["we ird", "twelve", "two"]), ["two"]);
        assert_eq!(fitting(&["three", "ONE", "Two"]), ["ONE", "Two"]);
        let expected = [
            "the keyword `we ird` is left out: a keyword is one word of ASCII",
            "the keyword `é` is left out: a keyword is one word of ASCII",
            "the keyword `twelve` is left out: it is too long",
            "the keyword `three` is left out: the mailbox has too many keywords",
        ];
        assert_eq!(told, expected);
    }
}
