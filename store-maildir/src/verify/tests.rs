use super::*;
use crate::tests::Folder;
use postroad_core::store::suite::{Desk, account};
use postroad_core::store::{Allowance, Allowances, Flags, Request};
use std::fs;

fn verify(folder: &Folder, repair: bool) -> (u64, Vec<(String, Problem, bool)>) {
    let root = folder.scratch.path().join("example.org/alice");
    let mut found = Vec::new();
    let now = Instant::from_seconds(2_000_000_000);
    let count = folder.maildirs.verify(now, &account(), repair, &mut |finding: Finding| {
        let path = finding.path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
        found.push((path, finding.problem, finding.repaired));
    });
    found.sort_by(|one, two| one.0.cmp(&two.0));
    (count.unwrap(), found)
}

#[test]
fn a_whole_account_is_whole() {
    let folder = Folder::new();
    let mut desk = Desk::new(&folder);
    desk.create("a");
    desk.deliver("Q1", b"one\n");
    desk.append("a", Flags::NONE, b"two\r\n");
    desk.open("INBOX");
    assert_eq!(verify(&folder, false), (2, Vec::new()));
}

#[test]
fn what_is_damaged_is_found_and_what_is_cache_is_repaired() {
    let folder = Folder::new();
    folder
        .maildirs
        .set_allowances(Allowances::new(Allowance { octets: Some(1_000), messages: None }));
    let mut desk = Desk::new(&folder);
    desk.create("a");
    desk.deliver("Q1", b"one\r\n");
    desk.done(Request::Room { account: account(), octets: 1 });
    let root = folder.scratch.path().join("example.org/alice");
    let write = |name: &str, text: &str| fs::write(root.join(name), text).unwrap();
    let close = |name: &str| {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(root.join(name), fs::Permissions::from_mode(0o600)).unwrap();
    };
    write("cur/1.a.host,S=3,W=9:2,", "abcd");
    write("cur/2.b.host:2,", "x");
    write("new/2.b.host", "y");
    write("new/3.c.host", "z");
    write("tmp/old", "x");
    for name in ["cur/1.a.host,S=3,W=9:2,", "cur/2.b.host:2,", "new/2.b.host"] {
        close(name);
    }
    fs::remove_dir(root.join(".a/new")).unwrap();
    write(".a/postroad-uids", "something else\n");
    let expected = |repaired| {
        let told = Some((5, 1));
        vec![
            (".a/new", Problem::MissingFolder, repaired),
            (".a/postroad-uids", Problem::NoMap, false),
            ("cur/1.a.host,S=3,W=9:2,", Problem::WrongSize { told: 3, found: 4 }, false),
            ("cur/1.a.host,S=3,W=9:2,", Problem::WrongSize { told: 9, found: 4 }, false),
            ("cur/2.b.host:2,", Problem::Twin, false),
            ("maildirsize", Problem::WrongSums { told, found: (11, 5) }, repaired),
            ("new/3.c.host", Problem::OpenToOthers(0o644), false),
            ("tmp/old", Problem::LeftOver, repaired),
        ]
    };
    for repair in [false, true] {
        let (count, found) = verify(&folder, repair);
        let found: Vec<_> =
            found.iter().map(|(path, it, done)| (&**path, it.clone(), *done)).collect();
        assert_eq!((count, found), (4, expected(repair)));
    }
    let (_, left) = verify(&folder, true);
    assert!(left.iter().all(|(_, _, repaired)| !repaired));
}
