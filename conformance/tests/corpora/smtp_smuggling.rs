//! `smtp-smuggling`: what others take for the end of data. Sent to our server it must not make two messages of one, and
//! given to our client it must not leave.

use postroad_core::entropy::Entropy;
use postroad_core::machine::{Instant, Machine as _, Session as _};
use postroad_core::sasl::Channel;
use postroad_core::smtp::client::{Client, Config, Envelope, Input, Output, Recipient};
use postroad_core::smtp::{MailParameters, Protocol, RcptParameters};

use crate::office::Office;
use crate::suite::{Suite, json_lines, string};

#[test]
fn smtp_smuggling() {
    let Some(mut suite) = Suite::open("smtp-smuggling") else { return };
    for case in json_lines(&suite.text("sequences.jsonl")) {
        let (id, end) = (string(&case, "id"), string(&case, "eod"));
        suite.case(
            &format!("{id}/server"),
            [1, 3, usize::MAX].iter().try_for_each(|it| server(end, *it)),
        );
        suite.case(
            &format!("{id}/client"),
            [1, usize::MAX].iter().try_for_each(|it| client(end, *it)),
        );
    }
    suite.finish();
}

fn server(end: &str, piece: usize) -> Result<(), String> {
    let office = Office::new("example.com", &[("bob@example.com", None)]);
    let mut connection = office.transfer();
    let envelope = "MAIL FROM:<a@example.org>\r\nRCPT TO:<bob@example.com>\r\nDATA\r\n";
    let header = "From: a@example.org\r\nSubject: x\r\n\r\n";
    connection.send(format!("EHLO client.example.org\r\n{envelope}").as_bytes(), usize::MAX);
    connection.codes();
    let smuggled = format!("{header}one{end}{envelope}{header}two\r\n.\r\n");
    connection.send(smuggled.as_bytes(), piece);
    let codes = connection.codes();
    match (&codes[..], connection.delivered.len()) {
        ([code], 0) if code.starts_with('5') => Ok(()),
        ([code], 1) if code.starts_with('2') => Ok(()),
        (codes, delivered) => Err(format!("{delivered} messages, {codes:?}, by {piece}")),
    }
}

fn client(end: &str, slice: usize) -> Result<(), String> {
    let content = format!("Subject: x\r\n\r\none{end}two\r\n");
    let now = Instant::from_seconds(1);
    let hostname = "client.example.org".parse().expect("a domain");
    let config = Config::new(hostname, Protocol::Smtp).into();
    let mut client = Client::new(now, config, Channel::Clear, Entropy::from_seed([7; 32]));
    let mailbox =
        |address: &str| address.parse::<postroad_core::address::Mailbox>().expect("an address");
    let envelope = Envelope {
        reverse_path: mailbox("a@example.org").into(),
        parameters: MailParameters::default(),
        recipients: vec![Recipient {
            forward_path: mailbox("bob@example.com").into(),
            parameters: RcptParameters::default(),
        }],
        length: None,
    };
    client.handle(now, Input::Deliver(Box::new(envelope)));
    let mut left = Vec::new();
    for reply in ["220 mx", "250 mx", "250 Ok", "250 Ok", "354 Go", "250 Ok"] {
        left.clear();
        if client.wants() == postroad_core::machine::Wants::Read {
            client.handle_bytes(now, format!("{reply}\r\n").as_bytes());
        }
        loop {
            match client.poll() {
                Some(Output::Content { ticket, offset, length }) => {
                    let rest = &content.as_bytes()[usize::try_from(offset).expect("small")..];
                    let slice = &rest[..rest.len().min(length).min(slice)];
                    client.handle_content(now, ticket, slice);
                    client.handle(now, Input::Content { ticket, end: slice.len() == rest.len() });
                }
                Some(_) => {}
                None if client.transmit().is_empty() => break,
                None => {
                    left.extend_from_slice(client.transmit());
                    client.transmitted(client.transmit().len());
                }
            }
        }
        if reply == "354 Go" {
            break;
        }
    }
    let whole = left.ends_with(b"two\r\n.\r\n");
    let smuggled = left.windows(end.len()).any(|window| window == end.as_bytes());
    if whole || smuggled {
        Err(format!("{:?} left", left.escape_ascii().to_string()))
    } else {
        Ok(())
    }
}
