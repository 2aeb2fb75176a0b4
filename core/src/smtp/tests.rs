//! The grammar: tables, and parse after write.

use super::*;
use crate::address::{ForwardPath, Invalid, ReversePath};
use crate::secret::Secret;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use proptest::prelude::*;

fn parse(line: &str) -> Result<Command, SyntaxError> {
    Command::parse(line.as_bytes(), false)
}

/// Lines that are commands, as we would write them.
#[test]
fn commands() {
    let cases = [
        ("EHLO client.example.org", "EHLO client.example.org"),
        ("ehlo [IPv6:2001:db8::1]", "EHLO [IPv6:2001:db8::1]"),
        ("HELO my_pc", "HELO my_pc"),
        ("LHLO x", "LHLO x"),
        ("MAIL FROM:<>", "MAIL FROM:<>"),
        ("mail from: <a@b.example> ", "MAIL FROM:<a@b.example>"),
        ("MAIL FROM:a@b.example SIZE=5", "MAIL FROM:<a@b.example> SIZE=5"),
        ("MAIL FROM:<@x.example,@y.example:a@b.example>", "MAIL FROM:<a@b.example>"),
        (
            "MAIL FROM:<a@b.example> body=8bitmime RET=hdrs ENVID=a+2Bb AUTH=<> SIZE=0",
            "MAIL FROM:<a@b.example> SIZE=0 BODY=8BITMIME RET=HDRS ENVID=a+2Bb AUTH=<>",
        ),
        ("MAIL FROM:<ü@b.example> SMTPUTF8", "MAIL FROM:<ü@b.example> SMTPUTF8"),
        ("MAIL FROM:<> AUTH=a@b.example", "MAIL FROM:<> AUTH=a@b.example"),
        ("RCPT TO:<postmaster>", "RCPT TO:<Postmaster>"),
        (
            "RCPT TO:<a@b.example> notify=delay,success orcpt=rfc822;x+20y@z",
            "RCPT TO:<a@b.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;x+20y@z",
        ),
        ("rcpt to:<\"a b\"@b.example> NOTIFY=never", "RCPT TO:<\"a b\"@b.example> NOTIFY=NEVER"),
        ("DATA\t", "DATA"),
        ("BDAT 18446744073709551615", "BDAT 18446744073709551615"),
        ("bdat 0 last", "BDAT 0 LAST"),
        ("NOOP whatever this is", "NOOP"),
        ("HELP me", "HELP"),
        ("RSET  ", "RSET"),
        ("VRFY Alice Smith", "VRFY Alice Smith"),
        ("VRFY ü SMTPUTF8", "VRFY ü SMTPUTF8"),
        ("EXPN staff", "EXPN staff"),
        ("ETRN @example.org", "ETRN @example.org"),
        ("auth plain", "AUTH plain"),
        ("AUTH PLAIN  AGEAYg==", "AUTH PLAIN AGEAYg=="),
        ("StartTLS", "STARTTLS"),
        ("quit", "QUIT"),
    ];
    for (line, written) in cases {
        let command = parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        assert_eq!(command.to_string(), written);
        assert_eq!(parse(written), Ok(command), "{line}");
    }
}

