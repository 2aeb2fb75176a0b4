//! The TRANSACTION and UPDATE states.

use super::*;

const ONE: &[u8] = b"Subject: one\r\n\r\n.dot\r\nlast\r\n";
const TWO: &[u8] = b"Subject: two\r\n\r\n";

#[test]
fn a_session_as_in_rfc_1939() {
    let mut room = Room::new(Channel::Confidential, &[ONE, TWO]);
    let dialogue = [
        ("", "+OK mx.example.com POP3 server ready\r\n"),
        ("USER tim\r\n", "+OK Send the password\r\n"),
        ("PASS tanstaaf\r\n", "+OK The maildrop has 2 messages (44 octets)\r\n"),
        ("STAT\r\n", "+OK 2 44\r\n"),
        ("LIST\r\n", "+OK 2 messages (44 octets)\r\n1 28\r\n2 16\r\n.\r\n"),
        ("RETR 1\r\n", "+OK 28 octets\r\nSubject: one\r\n\r\n..dot\r\nlast\r\n.\r\n"),
        ("DELE 1\r\n", "+OK Message 1 deleted\r\n"),
        ("RETR 2\r\n", "+OK 16 octets\r\nSubject: two\r\n\r\n.\r\n"),
        ("QUIT\r\n", "+OK Bye\r\n"),
    ];
    for (line, reply) in dialogue {
        room.say(line);
        assert_eq!(room.heard(), reply, "{line}");
    }
    assert_eq!(room.wants(), Wants::Close);
    let asked = "open tim; read 0 0; read 1 0; remove [0]; close";
    assert!(room.asked().ends_with(asked), "{}", room.asked());
}

#[test]
fn each_command() {
    let mut room = Room::entered(&[ONE, TWO, b""]);
    let cases = [
        ("LIST 1", "+OK 1 28\r\n"),
        ("LIST 4", "-ERR No such message\r\n"),
        ("LIST 0", "-ERR No such message\r\n"),
        ("UIDL", "+OK 3 messages (44 octets)\r\n1 id0\r\n2 id1\r\n3 id2\r\n.\r\n"),
        ("UIDL 2", "+OK 2 id1\r\n"),
        ("UIDL 99", "-ERR No such message\r\n"),
        ("TOP 1 0", "+OK The top follows\r\nSubject: one\r\n\r\n.\r\n"),
        ("TOP 1 1", "+OK The top follows\r\nSubject: one\r\n\r\n..dot\r\n.\r\n"),
        ("TOP 9 1", "-ERR No such message\r\n"),
        ("RETR 0", "-ERR No such message\r\n"),
        ("RETR 4294967295", "-ERR No such message\r\n"),
        ("RETR 3", "+OK 0 octets\r\n.\r\n"),
        ("NOOP", "+OK Nothing done\r\n"),
        ("DELE 2", "+OK Message 2 deleted\r\n"),
        ("DELE 2", "-ERR No such message\r\n"),
        ("RETR 2", "-ERR No such message\r\n"),
        ("LIST 2", "-ERR No such message\r\n"),
        ("UIDL 2", "-ERR No such message\r\n"),
        ("TOP 2 0", "-ERR No such message\r\n"),
        ("STAT", "+OK 2 28\r\n"),
        ("LIST", "+OK 2 messages (28 octets)\r\n1 28\r\n3 0\r\n.\r\n"),
        ("UIDL", "+OK 2 messages (28 octets)\r\n1 id0\r\n3 id2\r\n.\r\n"),
        ("RSET", "+OK The maildrop has 3 messages (44 octets)\r\n"),
        ("STAT", "+OK 3 44\r\n"),
        ("LANG en", "+OK en English it is\r\n"),
        ("UTF8", "-ERR Not after login\r\n"),
        ("USER tim", "-ERR Not after login\r\n"),
        ("PASS x", "-ERR Not after login\r\n"),
        ("AUTH PLAIN", "-ERR Not after login\r\n"),
        ("STLS", "-ERR Not after login\r\n"),
        ("APOP tim c4c9", "-ERR Unknown command\r\n"),
        ("RETR", "-ERR Invalid arguments\r\n"),
        ("", "-ERR Unknown command\r\n"),
    ];
    for (line, reply) in cases {
        assert_eq!(room.reply(line), reply, "{line}");
    }
    assert_eq!(room.wants(), Wants::Read);
}

