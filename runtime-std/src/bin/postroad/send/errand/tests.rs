use super::*;
use postroad_core::entropy::Entropy;
use postroad_core::machine::drain;
use postroad_core::message::compose::Piece;
use postroad_core::sasl::Channel;
use postroad_core::smtp::client::{Config, StartTls};
use postroad_core::smtp::{Client, MailParameters, Protocol, RcptParameters};

const NOW: Instant = Instant::from_seconds(0);

fn envelope(recipients: &[&str]) -> Envelope {
    let recipient = |text: &&str| Recipient {
        forward_path: text.parse::<postroad_core::address::Mailbox>().unwrap().into(),
        parameters: RcptParameters::default(),
    };
    Envelope {
        reverse_path: "ann@example.org".parse::<postroad_core::address::Mailbox>().unwrap().into(),
        parameters: MailParameters::default(),
        recipients: recipients.iter().map(recipient).collect(),
        length: None,
    }
}

/// Hands a message over to a server that says `replies`, each when the client has nothing left to
/// say, and then hangs up. What became of it, what the client said, and how far it was.
fn talk(recipients: &[&str], replies: &[&str]) -> (Outcome, String, Vec<u64>) {
    let content = Content::new(vec![
        Piece::Octets(b"Subject: x\r\n\r\n.\r\n".into()),
        Piece::Base64(b"hello"),
    ]);
    let mut sent = Vec::new();
    let mut watch = |event: Event<'_>| {
        if let Event::Sent(octets) = event {
            sent.push(octets);
        }
    };
    let mut errand = Errand::new(envelope(recipients), &content, &mut watch);
    let mut config = Config::new("client.example.org".parse().unwrap(), Protocol::Smtp);
    config.start_tls = StartTls::Never;
    let entropy = Entropy::from_seed([7; 32]);
    let mut client = Client::new(NOW, config.into(), Channel::Clear, entropy);
    let mut said = Vec::new();
    for reply in replies {
        client.handle_bytes(NOW, format!("{reply}\r\n").as_bytes());
        drain(NOW, &mut client, &mut errand);
        while !client.transmit().is_empty() {
            said.extend_from_slice(client.transmit());
            client.transmitted(client.transmit().len());
            drain(NOW, &mut client, &mut errand);
        }
    }
    client.handle_eof(NOW);
    drain(NOW, &mut client, &mut errand);
    (errand.settle(), String::from_utf8(said).unwrap(), sent)
}

fn codes(outcome: &Outcome) -> Vec<String> {
    let words = |it: &Result<Reply, Failure>| match it {
        Ok(reply) => format!("{}", reply.code),
        Err(failure) => failure.to_string(),
    };
    outcome.recipients.iter().map(words).collect()
}

#[test]
fn a_message_is_handed_over() {
    let replies = ["220 mx", "250 mx", "250 ok", "250 ok", "354 go", "250 taken", "221 bye"];
    let (outcome, said, sent) = talk(&["bob@example.com"], &replies);
    assert_eq!(codes(&outcome), ["250"]);
    assert_eq!(outcome.end, Ok(()));
    assert!(said.contains("DATA\r\nSubject: x\r\n\r\n..\r\naGVsbG8=\r\n.\r\nQUIT\r\n"), "{said}");
    assert_eq!(sent, [0]);
}

#[test]
fn recipients_that_are_too_many_get_the_next_transaction() {
    let replies = [
        "220 mx",
        "250 mx",
        "250 ok",
        "250 ok",
        "452 enough",
        "354 go",
        "250 first",
        "250 ok",
        "550 nobody",
        "221 bye",
    ];
    let (outcome, said, _) = talk(&["bob@example.com", "eve@example.com"], &replies);
    assert_eq!(codes(&outcome), ["250", "RCPT: 550 nobody"]);
    assert_eq!(said.matches("MAIL FROM:").count(), 2, "{said}");
}

#[test]
fn who_is_always_too_much_is_not_asked_for_for_ever() {
    let replies = ["220 mx", "250 mx", "250 ok", "452 full", "221 bye"];
    let (outcome, said, _) = talk(&["bob@example.com"], &replies);
    assert_eq!(codes(&outcome), ["RCPT: 452 full"]);
    assert_eq!(said.matches("RCPT TO:").count(), 1, "{said}");
}

#[test]
fn a_connection_that_is_lost_is_everybodys_failure() {
    for (replies, expected) in [
        (&[][..], "greeting: the connection was lost"),
        (&["554 go away"][..], "greeting: 554 go away"),
        (&["220 mx", "250 mx"][..], "MAIL: the connection was lost"),
        (
            &["220 mx", "250 mx", "250 ok", "250 ok", "250 ok", "354 go"][..],
            "end of content: the connection was lost",
        ),
    ] {
        let (outcome, ..) = talk(&["bob@example.com", "eve@example.com"], replies);
        assert_eq!(codes(&outcome), [expected, expected]);
        assert!(outcome.end.is_err());
    }
}
