/// A section of an RFC that a transcript is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Clause {
    /// The RFC's number.
    pub rfc: u32,
    /// The section's number, or `appendix E`; empty for the RFC as a whole.
    pub section: String,
}

impl Clause {
    /// The clauses that `title` names: `RFC 5321 §4.5.2, §4.1.4, RFC 2920`.
    #[must_use]
    pub fn all(title: &str) -> Vec<Self> {
        let mut clauses: Vec<Self> = Vec::new();
        let mut words =
            title.split([' ', ',', ':', ';', '(', ')']).filter(|word| !word.is_empty()).peekable();
        while let Some(word) = words.next() {
            if word == "RFC"
                && let Some(rfc) = words.peek().and_then(|number| number.parse().ok())
            {
                words.next();
                clauses.push(Self { rfc, section: String::new() });
                continue;
            }
            let section = match word.strip_prefix('§') {
                Some(number) => number.trim_end_matches('.').to_owned(),
                None if word.eq_ignore_ascii_case("appendix") => {
                    format!("appendix {}", words.next().unwrap_or_default())
                }
                None => continue,
            };
            match clauses.last_mut() {
                Some(last) if last.section.is_empty() => last.section = section,
                Some(last) => {
                    let rfc = last.rfc;
                    clauses.push(Self { rfc, section });
                }
                None => {}
            }
        }
        clauses
    }

    /// Whether who tests this tests `section` of `rfc`, too: it is that section, or stands below it.
    #[must_use]
    pub fn covers(&self, rfc: u32, section: &str) -> bool {
        let below = self.section.strip_prefix(section);
        self.rfc == rfc
            && below.is_some_and(|rest| {
                rest.is_empty() || (!section.is_empty() && rest.starts_with('.'))
            })
    }

    /// In the order of the RFC.
    pub(super) fn order(&self) -> Vec<u32> {
        match self.section.strip_prefix("appendix ") {
            Some(letter) => vec![u32::MAX, letter.chars().next().map_or(0, u32::from)],
            None => self.section.split('.').map(|part| part.parse().unwrap_or(0)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_name_clauses() {
        let named = |title: &str| -> Vec<(u32, String)> {
            Clause::all(title).into_iter().map(|clause| (clause.rfc, clause.section)).collect()
        };
        let clause = |rfc, section: &str| (rfc, section.to_owned());
        assert_eq!(
            named("RFC 5321 §4.5.2, §4.1.4, RFC 2920: as §3 says"),
            [clause(5321, "4.5.2"), clause(5321, "4.1.4"), clause(2920, "3"),]
        );
        assert_eq!(
            named("RFC 9051 §6.3.1, Appendix E: new"),
            [clause(9051, "6.3.1"), clause(9051, "appendix E"),]
        );
        assert_eq!(
            named("RFC 2177: news (RFC 3501 §5.2)."),
            [clause(2177, ""), clause(3501, "5.2"),]
        );
        assert_eq!(named("§3 of nothing"), []);
    }

    #[test]
    fn what_is_below_covers() {
        let clause = Clause { rfc: 5321, section: "4.5.3.1.4".to_owned() };
        assert!(clause.covers(5321, "4.5.3.1.4") && clause.covers(5321, "4.5.3"));
        assert!(!clause.covers(1870, "4.5.3.1.4"));
        assert!(!clause.covers(5321, "4.5.3.1.40") && !clause.covers(5321, "4.5.2"));
        assert!(!Clause { rfc: 5321, section: "4.1.10".to_owned() }.covers(5321, "4.1.1"));
    }
}
