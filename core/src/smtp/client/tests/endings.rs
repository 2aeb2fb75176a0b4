//! Connections that end: too early, too late, or in nonsense.

use super::*;
use proptest::prelude::*;

/// What the server says by turns, with the stage in which the client then is.
const STAGES: [(&str, &str); 8] = [
    ("", "greeting"),
    ("220 hi\r\n", "EHLO"),
    ("250 mx\r\n", "MAIL"),
    ("250 OK\r\n", "RCPT"),
    ("250 OK\r\n", "DATA"),
    ("354 go\r\n", "end of content"),
    ("550 no\r\n", "QUIT"),
    ("221 bye\r\n", "over"),
];

/// A room in each of the stages, with one recipient and the wish to quit.
fn stages() -> impl Iterator<Item = (Room, &'static str)> {
    (1..=STAGES.len()).map(|count| {
        let mut room = Room::new(config(), Channel::Clear, b"x\r\n");
        room.tell(Input::Deliver(Box::new(envelope(&["bob@example.com"]))));
        room.tell(Input::Quit);
        for (reply, _) in &STAGES[..count] {
            room.hear(reply.as_bytes());
        }
        room.said();
        (room, STAGES[count - 1].1)
    })
}

/// Ends the connection in each stage, and returns what was told for each.
fn end_by(end: impl Fn(&mut Room), why: &str) {
    for (mut room, stage) in stages() {
        let before = room.told();
        end(&mut room);
        assert_eq!(room.client.wants(), Wants::Close, "{stage}");
        assert_eq!(room.client.poll_timeout(), None, "{stage}");
        let told = room.told();
        match stage {
            "over" => assert_eq!(told, ""),
            "QUIT" => assert_eq!(told, "closed"),
            _ => {
                let lines: Vec<&str> = told.lines().collect();
                let [recipient, "finished", closed] = lines[..] else { panic!("{told}") };
                let kind = if stage == "end of content" { "unknown" } else { "transient" };
                assert!(recipient.starts_with(&format!("0 ! {kind} 4.")), "{recipient}");
                assert!(recipient.ends_with(&format!(" {stage}: {why}")), "{recipient}");
                assert_eq!(closed, format!("closed: {stage}: {why}"));
            }
        }
        let all = format!("{before}\n{told}");
        assert_eq!(all.lines().filter(|line| line.starts_with("closed")).count(), 1);
    }
}

#[test]
fn the_server_goes_away() {
    end_by(Room::eof, "the connection was lost");
}

#[test]
fn the_server_goes_away_in_the_middle_of_a_reply() {
    end_by(
        |room| {
            room.hear(b"250-x\r\n250");
            room.eof();
        },
        "the connection was lost",
    );
}

#[test]
fn garbage() {
    end_by(|room| room.hear(b"HTTP/1.1 400 Bad Request\r\n"), "what the server sent is no reply");
}

#[test]
fn endless_replies() {
    end_by(|room| room.hear("250-x\r\n".repeat(100).as_bytes()), "the reply is too long");
    end_by(|room| room.hear(&[b'2'; 3000]), "the reply is too long");
}

#[test]
fn nonsense() {
    for (mut room, stage) in stages().take(6) {
        if stage != "DATA" {
            room.hear(b"354 go ahead\r\n");
            let told = room.told();
            assert!(told.contains("the reply makes no sense: 354 go ahead"), "{stage}: {told}");
        }
    }
}

#[test]
fn too_late() {
    let seconds = [300, 300, 300, 300, 120, 600, 300];
    for ((mut room, stage), seconds) in stages().zip(seconds) {
        room.wait(seconds - 1);
        assert_ne!(room.client.wants(), Wants::Close, "{stage}");
    }
    end_by(|room| room.wait(600), "the server took too long");
}