/// Lines, and how the replies to them begin.
const NO_COMMANDS: &[(&str, &str)] = &[
    ("", "500 5.5.2"),
    ("XYZZY", "500 5.5.2"),
    ("EXTRAORDINARILY", "500 5.5.2"),
    ("DATA_", "500 5.5.2"),
    ("NO\0OP", "500 5.5.2"),
    ("NOOP\x7f", "500 5.5.2"),
    ("RSET\rQUIT", "500 5.5.2"),
    ("SEND FROM:<a@b.example>", "502 5.5.1"),
    ("TURN", "502 5.5.1"),
    ("GET / HTTP/1.1", "502 5.7.0"),
    ("EHLO", "501 5.5.4"),
    ("EHLO a b", "501 5.5.4"),
    ("EHLO müller.example", "501 5.5.4"),
    ("HELO ", "501 5.5.4"),
    ("LHLO", "501 5.5.4"),
    ("MAIL", "501 5.5.4"),
    ("MAIL FROM", "501 5.5.4"),
    ("MAIL FROM:", "501 5.5.4"),
    ("MAIL TO:<a@b.example>", "501 5.5.4"),
    ("MAIL FROM:<a@b.example", "501 5.1.7"),
    ("MAIL FROM:<a@b.example>>", "501 5.5.4"),
    ("MAIL FROM:<a@b.example>SIZE=1", "501 5.5.4"),
    ("MAIL FROM:<a>", "501 5.1.7"),
    ("MAIL FROM:alice", "501 5.1.7"),
    ("MAIL FROM:<a@b.example> SIZE=", "501 5.5.4"),
    ("MAIL FROM:<a@b.example> SIZE=1x", "501 5.5.4"),
    ("MAIL FROM:<a@b.example> SIZE=-1", "501 5.5.4"),
    ("MAIL FROM:<a@b.example> SIZE", "501 5.5.4"),
    ("MAIL FROM:<a@b.example> SIZE=1 SIZE=1", "501 5.5.4"),
    ("MAIL FROM:<a@b.example> BODY=9BIT", "501 5.5.4"),
    ("MAIL FROM:<a@b.example> SMTPUTF8=1", "501 5.5.4"),
    ("MAIL FROM:<a@b.example> SMTPUTF8 SMTPUTF8", "501 5.5.4"),
    ("MAIL FROM:<a@b.example> RET=SOME", "501 5.5.4"),
    ("MAIL FROM:<a@b.example> ENVID=", "501 5.5.4"),
    ("MAIL FROM:<a@b.example> ENVID=a+0D", "501 5.5.4"),
    ("MAIL FROM:<a@b.example> ENVID=a+", "501 5.5.4"),
    ("MAIL FROM:<a@b.example> AUTH=x", "501 5.5.4"),
    ("MAIL FROM:<a@b.example> XYZZY=1", "555 5.5.4"),
    ("MAIL FROM:<a@b.example> NOTIFY=NEVER", "555 5.5.4"),
    ("MAIL FROM:<ü@b.example>", "553 5.6.7"),
    ("MAIL FROM:<a@ü.example>", "553 5.6.7"),
    ("RCPT TO:<>", "501 5.1.3"),
    ("RCPT TO:<a@b.example> NOTIFY=", "501 5.5.4"),
    ("RCPT TO:<a@b.example> NOTIFY=NEVER,DELAY", "501 5.5.4"),
    ("RCPT TO:<a@b.example> NOTIFY=SUCCESS,", "501 5.5.4"),
    ("RCPT TO:<a@b.example> ORCPT=a@b.example", "501 5.5.4"),
    ("RCPT TO:<a@b.example> ORCPT=rfc822;", "501 5.5.4"),
    ("RCPT TO:<a@b.example> ORCPT=;a", "501 5.5.4"),
    ("RCPT TO:<a@b.example> ORCPT=rfc822;a+0A", "501 5.5.4"),
    ("RCPT TO:<a@b.example> SIZE=1", "555 5.5.4"),
    ("RCPT TO:<ü@b.example>", "553 5.6.7"),
    ("RCPT FROM:<a@b.example>", "501 5.5.4"),
    ("DATA now", "501 5.5.4"),
    ("BDAT", "501 5.5.4"),
    ("BDAT LAST", "501 5.5.4"),
    ("BDAT 10 FIRST", "501 5.5.4"),
    ("BDAT +10", "501 5.5.4"),
    ("BDAT 18446744073709551616", "501 5.5.4"),
    ("RSET now", "501 5.5.4"),
    ("QUIT now", "501 5.5.4"),
    ("STARTTLS now", "501 5.5.4"),
    ("VRFY", "501 5.5.4"),
    ("VRFY ü", "553 5.6.7"),
    ("EXPN", "501 5.5.4"),
    ("ETRN", "501 5.5.4"),
    ("AUTH", "501 5.5.4"),
    ("AUTH PLAIN a b", "501 5.5.4"),
];

#[test]
fn lines_that_are_no_commands() {
    for (line, codes) in NO_COMMANDS {
        let reply = parse(line).expect_err(line).reply();
        assert!(reply.to_string().starts_with(codes), "{line}: {reply}");
    }
}

#[test]
fn a_recipient_in_utf8_needs_a_transaction_in_utf8() {
    let line = "RCPT TO:<ü@b.example>".as_bytes();
    let refused = SyntaxError::ForwardPath(Invalid::Utf8NotAllowed);
    assert_eq!(Command::parse(line, false), Err(refused));
    assert!(matches!(Command::parse(line, true), Ok(Command::Rcpt { .. })));
}

#[test]
fn numbers_too_large_for_us_are_large() {
    let parameters = MailParameters::parse(b" SIZE=99999999999999999999").unwrap();
    assert_eq!(parameters.size, Some(u64::MAX));
    assert!(MailParameters::parse(b" SIZE=000000000000000000001").is_err());
}

#[test]
fn passwords_do_not_show() {
    let command = parse("AUTH PLAIN AGEAYg==").unwrap();
    assert!(!alloc::format!("{command:?}").contains("AGEAYg"));
}

#[test]
fn replies_on_the_wire() {
    let cases = [
        (Reply::bare(220, "mx.example.com ESMTP"), "220 mx.example.com ESMTP\r\n"),
        (Reply::new(250, (2, 1, 0), "Ok"), "250 2.1.0 Ok\r\n"),
        (Reply::new(214, (2, 0, 0), "One\nTwo"), "214-2.0.0 One\r\n214 2.0.0 Two\r\n"),
        (Reply::bare(250, "One\nTwo"), "250-One\r\n250 Two\r\n"),
        (Reply::bare(334, ""), "334 \r\n"),
        (Reply::new(550, (5, 7, 1), "No\r221 Bye\0"), "550 5.7.1 No?221 Bye?\r\n"),
    ];
    for (reply, expected) in cases {
        let mut wire = Vec::new();
        reply.write(&mut wire);
        assert_eq!(wire, expected.as_bytes());
    }
}

