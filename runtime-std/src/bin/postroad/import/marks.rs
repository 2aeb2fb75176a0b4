//! Flags, keywords and dates, as Maildirs and mboxes have them.

use postroad_core::store::Flags;

/// How a message is marked.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Marks {
    /// System flags.
    pub flags: Flags,
    /// Keywords by name.
    pub keywords: Vec<String>,
    /// The internal date, in seconds since the Unix epoch.
    pub date: Option<i64>,
}

/// The letters of Status, X-Status and of Maildir's names.
const STATUS: [(char, Flags); 1] = [('R', Flags::SEEN)];
const X_STATUS: [(char, Flags); 4] =
    [('A', Flags::ANSWERED), ('F', Flags::FLAGGED), ('D', Flags::DELETED), ('T', Flags::DRAFT)];
const MAILDIR: [(char, Flags); 5] = [
    ('D', Flags::DRAFT),
    ('F', Flags::FLAGGED),
    ('R', Flags::ANSWERED),
    ('S', Flags::SEEN),
    ('T', Flags::DELETED),
];

fn flags(letters: &str, known: &[(char, Flags)]) -> Flags {
    let named = known.iter().filter(|(letter, _)| letters.contains(*letter));
    named.fold(Flags::NONE, |flags, (_, flag)| flags | *flag)
}

fn letters(flags: Flags, known: &[(char, Flags)]) -> String {
    known.iter().filter(|(_, flag)| flags.contains(*flag)).map(|(letter, _)| *letter).collect()
}

impl Marks {
    /// The flags in the name of a message file, and the keywords that its small letters stand for.
    pub fn of_name(name: &[u8], keywords: &[String]) -> Self {
        let name = String::from_utf8_lossy(name);
        let info = name.rsplit_once(":2,").or_else(|| name.rsplit_once(";2,"));
        let info = info.map_or("", |(_, info)| info);
        let places = info.bytes().filter(u8::is_ascii_lowercase).map(|it| usize::from(it - b'a'));
        let names = places.filter_map(|place| keywords.get(place).filter(|name| !name.is_empty()));
        Self { flags: flags(info, &MAILDIR), keywords: names.cloned().collect(), date: None }
    }

    /// The flags' letters in the name of a message file, of which `keywords` are the small ones.
    pub fn letters(flags: Flags, keywords: impl Iterator<Item = usize>) -> String {
        let small = keywords.filter_map(|place| u8::try_from(place).ok()).filter(|it| *it < 26);
        letters(flags, &MAILDIR) + &small.map(|it| char::from(b'a' + it)).collect::<String>()
    }

    /// The header fields that say in an mbox how a message is marked; they come before its own.
    pub fn fields(&self) -> String {
        let mut text = String::new();
        let mut field = |name: &str, value: &str| {
            if !value.is_empty() {
                text.push_str(&format!("{name}: {value}\n"));
            }
        };
        field("Status", &letters(self.flags, &STATUS));
        field("X-Status", &letters(self.flags, &X_STATUS));
        field("X-Keywords", &self.keywords.join(" "));
        text
    }
}

/// Reads the marks of a message in an mbox from its header as it passes by.
#[derive(Debug, Default)]
pub struct Header {
    marks: Marks,
    at: Place,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Place {
    /// Nothing but marks has come.
    #[default]
    Front,
    /// The message's own header.
    Header,
    Body,
}

impl Header {
    /// The header of a message of `date`.
    pub fn new(date: i64) -> Self {
        Self { marks: Marks { date: Some(date), ..Marks::default() }, at: Place::Front }
    }

    /// Takes a line; whether it is the message's own. Marks in front of its header are not: whoever
    /// wrote the mbox has put them there.
    pub fn take(&mut self, line: &[u8]) -> bool {
        if self.at == Place::Body {
            return true;
        }
        if matches!(line, b"\n" | b"\r\n") {
            self.at = Place::Body;
            return true;
        }
        let is_mark = self.read(line);
        if !is_mark {
            self.at = Place::Header;
        }
        !(is_mark && self.at == Place::Front)
    }

    fn read(&mut self, line: &[u8]) -> bool {
        let line = String::from_utf8_lossy(line);
        let Some((name, value)) = line.split_once(':') else { return false };
        let marks = &mut self.marks;
        match &*name.to_ascii_lowercase() {
            "status" => marks.flags = marks.flags | flags(value, &STATUS),
            "x-status" => marks.flags = marks.flags | flags(value, &X_STATUS),
            "x-keywords" => {
                marks.keywords.extend(value.split_ascii_whitespace().map(str::to_owned));
            }
            _ => return false,
        }
        true
    }

    /// How the message is marked.
    pub fn finish(mut self) -> Marks {
        self.marks.keywords.sort();
        self.marks.keywords.dedup();
        self.marks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_read_as_they_are_written() {
        let marks = Marks {
            flags: Flags::SEEN | Flags::FLAGGED | Flags::DRAFT,
            keywords: vec!["$Junk".into(), "work".into()],
            date: Some(7),
        };
        let text = marks.fields();
        assert_eq!(text, "Status: R\nX-Status: FT\nX-Keywords: $Junk work\n");
        let mut header = Header::new(7);
        assert!(text.split_inclusive('\n').all(|line| !header.take(line.as_bytes())));
        assert!(header.take(b"Subject: x\n"));
        assert!(header.take(b"X-Status: A\n"), "the message's own");
        assert!(header.take(b"\n") && header.take(b"Status: R\n"));
        let flags = marks.flags | Flags::ANSWERED;
        assert_eq!(header.finish(), Marks { flags, ..marks });
    }

    #[test]
    fn names_tell_flags_and_keywords() {
        let keywords = ["$Junk".to_owned(), String::new(), "work".into()];
        let marks = Marks::of_name(b"1.a.host,S=3:2,FSac", &keywords);
        assert_eq!(marks.flags, Flags::FLAGGED | Flags::SEEN);
        assert_eq!(marks.keywords, ["$Junk", "work"]);
        assert_eq!(Marks::letters(marks.flags, [0, 2].into_iter()), "FSac");
        assert_eq!(Marks::of_name(b"1.S.host", &keywords), Marks::default());
    }
}