#[test]
fn half_a_reply_does_not_buy_time() {
    let (mut room, _) = stages().nth(2).expect("MAIL");
    room.wait(299);
    room.hear(b"250-wait\r\n");
    room.wait(1);
    assert_eq!(room.client.wants(), Wants::Close);
}

#[test]
fn time_out_of_a_block() {
    let mut room = Room::new(config(), Channel::Clear, &[b'x'; 100]);
    room.tell(Input::Deliver(Box::new(envelope(&["bob@example.com"]))));
    for reply in &STAGES[1..5] {
        room.hear(reply.0.as_bytes());
    }
    room.told();
    room.client.handle_bytes(room.now, b"354 go\r\n");
    // What is not written was not the end.
    drain(room.now, &mut room.client, &mut room.host);
    room.now = room.now + Duration::from_secs(180);
    room.client.handle_timeout(room.now);
    drain(room.now, &mut room.client, &mut room.host);
    assert!(room.told().starts_with("0 ! transient 4.4.2 content: the server took too long\n"));
}

#[test]
fn the_host_may_take_its_time() {
    let mut room = Room::new(config(), Channel::Clear, b"x");
    room.tell(Input::Deliver(Box::new(envelope(&["bob@example.com"]))));
    for reply in &STAGES[1..5] {
        room.hear(reply.0.as_bytes());
    }
    room.client.handle_bytes(room.now, b"354 go\r\n");
    let Some(Output::Content { ticket, .. }) = core::iter::from_fn(|| room.client.poll())
        .find(|output| matches!(output, Output::Content { .. }))
    else {
        panic!("content is wanted")
    };
    assert_eq!(room.client.poll_timeout(), None);
    room.wait(100_000);
    room.client.handle_content(room.now, ticket, b"x");
    room.tell(Input::Content { ticket, end: true });
    room.hear(b"250 OK\r\n");
    assert!(room.told().contains("0 = 250 OK"));
}

#[test]
fn a_server_that_has_seen_enough() {
    let mut room = Room::new(config(), Channel::Clear, b"x");
    room.tell(Input::Deliver(Box::new(envelope(&["bob@example.com"]))));
    for reply in &STAGES[1..5] {
        room.hear(reply.0.as_bytes());
    }
    room.told();
    room.client.handle_bytes(room.now, b"354 go\r\n");
    while room.client.poll().is_some() {}
    room.hear(b"552 5.3.4 Too large\r\n");
    let failure = "content: 552 5.3.4 Too large";
    let told = format!("0 ! permanent 5.3.4 {failure}\nfinished\nclosed: {failure}");
    assert_eq!(room.told(), told);
    assert_eq!(room.client.wants(), Wants::Close);
}

#[test]
fn an_answer_to_what_was_not_sent() {
    let mut room = Room::new(config(), Channel::Clear, b"x");
    room.tell(Input::Deliver(Box::new(envelope(&["bob@example.com"]))));
    for reply in &STAGES[1..5] {
        room.hear(reply.0.as_bytes());
    }
    room.told();
    room.client.handle_bytes(room.now, b"354 go\r\n250 OK\r\n");
    drain(room.now, &mut room.client, &mut room.host);
    assert_eq!(room.told(), "");
    room.client.handle_eof(room.now);
    drain(room.now, &mut room.client, &mut room.host);
    let failure = "content: the reply makes no sense: 250 OK";
    let told = format!("0 ! transient 4.5.0 {failure}\nfinished\nclosed: {failure}");
    assert_eq!(room.told(), told);
}

#[test]
fn a_server_that_only_talks_is_not_listened_to() {
    let mut room = Room::new(config(), Channel::Clear, b"x");
    room.tell(Input::Deliver(Box::new(envelope(&["bob@example.com"]))));
    for reply in &STAGES[1..5] {
        room.hear(reply.0.as_bytes());
    }
    room.client.handle_bytes(room.now, b"354 go\r\n");
    drain(room.now, &mut room.client, &mut room.host);
    let mut taken = 0;
    while room.client.wants() == Wants::Read {
        room.client.handle_bytes(room.now, &b"250 OK\r\n".repeat(100));
        drain(room.now, &mut room.client, &mut room.host);
        taken += 800;
        assert!(taken < 10_000);
    }
    assert_eq!(room.client.wants(), Wants::Nothing);
    room.settle();
    assert!(room.told().contains("0 = 250 OK"));
}

