//! `maildir-names`: the files of many programs in a Maildir++, listed, read and flagged.

use std::path::PathBuf;

use postroad_core::entropy::Entropy;
use postroad_core::limits::Limits;
use postroad_core::machine::Instant;
use postroad_core::store::{
    Access, Account, Answer, FlagAction, Flags, MailboxName, Request, Store, Uid, UidSet,
};
use postroad_store_maildir::{Maildirs, Options, Session};

use crate::suite::Suite;

const NOW: Instant = Instant::from_seconds(2_000_000_000);

#[test]
fn maildir_names() {
    let Some(mut suite) = Suite::open("maildir-names") else { return };
    let paths = suite.text("tree.txt");
    let folder =
        std::env::temp_dir().join(format!("postroad-maildir-names-{}", std::process::id()));
    for (index, path) in paths.lines().filter(|line| !line.is_empty()).enumerate() {
        let root = folder.join(index.to_string());
        suite.case(path, judge(root, path));
    }
    std::fs::remove_dir_all(folder).expect("our own folder");
    suite.finish();
}

/// Puts one file of this name into an account and looks at it through the store: the mailbox is
/// there, the message has the flags of its letters, and one flag more or less leaves all else in the name.
fn judge(root: PathBuf, path: &str) -> Result<(), String> {
    let account = Account::parse("alice@example.org").expect("an account");
    let home = root.join("example.org/alice");
    let file = home.join(path);
    let kind = file.parent().expect("a folder");
    for part in ["cur", "new", "tmp"] {
        std::fs::create_dir_all(kind.parent().expect("a maildir").join(part)).expect("a folder");
        std::fs::create_dir_all(home.join(part)).expect("a folder");
    }
    std::fs::write(&file, "x\n").expect("a file");
    let (first, name) = path.rsplit_once('/').expect("a path");
    let mailbox = first.rsplit_once('/').map_or("INBOX", |(mailbox, _)| &mailbox[1..]);
    let mailbox = MailboxName::parse(mailbox, &Limits::DEFAULT).map_err(|e| e.to_string())?;
    let entropy = Entropy::from_seed([3; 32]);
    let maildirs = Maildirs::new(root, entropy, Options::new("mx.example.org"));
    let mut session = maildirs.session();
    let open = Request::Open { account, mailbox, access: Access::ReadWrite };
    let Answer::Opened(opened) = ask(&mut session, open) else {
        return Err("the mailbox can't be opened".into());
    };
    let entries: Vec<_> = opened.messages.iter().copied().collect();
    let [entry] = entries[..] else {
        return Err(format!("{} messages", entries.len()));
    };
    let (base, letters) = name.rsplit_once(";2,").expect("info");
    let expected = flags(letters);
    let actual = entry.flags - Flags::RECENT;
    if actual != expected {
        return Err(format!("{letters} means {actual:?}"));
    }
    if entry.size != 3 {
        return Err(format!("{} octets with CRLF", entry.size));
    }
    let answer = ask(
        &mut session,
        Request::SetFlags {
            unchanged_since: None,
            uids: UidSet::range(Uid::MIN, Uid::MAX),
            action: if expected.contains(Flags::SEEN) {
                FlagAction::Remove
            } else {
                FlagAction::Add
            },
            flags: Flags::SEEN,
            keywords: Vec::new(),
        },
    );
    if !matches!(&answer, Answer::Stored { snapshot, .. } if snapshot.messages.len() == 1) {
        return Err(format!("flagged: {answer:?}"));
    }
    let others = letters.chars().filter(|letter| *letter != 'S');
    let mut letters: Vec<char> = others.chain((!letters.contains('S')).then_some('S')).collect();
    letters.sort_unstable();
    letters.dedup();
    let letters: String = letters.into_iter().collect();
    let renamed = kind.parent().expect("a maildir").join(format!("cur/{base};2,{letters}"));
    if renamed.is_file() { Ok(()) } else { Err(format!("not renamed to {}", renamed.display())) }
}

fn ask(session: &mut Session, request: Request) -> Answer {
    session.perform(NOW, request, b"", &mut Vec::new())
}

/// The flags of the letters that Maildir defines; keyword letters mean nothing without a table.
fn flags(letters: &str) -> Flags {
    let flag = |letter| match letter {
        'D' => Flags::DRAFT,
        'F' => Flags::FLAGGED,
        'R' => Flags::ANSWERED,
        'S' => Flags::SEEN,
        'T' => Flags::DELETED,
        _ => Flags::NONE,
    };
    letters.chars().map(flag).fold(Flags::NONE, |all, one| all | one)
}
