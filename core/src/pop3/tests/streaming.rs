//! Much to transmit, little to keep.

use super::*;
use crate::buffer::TRANSMIT_HIGH;

/// The most that may wait: what is high, one slice with every octet of it stuffed, and a line.
const MOST: usize = TRANSMIT_HIGH + 2 * 32 * 1024 + 256;

fn long_message(lines: usize) -> Vec<u8> {
    let mut message = b"Subject: long\r\n\r\n".to_vec();
    for line in 0..lines {
        message.extend_from_slice(format!(".{line:0>70}\r\n").as_bytes());
    }
    message
}

#[test]
fn a_long_message_is_never_held() {
    let message = long_message(20_000);
    let mut room = Room::entered(&[&message]);
    let reply = room.reply("RETR 1");
    let expected = String::from_utf8(message.clone()).expect("ASCII").replace("\r\n.", "\r\n..");
    assert_eq!(reply, format!("+OK {} octets\r\n{expected}.\r\n", message.len()));
    assert!(room.high <= MOST, "{}", room.high);
    assert!(room.host.asked.len() > 40);
}

#[test]
fn a_client_that_does_not_take_it_stops_the_reading() {
    let mut room = Room::entered(&[&long_message(20_000)]);
    room.server.handle_bytes(room.now, b"RETR 1\r\nNOOP\r\n");
    drain(room.now, &mut room.server, &mut room.host);
    assert_eq!(room.server.wants(), Wants::Nothing);
    assert!((TRANSMIT_HIGH..MOST).contains(&room.server.transmit().len()));
    let asked = room.host.asked.len();
    drain(room.now, &mut room.server, &mut room.host);
    assert_eq!(room.host.asked.len(), asked, "nothing more is asked for");
    room.settle();
    assert!(room.heard().ends_with("\r\n.\r\n+OK Nothing done\r\n"));
}

#[test]
fn a_slow_client_is_not_idle() {
    let mut room = Room::entered(&[&long_message(20_000)]);
    room.server.handle_bytes(room.now, b"RETR 1\r\n");
    for _ in 0..10 {
        drain(room.now, &mut room.server, &mut room.host);
        room.now = room.now + core::time::Duration::from_secs(500);
        room.server.handle_timeout(room.now);
        assert!(room.server.poll().is_none());
        assert!(!room.server.transmit().is_empty(), "still at it");
        room.server.transmitted(1000);
    }
    room.now = room.now + core::time::Duration::from_secs(600);
    room.server.handle_timeout(room.now);
    drain(room.now, &mut room.server, &mut room.host);
    assert_eq!(room.server.wants(), Wants::Close);
}

#[test]
fn a_long_listing_is_never_held() {
    let messages = vec![&b"x\r\n"[..]; 50_000];
    let mut room = Room::entered(&messages);
    for command in ["LIST", "UIDL"] {
        let reply = room.reply(command);
        assert_eq!(reply.lines().count(), 50_002);
        assert!(reply.ends_with("\r\n.\r\n"));
    }
    assert!(room.high <= MOST, "{}", room.high);
}

#[test]
fn many_commands_at_once() {
    let mut room = Room::entered(&[&long_message(2_000)]);
    room.say(&"RETR 1\r\nLIST\r\n".repeat(50));
    assert_eq!(room.heard().matches("\r\n.\r\n").count(), 100);
    assert!(room.high <= MOST, "{}", room.high);
}

#[test]
fn top_asks_for_no_more_than_it_needs() {
    let mut room = Room::entered(&[&long_message(20_000)]);
    let reply = room.reply("TOP 1 2");
    assert_eq!(reply.lines().count(), 1 + 2 + 2 + 1);
    assert_eq!(room.asked(), "read 0 0");
}

#[test]
fn a_message_that_cannot_be_read() {
    let cases = [
        (Refusal::Gone, "-ERR No such message\r\n"),
        (Refusal::Temporary, "-ERR [SYS/TEMP] Try again later\r\n"),
        (Refusal::Permanent, "-ERR [SYS/PERM] The maildrop cannot be read\r\n"),
    ];
    for (refusal, reply) in cases {
        let mut room = Room::entered(&[&long_message(2_000)]);
        room.host.unreadable = Some((0, refusal));
        assert_eq!(room.reply("RETR 1"), reply);
        assert_eq!(room.reply("TOP 1 1"), reply);
        assert_eq!(room.reply("NOOP"), "+OK Nothing done\r\n");
    }
}

#[test]
fn a_message_that_breaks_off_is_not_ended() {
    let mut room = Room::entered(&[&long_message(2_000)]);
    room.host.unreadable = Some((1, Refusal::Temporary));
    let reply = room.reply("RETR 1");
    assert!(reply.starts_with("+OK ") && !reply.ends_with("\r\n.\r\n"), "must not look whole");
    assert_eq!(
        (room.asked().as_str(), room.wants()),
        ("read 0 0; read 0 32768; close", Wants::Close)
    );
}

#[test]
fn a_host_that_gives_nothing_does_not_hang_the_session() {
    let mut room = Room::entered(&[b"x\r\n"]);
    room.server.handle_bytes(room.now, b"RETR 1\r\n");
    let Some(Output::Read { ticket, .. }) = room.server.poll() else { panic!("nothing asked") };
    room.server.handle(room.now, Input::Read { ticket, end: false });
    room.settle();
    assert_eq!(room.heard(), "-ERR [SYS/TEMP] Try again later\r\n");
}