#[test]
fn a_farewell_at_any_time() {
    for (mut room, stage) in stages().take(6) {
        room.hear(b"421 4.3.2 Shutting down\r\n");
        let told = room.told();
        let failure = format!("{stage}: 421 4.3.2 Shutting down");
        assert!(told.contains(&format!("0 ! transient 4.3.2 {failure}\nfinished\n")), "{told}");
        assert!(told.ends_with(&format!("closed: {failure}")), "{told}");
        assert_eq!(room.client.wants(), Wants::Close);
    }
}

#[test]
fn a_farewell_between_transactions() {
    let mut room = Room::new(config(), Channel::Clear, b"x");
    room.hear(b"220 hi\r\n");
    room.hear(b"250 mx\r\n");
    assert_eq!(room.client.poll_timeout(), None);
    room.hear(b"421 4.4.2 Idle too long\r\n");
    let closed = "closed: between transactions: 421 4.4.2 Idle too long";
    assert_eq!(room.told(), format!("connected\nready\n{closed}"));
    room.tell(Input::Deliver(Box::new(envelope(&["bob@example.com"]))));
    assert_eq!(room.told(), "0 ! transient 4.4.2 QUIT: the connection was lost\nfinished");
}

#[test]
fn shutdown() {
    for (mut room, stage) in stages() {
        room.client.handle_shutdown(room.now);
        room.settle();
        let told = room.told();
        match stage {
            "greeting" | "EHLO" => {
                let failure = format!("{stage}: the client is shutting down");
                assert!(told.ends_with(&format!("finished\nclosed: {failure}")), "{told}");
            }
            "over" => assert!(told.ends_with("closed")),
            _ => assert_eq!(room.client.wants(), Wants::Read, "{stage}: finish what is under way"),
        }
    }
    let mut room = Room::new(config(), Channel::Clear, b"x\r\n");
    room.tell(Input::Deliver(Box::new(envelope(&["bob@example.com"]))));
    room.tell(Input::Deliver(Box::new(envelope(&["carol@example.com"]))));
    for reply in &STAGES[1..4] {
        room.hear(reply.0.as_bytes());
    }
    room.client.handle_shutdown(room.now);
    room.settle();
    room.said();
    room.hear(b"250 OK\r\n");
    room.hear(b"354 go\r\n");
    room.hear(b"250 OK\r\n");
    assert!(room.said().ends_with("QUIT\r\n"));
    let told = room.told();
    let carol = "0 ! transient 4.3.2 between transactions: the client is shutting down";
    assert!(told.ends_with(&format!("0 = 250 OK\nfinished\n{carol}\nfinished")), "{told}");
}

/// What servers say and hear well, line by line.
const LINES: [&str; 24] = [
    "220 hi\r\n",
    "250 mx\r\n",
    "250-mx\r\n250-PIPELINING\r\n250 AUTH PLAIN\r\n",
    "250-mx\r\n250-CHUNKING\r\n250-SIZE 10\r\n250 AUTH LOGIN\r\n",
    "250-mx\r\n250-LIMITS RCPTMAX=1\r\n250 AUTH SCRAM-SHA-256\r\n",
    "235 2.7.0 Yes\r\n",
    "334 \r\n",
    "334 dXNlcg==\r\n",
    "250 OK\r\n",
    "250 OK\r\n",
    "250 OK\r\n",
    "250 OK\r\n",
    "354 go\r\n",
    "354 go\r\n",
    "221 bye\r\n",
    "421 bye\r\n",
    "450 later\r\n",
    "550 5.1.1 no\r\n",
    "552 no\r\n",
    "250-\r\n",
    "250\n",
    "\r\n",
    "250 \0\r",
    "999 x\r\n",
];

