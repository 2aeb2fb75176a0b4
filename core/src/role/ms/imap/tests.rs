use super::*;
use crate::role::directory::User;
use crate::role::{Check, Verdict, config};
use crate::secret::Secret;
use crate::store::{Account, Memory, Store as _};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

const NOW: Instant = Instant::from_seconds(1_700_000_000);

fn site() -> Arc<Site> {
    let config = config::Config {
        domains: Vec::from(["example.org".to_string()]),
        auth: config::Auth { cleartext: config::Cleartext::Loopback },
        ..config::Config::default()
    };
    let mut site = Site::new(config, [7; 32]).unwrap();
    let alice = Account::parse("alice@example.org").unwrap();
    let user = User {
        password: Some(Secret::new("hash".to_string())),
        scram: None,
        quota: Default::default(),
    };
    site.directory.add_user(alice, user);
    site.into()
}

/// What the role transmits and reports; `alice` and `sesame` are right.
fn converse(said: &str) -> (String, Vec<String>) {
    let site = site();
    let memory = Memory::new(site.config.limits.clone());
    let mut store = memory.session();
    let mut imap = Imap::new(NOW, site, Peer::Socket, Entropy::from_seed([7; 32]));
    imap.handle_bytes(NOW, said.as_bytes());
    let (mut octets, mut reports) = (Vec::new(), Vec::new());
    while let Some(effect) = imap.poll() {
        match effect {
            Effect::Store { ticket, request } => {
                let answer = store.perform(NOW, request, imap.content(), &mut octets);
                imap.handle_content(NOW, ticket, &octets);
                imap.handle(NOW, Input::Store { ticket, answer });
            }
            Effect::Authenticate { ticket, check } => {
                let Check::Password { password, hash } = check else { panic!("{check:?}") };
                let is_right = password.expose() == "sesame" && hash.expose() == "hash";
                let verdict = if is_right { Verdict::Accepted } else { Verdict::Rejected };
                imap.handle(NOW, Input::Authenticated { ticket, verdict });
            }
            Effect::Spool { .. } | Effect::Queue(_) => {}
            Effect::Report(report) => reports.push(report.to_string()),
        }
    }
    (String::from_utf8(imap.transmit().to_vec()).unwrap(), reports)
}

#[test]
fn a_login_opens_the_accounts_own_mailboxes() {
    let (heard, reports) = converse(
        "a LOGIN alice sesame\r\nb APPEND INBOX {3+}\r\nabc\r\nc SELECT INBOX\r\nd LOGOUT\r\n",
    );
    assert!(heard.contains("* 1 EXISTS\r\n"), "{heard}");
    assert!(heard.ends_with("* BYE Logging out\r\nd OK LOGOUT completed\r\n"), "{heard}");
    let login = "login account=alice@example.org mechanism=LOGIN protocol=imap peer=socket";
    let logout =
        "logout account=alice@example.org reason=\"Logging out\" protocol=imap peer=socket";
    assert_eq!(reports, [login, logout]);
}

#[test]
fn users_that_do_not_exist_are_told_apart_by_nothing() {
    for login in ["alice wrong", "bob sesame", "bob@elsewhere.example sesame"] {
        let (_, reports) = converse(&alloc::format!("a LOGIN {login}\r\n"));
        let failed = "login-failed mechanism=LOGIN reason=\"authentication failed\" protocol=imap peer=socket";
        assert_eq!(reports, [failed]);
    }
}
