//! GETACL, SETACL, DELETEACL, LISTRIGHTS, MYRIGHTS (RFC 4314 §7).

use super::mailbox;
use crate::imap::scan::{Scanned, Scanner};
use crate::imap::types::{Acl, Identifier, Rights, RightsChange};

/// The arguments of the command called `name`.
pub(super) fn parse(name: &str, scanner: &mut Scanner<'_>) -> Scanned<Acl> {
    let mailbox = mailbox::argument(scanner)?;
    Ok(match name {
        "GETACL" => Acl::Get(mailbox),
        "MYRIGHTS" => Acl::MyRights(mailbox),
        "DELETEACL" => Acl::Delete { mailbox, identifier: identifier(scanner)? },
        "LISTRIGHTS" => Acl::ListRights { mailbox, identifier: identifier(scanner)? },
        _ => {
            let identifier = identifier(scanner)?;
            let (change, rights) = mod_rights(scanner)?;
            Acl::Set { mailbox, identifier, change, rights }
        }
    })
}

/// `SP identifier`.
fn identifier(scanner: &mut Scanner<'_>) -> Scanned<Identifier> {
    scanner.space()?;
    let text = scanner.text("An identifier is missing")?;
    Identifier::new(&text).ok_or_else(|| "This cannot be an identifier".into())
}

/// `SP mod-rights`.
fn mod_rights(scanner: &mut Scanner<'_>) -> Scanned<(RightsChange, Rights)> {
    scanner.space()?;
    let text = scanner.text("Rights are missing, perhaps an empty string")?;
    let (change, letters) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(letters), _) => (RightsChange::Add, letters),
        (_, Some(letters)) => (RightsChange::Remove, letters),
        _ => (RightsChange::Replace, text.as_str()),
    };
    let rights = Rights::new(letters).ok_or("Rights are lower-case letters and digits")?;
    Ok((change, rights))
}
