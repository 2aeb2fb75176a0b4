//! GETQUOTA, GETQUOTAROOT, SETQUOTA (RFC 9208 §7).

use super::mailbox;
use crate::imap::scan::{Scanned, Scanner};
use crate::imap::types::{Quota, QuotaResource};

/// The arguments of the command called `name`.
pub(super) fn parse(name: &str, scanner: &mut Scanner<'_>) -> Scanned<Quota> {
    Ok(match name {
        "GETQUOTA" => Quota::Get(root(scanner)?),
        "GETQUOTAROOT" => Quota::GetRoot(mailbox::argument(scanner)?),
        _ => parse_set(scanner)?,
    })
}

/// `SP quota-root-name`.
fn root(scanner: &mut Scanner<'_>) -> Scanned<alloc::string::String> {
    scanner.space()?;
    scanner.text("The name of a quota root is missing, perhaps an empty one")
}

/// `"SETQUOTA" SP quota-root-name SP "(" [resource-name SP resource-limit …] ")"`.
fn parse_set(scanner: &mut Scanner<'_>) -> Scanned<Quota> {
    let root = root(scanner)?;
    scanner.space()?;
    let limits = scanner.list("SETQUOTA takes a list of limits", |scanner| {
        let resource = QuotaResource::new(scanner.atom("The name of a resource is missing")?);
        scanner.space()?;
        let limit = scanner.number64("A limit is missing")?;
        // RFC 9051 §9: number64 is of 63 bits.
        i64::try_from(limit).map_err(|_| "A limit is too large")?;
        Ok((resource, limit))
    })?;
    Ok(Quota::Set { root, limits })
}