/// A dialogue as it should be, with some lines put in another's place or between.
fn dialogue() -> impl Strategy<Value = Vec<&'static str>> {
    let hello = prop::sample::select(LINES[2..5].to_vec());
    let edits = prop::collection::vec((0usize..20, 0..LINES.len(), any::<bool>()), 0..5);
    (hello, edits).prop_map(|(hello, edits)| {
        let mut lines = vec![LINES[0], hello, "235 yes\r\n"];
        for _ in 0..2 {
            lines.extend(["250 OK\r\n", "250 OK\r\n", "250 OK\r\n", "354 go\r\n", "250 OK\r\n"]);
        }
        lines.push("221 bye\r\n");
        for (at, line, replace) in edits {
            let at = at.min(lines.len() - 1);
            if replace {
                lines[at] = LINES[line];
            } else {
                lines.insert(at, LINES[line]);
            }
        }
        lines
    })
}

/// Everything that a client says and tells when a server says `wire` in pieces and hangs up.
fn survive(wire: &[u8], cuts: &[usize], protocol: Protocol) -> (Vec<u8>, String) {
    let config = Config { protocol, ..config().with_credentials(tim()) };
    let mut room = Room::new(config, Channel::Confidential, b"one\r\n.two\r\n");
    room.tell(Input::Deliver(Box::new(envelope(&["bob@example.com", "carol@example.com"]))));
    room.tell(Input::Deliver(Box::new(envelope(&["dave@example.com"]))));
    room.tell(Input::Quit);
    let mut rest = wire;
    for cut in cuts {
        let (piece, after) = rest.split_at((*cut).min(rest.len()));
        room.hear(piece);
        rest = after;
    }
    room.hear(rest);
    room.eof();
    assert_eq!(room.client.wants(), Wants::Close);
    assert!(room.client.poll().is_none());
    (mem::take(&mut room.wire), room.told())
}

/// Holds `wire` against a client in one piece, in `cuts` and octet by octet.
fn survive_all(wire: &[u8], cuts: &[usize], protocol: Protocol) -> Result<(), TestCaseError> {
    let whole = survive(wire, &[], protocol);
    prop_assert_eq!(&whole, &survive(wire, cuts, protocol));
    prop_assert_eq!(&whole, &survive(wire, &vec![1; wire.len()], protocol));
    // Each recipient is reported once, then each transaction, then the end.
    let told = whole.1;
    let count = |start: &str| told.lines().filter(|line| line.starts_with(start)).count();
    prop_assert_eq!((count("0 "), count("1 "), count("finished"), count("closed")), (2, 1, 2, 1));
    prop_assert!(told.lines().last().is_some_and(|line| line.starts_with("closed")));
    Ok(())
}

fn protocol() -> impl Strategy<Value = Protocol> {
    prop::sample::select(vec![Protocol::Smtp, Protocol::Lmtp])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whatever_a_server_says(
        lines in dialogue(),
        cuts in prop::collection::vec(0usize..20, 0..40),
        protocol in protocol(),
    ) {
        survive_all(lines.concat().as_bytes(), &cuts, protocol)?;
    }

    #[test]
    fn octets_at_random(
        known in 0usize..13,
        octets in prop::collection::vec(any::<u8>(), 0..200),
        cuts in prop::collection::vec(0usize..20, 0..40),
        protocol in protocol(),
    ) {
        let start = String::from(LINES[0]) + LINES[2] + "235 yes\r\n" + &"250 OK\r\n".repeat(10);
        let start = start.split_inclusive('\n').take(known).collect::<String>();
        survive_all(&[start.as_bytes(), &octets].concat(), &cuts, protocol)?;
    }
}
