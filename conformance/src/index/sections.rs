//! The sections of RFCs that demand something of a server.

use super::Clause;

/// The table of each RFC: its number, and its title and sections as in `sections/`.
pub(super) const RFCS: [(u32, &str); 32] = [
    (1870, include_str!("../../sections/rfc1870.txt")),
    (1939, include_str!("../../sections/rfc1939.txt")),
    (1985, include_str!("../../sections/rfc1985.txt")),
    (2033, include_str!("../../sections/rfc2033.txt")),
    (2034, include_str!("../../sections/rfc2034.txt")),
    (2177, include_str!("../../sections/rfc2177.txt")),
    (2449, include_str!("../../sections/rfc2449.txt")),
    (2595, include_str!("../../sections/rfc2595.txt")),
    (2920, include_str!("../../sections/rfc2920.txt")),
    (3030, include_str!("../../sections/rfc3030.txt")),
    (3206, include_str!("../../sections/rfc3206.txt")),
    (3207, include_str!("../../sections/rfc3207.txt")),
    (3461, include_str!("../../sections/rfc3461.txt")),
    (4315, include_str!("../../sections/rfc4315.txt")),
    (4731, include_str!("../../sections/rfc4731.txt")),
    (4954, include_str!("../../sections/rfc4954.txt")),
    (5034, include_str!("../../sections/rfc5034.txt")),
    (5161, include_str!("../../sections/rfc5161.txt")),
    (5182, include_str!("../../sections/rfc5182.txt")),
    (5256, include_str!("../../sections/rfc5256.txt")),
    (5258, include_str!("../../sections/rfc5258.txt")),
    (5321, include_str!("../../sections/rfc5321.txt")),
    (6152, include_str!("../../sections/rfc6152.txt")),
    (6154, include_str!("../../sections/rfc6154.txt")),
    (6409, include_str!("../../sections/rfc6409.txt")),
    (6531, include_str!("../../sections/rfc6531.txt")),
    (6851, include_str!("../../sections/rfc6851.txt")),
    (6856, include_str!("../../sections/rfc6856.txt")),
    (7162, include_str!("../../sections/rfc7162.txt")),
    (7888, include_str!("../../sections/rfc7888.txt")),
    (9051, include_str!("../../sections/rfc9051.txt")),
    (9208, include_str!("../../sections/rfc9208.txt")),
];

/// An RFC and its sections.
pub(super) struct Rfc {
    pub(super) number: u32,
    pub(super) title: &'static str,
    pub(super) sections: Vec<Section>,
}

/// A section that demands something.
pub(super) struct Section {
    pub(super) number: &'static str,
    pub(super) title: &'static str,
    /// Where else the same is demanded.
    pub(super) also: Vec<Clause>,
}

impl Rfc {
    pub(super) fn parse((number, table): &(u32, &'static str)) -> Self {
        let mut lines = table.lines();
        let title = lines.next().unwrap_or_default().trim_start_matches("# ");
        Self { number: *number, title, sections: lines.map(Section::parse).collect() }
    }

    pub(super) fn title_of(&self, number: &str) -> Option<&'static str> {
        self.sections.iter().find(|section| section.number == number).map(|section| section.title)
    }
}

impl Section {
    /// Reads `6.3.2 SELECT Command = 3501 6.3.1`.
    fn parse(line: &'static str) -> Self {
        let mut parts = line.split(" = ");
        let (number, title) =
            parts.next().and_then(|part| part.split_once(' ')).unwrap_or_default();
        let clause = |part: &str| {
            let (rfc, section) = part.split_once(' ').unwrap_or((part, ""));
            Some(Clause { rfc: rfc.parse().ok()?, section: section.to_owned() })
        };
        Self { number, title, also: parts.filter_map(clause).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_a_table_is_a_section() {
        for rfc in RFCS.iter().map(Rfc::parse) {
            assert!(!rfc.title.is_empty() && !rfc.sections.is_empty(), "{}", rfc.number);
            let mut before = Vec::new();
            for section in &rfc.sections {
                let clause = Clause { rfc: rfc.number, section: section.number.to_owned() };
                assert!(!section.title.is_empty(), "{} {}", rfc.number, section.number);
                assert!(before < clause.order(), "{} {}", rfc.number, section.number);
                before = clause.order();
            }
        }
    }
}