#[test]
fn one_message_is_not_plural() {
    let mut room = Room::entered(&[TWO]);
    assert_eq!(room.reply("LIST"), "+OK 1 message (16 octets)\r\n1 16\r\n.\r\n");
}

#[test]
fn an_empty_maildrop() {
    let mut room = Room::entered(&[]);
    assert_eq!(room.reply("STAT"), "+OK 0 0\r\n");
    assert_eq!(room.reply("LIST"), "+OK 0 messages (0 octets)\r\n.\r\n");
    assert_eq!(room.reply("UIDL"), "+OK 0 messages (0 octets)\r\n.\r\n");
    assert_eq!(room.reply("RETR 1"), "-ERR No such message\r\n");
    assert_eq!(room.reply("QUIT"), "+OK Bye\r\n");
    assert_eq!(room.asked(), "close");
}

#[test]
fn nothing_is_removed_without_quit() {
    let endings: [fn(&mut Room); 4] = [
        Room::eof,
        |room| room.wait(600),
        |room| room.say("QUIT"),
        |room| {
            room.server.handle_shutdown(room.now);
            room.settle();
        },
    ];
    for (index, end) in endings.into_iter().enumerate() {
        let mut room = Room::entered(&[ONE]);
        assert_eq!(room.reply("DELE 1"), "+OK Message 1 deleted\r\n");
        end(&mut room);
        room.eof();
        assert_eq!((room.asked().as_str(), room.wants()), ("close", Wants::Close), "{index}");
    }
}

#[test]
fn quit_removes_although_the_peer_is_gone() {
    let mut room = Room::entered(&[ONE, TWO]);
    room.server.handle_bytes(room.now, b"DELE 2\r\nQUIT\r\nSTAT\r\n");
    room.server.handle_eof(room.now);
    room.settle();
    assert_eq!(room.heard(), "+OK Message 2 deleted\r\n+OK Bye\r\n");
    assert_eq!(room.asked(), "remove [1]; close");
}

#[test]
fn a_removal_that_fails_is_told() {
    let mut room = Room::entered(&[ONE]);
    room.host.remove = Some(Refusal::Temporary);
    room.reply("DELE 1");
    let reply = "-ERR [SYS/TEMP] Some deleted messages were not removed\r\n";
    assert_eq!(room.reply("QUIT"), reply);
    assert_eq!((room.asked().as_str(), room.wants()), ("remove [0]; close", Wants::Close));
}

#[test]
fn rset_takes_everything_back() {
    let mut room = Room::entered(&[ONE, TWO]);
    room.say("DELE 1\r\nDELE 2\r\nRSET\r\nQUIT\r\n");
    assert_eq!(room.asked(), "close");
}

#[test]
fn silence_ends_the_session_without_a_word() {
    let mut room = Room::entered(&[ONE]);
    room.wait(599);
    assert_eq!(room.wants(), Wants::Read);
    room.say("NOOP\r\n");
    room.wait(599);
    assert_eq!(room.heard(), "+OK Nothing done\r\n");
    room.wait(1);
    assert_eq!((room.heard().as_str(), room.wants()), ("", Wants::Close));
    assert_eq!(room.server.poll_timeout(), None);
}

#[test]
fn a_shutdown_is_told() {
    let mut room = Room::entered(&[ONE]);
    room.server.handle_shutdown(room.now);
    room.settle();
    assert_eq!(room.heard(), "-ERR [SYS/TEMP] Shutting down\r\n");
    assert_eq!(room.wants(), Wants::Close);
    room.say("NOOP\r\n");
    assert_eq!(room.heard(), "");
}

#[test]
fn stale_answers_are_ignored() {
    let mut room = Room::entered(&[ONE]);
    let Some(ticket) = crate::machine::Tickets::default().issue().into() else { unreachable!() };
    room.server.handle(room.now, Input::Removed { ticket });
    room.server.handle_content(room.now, ticket, b"injected");
    room.settle();
    assert_eq!(room.heard(), "");
    assert_eq!(room.reply("STAT"), "+OK 1 28\r\n");
}

#[test]
fn a_host_that_answers_another_question_ends_the_session() {
    let mut room = Room::entered(&[ONE]);
    room.server.handle_bytes(room.now, b"RETR 1\r\n");
    let Some(Output::Read { ticket, .. }) = room.server.poll() else { panic!("nothing asked") };
    room.server.handle(room.now, Input::Removed { ticket });
    room.settle();
    assert_eq!((room.heard().as_str(), room.asked().as_str()), ("", "close"));
    assert_eq!(room.wants(), Wants::Close);
}
