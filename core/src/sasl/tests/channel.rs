//! Which mechanism goes over which channel.

use super::*;
use crate::machine::Tls;
use crate::sasl::Abort;
use alloc::vec::Vec;

#[test]
fn names_are_read_and_written() {
    for mechanism in Mechanism::ALL {
        assert_eq!(Mechanism::parse(mechanism.name()), Some(mechanism));
        let lower = mechanism.name().to_lowercase();
        assert_eq!(Mechanism::parse(&lower), Some(mechanism));
    }
    for name in ["", "PLAIN ", "SCRAM-SHA-1", "XOAUTH"] {
        assert_eq!(Mechanism::parse(name), None);
    }
}

#[test]
fn the_offer_depends_on_the_channel() {
    let names = |channel: &Channel| {
        let offer = channel.offer(&Mechanism::ALL);
        let names: Vec<_> = offer.into_iter().map(Mechanism::name).collect();
        names.join(" ")
    };
    assert_eq!(names(&Channel::Clear), "");
    let confidential = "SCRAM-SHA-256 EXTERNAL OAUTHBEARER XOAUTH2 PLAIN LOGIN";
    assert_eq!(names(&Channel::Confidential), confidential);
    let bound_names = ["SCRAM-SHA-256-PLUS ", confidential].concat();
    assert_eq!(names(&bound()), bound_names);
}

#[test]
fn tls_is_a_channel() {
    let mut tls = Tls::default();
    assert_eq!(Channel::from(&tls), Channel::Confidential);
    tls.exporter = Some([9; 32]);
    assert_eq!(Channel::from(&tls), bound());
}

#[test]
fn the_client_chooses_the_best() {
    use Mechanism::*;
    let secret = password("tim", "tanstaaf");
    let all = &Mechanism::ALL[..];
    let cases: [(&[Mechanism], Channel, Option<Mechanism>); 8] = [
        (all, bound(), Some(ScramSha256Plus)),
        (all, Channel::Confidential, Some(ScramSha256)),
        (all, Channel::Clear, None),
        (&[Login, Plain], Channel::Confidential, Some(Plain)),
        (&[Login], Channel::Confidential, Some(Login)),
        (&[Login, Plain], Channel::Clear, None),
        (&[OAuthBearer, XOAuth2, External], bound(), None),
        (&[], bound(), None),
    ];
    for (offered, channel, expected) in cases {
        assert_eq!(Client::choose(offered, &secret, &channel), expected);
    }
    let token =
        Credentials::Token { user: "tim".into(), token: String::from("t").into(), server: None };
    assert_eq!(Client::choose(all, &token, &bound()), Some(OAuthBearer));
    assert_eq!(Client::choose(&[XOAuth2], &token, &bound()), Some(XOAuth2));
    assert_eq!(Client::choose(all, &token, &Channel::Clear), None);
    let external = Credentials::External { authzid: None };
    assert_eq!(Client::choose(all, &external, &Channel::Confidential), Some(External));
}

#[test]
fn login_cannot_act_as_another() {
    let credentials = Credentials::Password {
        authcid: "tim".into(),
        authzid: Some("tom".into()),
        password: String::from("x").into(),
    };
    assert_eq!(Client::choose(&[Mechanism::Login], &credentials, &bound()), None);
}

#[test]
fn credentials_that_do_not_fit_are_refused() {
    let new = |mechanism, credentials: &Credentials, channel: &Channel| {
        Client::new(mechanism, credentials, channel, entropy(2), &Limits::DEFAULT).err()
    };
    let refused = Some(Abort::Credentials);
    let secret = password("tim", "x");
    assert_eq!(new(Mechanism::Plain, &secret, &Channel::Clear), refused);
    assert_eq!(new(Mechanism::External, &secret, &bound()), refused);
    assert_eq!(new(Mechanism::ScramSha256Plus, &secret, &Channel::Confidential), refused);
    for (name, word) in [("", "x"), ("tim", ""), ("ti\0m", "x"), ("tim", "\0")] {
        let credentials = password(name, word);
        assert_eq!(new(Mechanism::Plain, &credentials, &bound()), refused);
        assert_eq!(new(Mechanism::ScramSha256, &credentials, &bound()), refused);
    }
    for (user, token) in [("", "t"), ("tim", ""), ("tim", "a b"), ("t\x01m", "t"), ("tim", "\x01")]
    {
        let credentials = Credentials::Token {
            user: user.into(),
            token: String::from(token).into(),
            server: None,
        };
        assert_eq!(new(Mechanism::XOAuth2, &credentials, &bound()), refused);
        assert_eq!(new(Mechanism::OAuthBearer, &credentials, &bound()), refused);
    }
    let external = Credentials::External { authzid: Some("a\0b".into()) };
    assert_eq!(new(Mechanism::External, &external, &bound()), refused);
}
