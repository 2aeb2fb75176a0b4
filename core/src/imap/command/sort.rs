//! SORT and THREAD (RFC 5256 §5).

use super::search::{parse_charset, parse_keys, parse_return};
use crate::imap::scan::{Scanned, Scanner};
use crate::imap::types::{Numbering, Sort, SortCriterion, SortKey, Thread, ThreadAlgorithm};
use alloc::vec::Vec;

/// `"SORT" [SP search-return-opts] SP sort-criteria SP charset 1*(SP search-key)`.
pub(super) fn parse(
    numbering: Numbering,
    scanner: &mut Scanner<'_>,
    depth: usize,
) -> Scanned<Sort> {
    let returns = parse_return(scanner)?;
    scanner.space()?;
    let mut criteria = Vec::new();
    scanner.full_list("SORT takes a list of sort keys", |scanner| {
        let criterion = criterion(scanner)?;
        if criteria.iter().all(|earlier: &SortCriterion| earlier.key != criterion.key) {
            criteria.push(criterion);
        }
        Ok(())
    })?;
    let charset = parse_charset(scanner)?;
    let key = parse_keys(scanner, &charset, depth)?;
    Ok(Sort { numbering, returns, criteria, charset, key })
}

/// `["REVERSE" SP] sort-key`.
fn criterion(scanner: &mut Scanner<'_>) -> Scanned<SortCriterion> {
    let missing = "There is no such sort key";
    let reverse = scanner.eat_name("REVERSE");
    if reverse {
        scanner.space()?;
    }
    let name = scanner.name(missing)?;
    let key = SortKey::ALL.into_iter().find(|key| key.name().eq_ignore_ascii_case(name));
    Ok(SortCriterion { key: key.ok_or(missing)?, reverse })
}

/// `"THREAD" SP thread-alg SP charset 1*(SP search-key)`.
pub(super) fn parse_thread(
    numbering: Numbering,
    scanner: &mut Scanner<'_>,
    depth: usize,
) -> Scanned<Thread> {
    scanner.space()?;
    let name = scanner.atom("The name of a threading algorithm is missing")?;
    let mut known = ThreadAlgorithm::ALL.into_iter();
    let algorithm = known
        .find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
        .ok_or("There is no such threading algorithm")?;
    let charset = parse_charset(scanner)?;
    let key = parse_keys(scanner, &charset, depth)?;
    Ok(Thread { numbering, algorithm, charset, key })
}