#[test]
fn enhanced_codes() {
    for good in ["2.0.0", "4.999.123", "5.10.7"] {
        assert_eq!(EnhancedCode::parse(good.as_bytes()).unwrap().to_string(), good);
    }
    for bad in ["", "5", "5.1", "5.1.1.1", "5.1.", "5..1", "3.1.1", "5.1.1000", "5.1.+1", "5.1.x"] {
        assert_eq!(EnhancedCode::parse(bad.as_bytes()), None, "{bad}");
    }
}

#[test]
fn extensions_as_they_are_spelt() {
    use crate::sasl::Mechanism;
    let login_plain = Extension::Auth([Mechanism::Login, Mechanism::Plain].to_vec());
    assert_eq!("AUTH LOGIN PLAIN".parse(), Ok(login_plain));
    assert_eq!("auth".parse(), Ok(Extension::Auth(Mechanism::ALL.to_vec())));
    for extension in Extension::defaults() {
        assert_eq!(extension.keyword().parse(), Ok(extension));
    }
    for wrong in ["", "SIZE x", "AUTH CRAM-MD5", "DSN 1", "PIPELININ"] {
        assert!(wrong.parse::<Extension>().is_err(), "{wrong}");
    }
}

fn mail_parameters() -> impl Strategy<Value = MailParameters> {
    let body = prop_oneof![
        Just(None),
        Just(Some(Body::SevenBit)),
        Just(Some(Body::EightBitMime)),
        Just(Some(Body::BinaryMime)),
    ];
    let ret = prop_oneof![Just(None), Just(Some(Return::Full)), Just(Some(Return::Headers))];
    let auth = prop_oneof![
        Just(None),
        Just(Some(None)),
        Just(Some(Some("a+b=c@d.example".parse().unwrap()))),
    ];
    let envid = proptest::option::of("[ -~]{1,30}");
    (proptest::option::of(any::<u64>()), body, any::<bool>(), ret, envid, auth).prop_map(
        |(size, body, smtputf8, ret, envid, auth)| MailParameters {
            size,
            body,
            smtputf8,
            ret,
            envid,
            auth,
        },
    )
}

fn rcpt_parameters() -> impl Strategy<Value = RcptParameters> {
    let on = any::<[bool; 3]>().prop_filter("one at least", |on| on.contains(&true));
    let on = on.prop_map(|[success, failure, delay]| Notify::On { success, failure, delay });
    let notify = prop_oneof![Just(Notify::Never), on];
    let orcpt = ("[a-z0-9-]{1,10}", "\\PC{1,40}")
        .prop_map(|(address_type, address)| OriginalRecipient { address_type, address });
    (proptest::option::of(notify), proptest::option::of(orcpt))
        .prop_map(|(notify, orcpt)| RcptParameters { notify, orcpt })
}

proptest! {
    #[test]
    fn parameters_survive(mail in mail_parameters(), rcpt in rcpt_parameters()) {
        prop_assert_eq!(MailParameters::parse(mail.to_string().as_bytes()), Ok(mail));
        prop_assert_eq!(RcptParameters::parse(rcpt.to_string().as_bytes()), Ok(rcpt));
    }

    #[test]
    fn commands_survive(parameters in mail_parameters(), size: u64, last: bool, name in "[!-~]{1,255}") {
        let reverse_path = ReversePath::Null;
        let forward_path = ForwardPath::Postmaster;
        let initial = Some(Secret::new(String::from("AGEAYg==")));
        for command in [
            Command::Mail { reverse_path, parameters: parameters.clone() },
            Command::Rcpt { forward_path, parameters: RcptParameters::default() },
            Command::Bdat { size, last },
            Command::Ehlo(name.clone()),
            Command::Auth { mechanism: "PLAIN".into(), initial },
        ] {
            prop_assert_eq!(Command::parse(command.to_string().as_bytes(), false), Ok(command));
        }
    }

    #[test]
    fn no_line_panics(line in proptest::collection::vec(any::<u8>(), 0..200), utf8: bool) {
        if let Err(error) = Command::parse(&line, utf8) {
            let reply = error.reply();
            prop_assert!(reply.code >= 500 && reply.enhanced.is_some());
        }
    }

    #[test]
    fn no_arguments_panic(verb in "(MAIL FROM:|RCPT TO:|BDAT |AUTH |VRFY )", rest in "\\PC{0,80}", utf8: bool) {
        let _ = Command::parse((verb + &rest).as_bytes(), utf8).is_ok();
    }
}
