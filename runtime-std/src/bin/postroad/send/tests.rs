use super::*;
use postroad_core::message::compose::Piece;

#[test]
fn places() {
    for (text, host, port) in [
        ("mail.example.org", "mail.example.org", None),
        ("mail.example.org:465", "mail.example.org", Some(465)),
        ("192.0.2.1:25", "192.0.2.1", Some(25)),
        ("2001:db8::1", "2001:db8::1", None),
        ("[2001:db8::1]", "2001:db8::1", None),
        ("[2001:db8::1]:587", "2001:db8::1", Some(587)),
    ] {
        let place: Place = text.parse().unwrap();
        assert_eq!((&*place.host, place.port), (host, port), "{text}");
    }
    for text in ["", ":25", "host:", "host:0", "host:65536", "[::1]25", "smtp://host", "a@host"] {
        assert!(text.parse::<Place>().is_err(), "{text}");
    }
}

#[test]
fn the_safe_way_is_the_default() {
    let access = |place: &str, tls, login: bool| {
        let login = login.then(|| ("ann".to_string(), Secret::default()));
        let access = Access::new(&place.parse().unwrap(), tls, login, Trust::Roots);
        access.map(|access| (access.port, access.tls)).ok()
    };
    assert_eq!(access("mx", None, false), Some((25, Tls::May)));
    assert_eq!(access("mx", None, true), Some((587, Tls::Require)));
    assert_eq!(access("mx:465", None, false), Some((465, Tls::Implicit)));
    assert_eq!(access("mx:2525", None, true), Some((2525, Tls::Require)));
    assert_eq!(access("mx", Some(Tls::Implicit), true), Some((465, Tls::Implicit)));
    assert_eq!(access("mx", Some(Tls::None), true), Some((587, Tls::None)));
    assert_eq!(access("mx:587", None, false), Some((587, Tls::Require)));
    assert_eq!(access("localhost:587", None, false), Some((587, Tls::May)));
    assert_eq!(access("mx", Some(Tls::May), true), None, "it would prove nothing");
}

#[test]
fn what_content_needs() {
    let needs = |content: &[u8]| {
        let parameters = parameters_of(&Content::new(vec![Piece::Octets(content.into())]));
        (parameters.body.is_some(), parameters.smtputf8)
    };
    assert_eq!(needs(b"Subject: x\r\n\r\nx\r\n"), (false, false));
    assert_eq!(needs("Subject: x\r\n\r\nü\r\n".as_bytes()), (true, false));
    assert_eq!(needs("Subject: ü\r\n\r\nx\r\n".as_bytes()), (true, true));
    assert_eq!(needs(b"Subject: \xfc\r\n\r\nx\r\n"), (true, false));
}

#[test]
fn reports() {
    assert_eq!(notify("never"), Ok(Notify::Never));
    let on = Notify::On { success: true, failure: false, delay: true };
    assert_eq!(notify("success,delay"), Ok(on));
    assert!(notify("sometimes").is_err() && notify("never X=1").is_err());
}
