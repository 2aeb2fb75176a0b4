//! The agent against this crate's own servers.

use super::*;
use crate::role::mta::Inbound;
use crate::store::{Access, MailboxName, Memory, Store, memory};
use proptest::prelude::*;

/// The other system: a transfer agent with mailboxes in memory.
struct Far {
    agent: Inbound,
    store: Keeper,
}

struct Keeper(memory::Session);

impl Host<Inbound> for Keeper {
    fn perform(&mut self, now: Instant, agent: &mut Inbound, effect: Effect) {
        if let Effect::Store { ticket, request } = effect {
            let mut octets = Vec::new();
            let answer = self.0.perform(now, request, agent.content(), &mut octets);
            agent.handle(now, Input::Store { ticket, answer });
        }
    }
}

impl Far {
    fn new(extensions: Option<&[&str]>) -> (Self, memory::Session) {
        let mut config = config::Config {
            hostname: "mx.example.net".into(),
            domains: vec!["example.net".into()],
            ..Default::default()
        };
        config.smtp.extensions =
            extensions.map(|lines| lines.iter().map(ToString::to_string).collect());
        let mut site = Site::new(config, [7; 32]).unwrap();
        for user in ["bob@example.net", "carol@example.net"] {
            let user = store::Account::parse(user).unwrap();
            site.directory.add_user(user, role::directory::User::default());
        }
        let peer = role::Peer::Host([192, 0, 2, 7].into());
        let entropy = Entropy::from_seed([8; 32]);
        let memory = Memory::new(crate::limits::Limits::default());
        let agent = Inbound::new(NOW, Arc::new(site), peer, entropy);
        (Self { agent, store: Keeper(memory.session()) }, memory.session())
    }
}

/// Carries octets between the two, at most `piece` at a time, until neither has any to send.
fn pump(near: &mut Room, far: &mut Far, piece: usize) {
    loop {
        drain(NOW, &mut far.agent, &mut far.store);
        drain(NOW, &mut near.agent, &mut near.world);
        let count = far.agent.transmit().len().min(piece);
        if count > 0 && near.agent.wants() == Wants::Read {
            near.agent.handle_bytes(NOW, &far.agent.transmit()[..count]);
            far.agent.transmitted(count);
            continue;
        }
        let count = near.agent.transmit().len().min(piece);
        if count == 0 || far.agent.wants() != Wants::Read {
            return;
        }
        far.agent.handle_bytes(NOW, &near.agent.transmit()[..count]);
        near.agent.transmitted(count);
    }
}

/// The messages of an INBOX, without the fields that the far agent put in front.
fn inbox(store: &mut memory::Session, name: &str) -> Vec<Vec<u8>> {
    let mut octets = Vec::new();
    let account = store::Account::parse(name).unwrap();
    let (mailbox, access) = (MailboxName::inbox(), Access::ReadOnly);
    let open = store::Request::Open { account, mailbox, access };
    let store::Answer::Opened(opened) = store.perform(NOW, open, &[], &mut octets) else {
        return Vec::new();
    };
    let mut read = |uid| {
        let request = store::Request::Read { uid, offset: 0, length: usize::MAX };
        store.perform(NOW, request, &[], &mut octets);
        let start = memchr::memmem::find(&octets, b"X-Test: ").unwrap();
        octets[start..].to_vec()
    };
    opened.messages.iter().map(|entry| read(entry.uid)).collect()
}

/// Two messages of `content` to Bob, Carol and somebody unknown.
fn exchange(extensions: Option<&[&str]>, content: &[u8], piece: usize) {
    let to = ["<bob@example.net>", "<nobody@example.net>", "<carol@example.net>"];
    let mut dialogue = Dialogue::to(&to);
    dialogue.content = content.to_vec();
    dialogue.entries.iter_mut().for_each(|entry| entry.size = content.len() as u64);
    let mut near = dialogue.start();
    let (mut far, mut store) = Far::new(extensions);
    pump(&mut near, &mut far, piece);
    near.agent.handle(NOW, Input::Carry(carry(2)));
    pump(&mut near, &mut far, piece);
    near.agent.handle(NOW, Input::Quit);
    pump(&mut near, &mut far, piece);
    let told = near.world.told.join("\n");
    assert!(told.contains("note [1] failed 5.1.1"), "{told}");
    assert!(told.contains("note [0, 2] ") && told.ends_with("Gone\nclosed"), "{told}");
    assert_eq!((near.agent.wants(), far.agent.wants()), (Wants::Close, Wants::Close));
    assert_eq!(inbox(&mut store, "bob@example.net"), vec![content.to_vec(); 2]);
    assert_eq!(inbox(&mut store, "carol@example.net"), vec![content.to_vec()]);
}

#[test]
fn every_way_of_speaking() {
    let content = b"X-Test: 1\r\n\r\n.\r\n..\r\nx\r\n".to_vec();
    let all: [Option<&[&str]>; 4] =
        [None, Some(&[]), Some(&["PIPELINING", "SIZE", "DSN"]), Some(&["CHUNKING", "LIMITS"])];
    for extensions in all {
        for piece in [1, 2, 7, usize::MAX] {
            exchange(extensions, &content, piece);
        }
    }
}

#[test]
fn more_than_any_buffer_holds() {
    let line = [&[b'.'; 76][..], b"\r\n"].concat();
    let content = [b"X-Test: 1\r\n\r\n".to_vec(), line.repeat(3_000)].concat();
    exchange(None, &content, 10_000);
    exchange(Some(&["PIPELINING"]), &content, 10_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_server_makes_it_panic_or_leave_without_a_word(
        sane in 0usize..8,
        replies in proptest::collection::vec(
            "(220|250|250-|354|421|450|452|550|552|200|999)?( [245][.][0-9][.][0-9])?[ -~]{0,9}(\r\n){0,2}",
            0..30,
        ),
        piece in 1usize..9,
        slow in any::<bool>(),
    ) {
        let mut dialogue = Dialogue::to(&["<bob@example.net>", "<carol@example.net>"]);
        dialogue.slow = slow;
        let mut room = dialogue.start();
        let opening = ["220 hi\r\n", "250 mx\r\n", OK, OK, OK, GO, OK];
        let sane = opening.into_iter().take(sane);
        for reply in sane.chain(replies.iter().map(String::as_str)) {
            reply.as_bytes().chunks(piece).for_each(|bytes| room.hear(bytes));
            if room.world.waiting.as_ref().is_some_and(|it| !it.is_empty()) {
                room.happen("<answer>");
            }
        }
        if room.agent.wants() != Wants::Close {
            room.happen("<eof>");
        }
        while room.world.waiting.as_ref().is_some_and(|it| !it.is_empty()) {
            room.happen("<answer>");
        }
        prop_assert_eq!(room.agent.wants(), Wants::Close);
        let told = room.world.told;
        let is_end = |it: &&String| ["closed", "failed"].iter().any(|end| it.starts_with(end));
        prop_assert_eq!(told.iter().filter(is_end).count(), 1, "{:?}", told);
        prop_assert!(told.iter().filter(|it| it.starts_with("carried")).count() <= 1);
        prop_assert!(told.last().is_some_and(|it| is_end(&it)));
        let carried = told.iter().any(|it| it.starts_with("carried"));
        prop_assert!(carried || told.len() == 1 || told[0].contains("relayed"), "{:?}", told);
    }
}
