//! Commands, read and written.

use alloc::string::ToString as _;
use proptest::prelude::*;

use crate::pop3::{Command, Invalid};

#[test]
fn commands() {
    let auth = |mechanism: Option<&str>, initial: Option<&str>| Command::Auth {
        mechanism: mechanism.map(Into::into),
        initial: initial.map(|initial| alloc::string::String::from(initial).into()),
    };
    let pass = |word: &str| Command::Pass(alloc::string::String::from(word).into());
    let good = [
        ("USER tim", Command::User("tim".into())),
        ("user  tim tom ", Command::User("tim tom".into())),
        ("USER j\u{f6}rg", Command::User("j\u{f6}rg".into())),
        ("PASS x", pass("x")),
        ("PASS  two  words ", pass(" two  words ")),
        ("PASS", pass("")),
        ("AUTH", auth(None, None)),
        ("auth plain", auth(Some("plain"), None)),
        ("AUTH PLAIN =", auth(Some("PLAIN"), Some("="))),
        ("CAPA", Command::Capa),
        ("CAPA ", Command::Capa),
        ("STLS", Command::Stls),
        ("UTF8", Command::Utf8),
        ("LANG", Command::Lang(None)),
        ("LANG *", Command::Lang(Some("*".into()))),
        ("QUIT", Command::Quit),
        ("qUiT", Command::Quit),
        ("STAT", Command::Stat),
        ("LIST", Command::List(None)),
        ("LIST 1", Command::List(Some(1))),
        ("LIST 0", Command::List(Some(0))),
        ("LIST 007", Command::List(Some(7))),
        ("RETR 4294967295", Command::Retr(u32::MAX)),
        ("RETR 4294967296", Command::Retr(u32::MAX)),
        ("DELE 99999999999999999999999999", Command::Dele(u32::MAX)),
        ("NOOP", Command::Noop),
        ("RSET", Command::Rset),
        ("TOP 1 0", Command::Top { message: 1, lines: 0 }),
        ("UIDL", Command::Uidl(None)),
        ("UIDL 3", Command::Uidl(Some(3))),
    ];
    for (line, command) in good {
        assert_eq!(Command::parse(line.as_bytes()), Ok(command), "{line}");
    }
}

#[test]
fn lines_that_are_no_commands() {
    for line in ["", " ", "X", "QUITT", "APOP tim c4c9", "HELO x", " NOOP", "RETR1", "\u{17f}TAT"] {
        assert_eq!(Command::parse(line.as_bytes()), Err(Invalid::Unknown), "{line}");
    }
    for line in [
        "USER",
        "USER ",
        "QUIT 1",
        "STAT x",
        "LIST x",
        "LIST -1",
        "LIST +1",
        "LIST 1 2",
        "LIST 1x",
        "RETR",
        "RETR \u{661}",
        "DELE 1 2",
        "TOP",
        "TOP 1",
        "TOP 1 2 3",
        "TOP x 1",
        "TOP 1 -1",
        "AUTH A B C",
        "LANG en de",
        "NOOP\t",
        "US\0ER tim",
        "USER t\u{7}",
        "RSET \r",
        "PASS \0",
    ] {
        assert_eq!(Command::parse(line.as_bytes()), Err(Invalid::Arguments), "{line}");
    }
    assert_eq!(Command::parse(b"USER \xff"), Err(Invalid::Arguments));
}

#[test]
fn passwords_are_not_shown() {
    for line in [&b"PASS tanstaaf"[..], b"AUTH PLAIN dGFuc3RhYWY="] {
        let shown = alloc::format!("{:?}", Command::parse(line));
        assert!(shown.contains("[redacted]"), "{shown}");
        assert!(!shown.contains("tanstaaf") && !shown.contains("dGFu"), "{shown}");
    }
}

fn any_command() -> impl Strategy<Value = Command> {
    prop_oneof![
        "[!-~]{1,10}( [!-~]{1,5})?".prop_map(Command::User),
        "[ -~]{0,20}".prop_map(|word| Command::Pass(word.into())),
        ("[A-Z0-9-]{1,20}", prop::option::of("[A-Za-z0-9+/=]{1,20}")).prop_map(
            |(name, initial)| {
                Command::Auth { mechanism: Some(name), initial: initial.map(Into::into) }
            }
        ),
        prop::option::of("[a-z*-]{1,9}").prop_map(Command::Lang),
        any::<Option<u32>>().prop_map(Command::List),
        any::<Option<u32>>().prop_map(Command::Uidl),
        any::<u32>().prop_map(Command::Retr),
        any::<u32>().prop_map(Command::Dele),
        any::<(u32, u32)>().prop_map(|(message, lines)| Command::Top { message, lines }),
        prop::sample::select(alloc::vec![
            Command::Auth { mechanism: None, initial: None },
            Command::Capa,
            Command::Stls,
            Command::Utf8,
            Command::Quit,
            Command::Stat,
            Command::Noop,
            Command::Rset,
        ]),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read(command in any_command()) {
        prop_assert_eq!(Command::parse(command.to_string().as_bytes()), Ok(command));
    }

    #[test]
    fn no_line_makes_the_parser_panic(line in prop::collection::vec(any::<u8>(), 0..60)) {
        let _ = Command::parse(&line);
    }

    #[test]
    fn what_is_read_is_written_alike(
        line in "(USER|PASS|AUTH|LIST|TOP|LANG|UIDL|RETR)( {0,2}[0-9a-z]{0,3}){0,3}"
    ) {
        if let Ok(command) = Command::parse(line.as_bytes()) {
            prop_assert_eq!(Command::parse(command.to_string().as_bytes()), Ok(command));
        }
    }
}
