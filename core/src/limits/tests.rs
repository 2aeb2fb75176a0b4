use super::Limits;
use alloc::collections::BTreeSet;
use core::time::Duration;

#[test]
fn every_limit_has_a_row_of_its_own_with_a_source() {
    let rows = Limits::DEFAULT.rows();
    let names: BTreeSet<_> = rows.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names.len(), rows.len());
    assert!(rows.iter().all(|(_, value, source)| !value.is_empty() && !source.is_empty()));
    assert!(rows.contains(&("local_part", "64".into(), "fixed: RFC 5321 §4.5.3.1.1")));
    assert!(rows.contains(&("tls_handshake", "60 s".into(), "precedent: Postfix")));
}

#[test]
fn penalties_grow_and_never_overflow() {
    let limits = Limits { failed_login_delay: Duration::MAX, ..Limits::DEFAULT };
    assert_eq!(limits.penalty(u32::MAX), Duration::MAX);
    let limits = Limits::DEFAULT;
    assert!((0..12).all(|failed| limits.penalty(failed + 1) == limits.penalty(failed) * 2));
    assert_eq!(limits.penalty(13), limits.penalty(12));
}
