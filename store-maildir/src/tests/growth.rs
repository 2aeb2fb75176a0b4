//! Cost grows with what there is to do.

use super::{maildirs, present};
use crate::scratch::Scratch;
use crate::{CountingFiles, RealFiles};
use postroad_core::store::Flags;
use postroad_core::store::suite::Desk;
use std::fs;
use std::sync::Arc;

/// Calls to the file system: opening is linear at first and when the UIDs are known; a change and
/// an empty look do not depend on the number of messages.
#[test]
fn calls_grow_with_the_work() {
    let mut counts = Vec::new();
    for size in [2_500, 5_000, 10_000] {
        let scratch = Scratch::new();
        let files = CountingFiles::new(RealFiles);
        let mut desk = Desk::new(&maildirs(&scratch, Arc::new(files.clone())));
        // The present, so that the folders' times have not settled.
        let now = present(&scratch);
        desk.now = now;
        desk.status("INBOX");
        let cur = scratch.path().join("example.org/alice/cur");
        for number in 0..size {
            fs::write(cur.join(format!("{number}.M1.other,S=3,W=3:2,S")), "x\r\n").unwrap();
        }
        files.restart(None);
        assert_eq!(desk.open("INBOX").entries.len(), size);
        let first = files.calls();
        drop(desk);
        let mut desk = Desk::new(&maildirs(&scratch, Arc::new(files.clone())));
        desk.now = now;
        files.restart(None);
        assert_eq!(desk.open("INBOX").entries.len(), size);
        let known = files.calls();
        files.restart(None);
        for number in 1..=100 {
            desk.flag(&[number], postroad_core::store::FlagAction::Add, Flags::DRAFT, &[]);
            desk.sync();
        }
        let changes = files.calls();
        counts.push((first, known, changes));
    }
    for pair in counts.windows(2) {
        let [(first, known, changes), (first_2, known_2, changes_2)] = pair else { unreachable!() };
        assert!(*first_2 <= 2 * first && *known_2 <= 2 * known, "{counts:?}");
        assert_eq!(changes, changes_2, "{counts:?}");
    }
    assert!(counts[2].1 < 10_100, "one stat a message: {counts:?}");
}
