//! Access control lists on disk: Dovecot's file in each folder, which its `vfile` driver reads and
//! writes as well. What it says in words of its own (groups, named rights) is kept as it is.

use postroad_core::store::{Account, Acl, Grant, Right, Rights};

/// Dovecot's file of rights in each folder.
pub(crate) const FILE: &str = "dovecot-acl";

/// The order in which Dovecot writes rights.
const ORDER: [Right; 11] = [
    Right::Lookup,
    Right::Read,
    Right::Write,
    Right::Seen,
    Right::DeleteMessages,
    Right::Insert,
    Right::Post,
    Right::Expunge,
    Right::Create,
    Right::Delete,
    Right::Administer,
];

/// What a file says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct AclFile {
    pub(crate) acl: Acl,
    /// Lines that mean nothing here.
    foreign: Vec<String>,
}

/// Reads `user=bob@example.org lrs` a line, the first word perhaps in quotes, `-` before it where
/// rights are taken away.
pub(crate) fn parse(text: &[u8]) -> AclFile {
    let mut file = AclFile::default();
    for line in String::from_utf8_lossy(text).lines().filter(|line| !line.trim().is_empty()) {
        match parse_line(line) {
            Some(grant) => file.acl.0.push(grant),
            None => file.foreign.push(line.into()),
        }
    }
    file
}

fn parse_line(line: &str) -> Option<Grant> {
    let (word, rights) = match line.strip_prefix('"') {
        Some(rest) => rest.split_once('"')?,
        None => line.split_once(' ').unwrap_or((line, "")),
    };
    let (minus, name) = match word.strip_prefix('-') {
        Some(name) => ("-", name),
        None => ("", word),
    };
    let name = match name.strip_prefix("user=") {
        Some(address) => Account::parse(address).ok()?.as_str().to_owned(),
        None if matches!(name, "anyone" | "authenticated" | "owner") => name.to_owned(),
        None => return None,
    };
    let rights = Rights::parse(rights.trim())?;
    Some(Grant { identifier: [minus, &name].concat(), rights })
}

/// Writes the file as Dovecot does.
pub(crate) fn write(file: &AclFile) -> String {
    let grants = file.acl.0.iter().map(|Grant { identifier, rights }| {
        let (minus, name) = match identifier.strip_prefix('-') {
            Some(name) => ("-", name),
            None => ("", identifier.as_str()),
        };
        let user = if name.contains('@') { "user=" } else { "" };
        let letters = ORDER.iter().filter(|right| rights.contains(**right));
        let letters: String = letters.map(|right| right.letter()).collect();
        format!("{minus}{user}{name} {letters}\n")
    });
    let foreign = file.foreign.iter().map(|line| format!("{line}\n"));
    grants.chain(foreign).collect()
}

#[cfg(test)]
mod tests {
    use super::{parse, write};

    #[test]
    fn a_file_of_dovecots_comes_back() {
        let text = "user=bob@example.org lrwstipekxa\n-user=eve@example.org r\nanyone l\n\
                    owner lrs\nauthenticated lr\ngroup=staff lrs\nuser=ann@x lr :named\n";
        let file = parse(text.as_bytes());
        let names: Vec<_> = file.acl.0.iter().map(|grant| grant.identifier.as_str()).collect();
        let known = ["bob@example.org", "-eve@example.org", "anyone", "owner", "authenticated"];
        assert_eq!(names, known);
        assert_eq!(write(&file), text);
        assert_eq!(parse(write(&file).as_bytes()), file);
    }

    #[test]
    fn what_is_odd_does_no_harm() {
        let file =
            parse(b"\"user=bob smith@x\" l\nuser=Bob@Example.ORG lr\n\xff\xfe\nuser=b@x Q\n");
        assert_eq!(file.acl.0.len(), 1);
        assert_eq!(file.acl.0[0].identifier, "bob@example.org");
        assert_eq!(file.foreign.len(), 3);
    }
}
