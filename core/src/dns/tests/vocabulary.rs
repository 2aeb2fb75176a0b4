use super::name;
use crate::address::{Domain, Invalid};
use crate::dns::{Failure, Kind, Name, Question, resolv_conf};
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

/// The longest name there is: 253 octets of text, 255 on the wire.
pub(super) fn longest() -> Name {
    let label = "a".repeat(63);
    name(&format!("{label}.{label}.{label}.{}", "b".repeat(61)))
}

#[test]
fn names_are_text_in_lower_case_within_the_limits_of_the_wire() {
    for (text, expected) in [
        ("example.com", Ok("example.com")),
        ("EXAMPLE.Com.", Ok("example.com")),
        ("_25._tcp.mx.example.com", Ok("_25._tcp.mx.example.com")),
        ("1/25.2.0.192.in-addr.arpa", Ok("1/25.2.0.192.in-addr.arpa")),
        (".", Ok("")),
        ("", Err(Invalid::NoDomain)),
        ("..", Err(Invalid::EmptyLabel)),
        (".com", Err(Invalid::EmptyLabel)),
        ("a..b", Err(Invalid::EmptyLabel)),
        ("a b.com", Err(Invalid::DomainOctet(b' '))),
        ("a\\.b", Err(Invalid::DomainOctet(b'\\'))),
        ("a\0.b", Err(Invalid::DomainOctet(0))),
    ] {
        assert_eq!(
            Name::parse(text).as_ref().map(Name::as_str),
            expected.as_ref().map(|it| *it),
            "{text}"
        );
    }
    assert_eq!(Name::parse(&"a".repeat(64)), Err(Invalid::LabelTooLong));
    assert_eq!(longest().as_str().len(), Name::MAX);
    assert_eq!(longest().under("c"), Err(Invalid::DomainTooLong));
    assert_eq!(Name::root().to_string(), ".");
}

#[test]
fn a_domain_of_mail_is_a_name_in_a_labels_unless_it_is_too_long() {
    let domain: Domain = "Müller.example".parse().unwrap();
    assert_eq!(Name::try_from(&domain).unwrap().as_str(), "xn--mller-kva.example");
    let domain: Domain = format!("{}.cc", longest()).replace("bb.cc", ".ccc").parse().unwrap();
    assert_eq!(domain.ascii().len(), 255);
    assert_eq!(Name::try_from(&domain), Err(Invalid::DomainTooLong));
}

#[test]
fn the_names_of_addresses() {
    let reverse = |ip: &str| Name::reverse(ip.parse().unwrap()).to_string();
    assert_eq!(reverse("192.0.2.25"), "25.2.0.192.in-addr.arpa");
    let v6 = "5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa";
    assert_eq!(reverse("2001:db8::25"), v6);
}

#[test]
fn names_within_names() {
    for (inner, outer, expected) in [
        ("mx.example.com", "example.com", true),
        ("example.com", "example.com", true),
        ("badexample.com", "example.com", false),
        ("com", "example.com", false),
        ("com", ".", true),
        (".", ".", true),
    ] {
        assert_eq!(name(inner).is_within(&name(outer)), expected, "{inner} in {outer}");
    }
    assert!(name("localhost").is_localhost() && name("a.LOCALHOST.").is_localhost());
    assert!(!name("localhost.example").is_localhost() && !Name::root().is_localhost());
}

#[test]
fn questions_and_failures_speak() {
    let question = Question::new(name("example.com"), Kind::Tlsa);
    assert_eq!(question.to_string(), "example.com TLSA");
    assert!(Failure::NoName.is_permanent() && Failure::NoRecords.is_permanent());
    assert!(!Failure::Timeout.is_permanent() && !Failure::Loop.is_permanent());
    assert_eq!(Failure::Refused("refused").to_string(), "the DNS server says: refused");
}

#[test]
fn resolv_conf_names_the_servers() {
    for (text, expected) in [
        ("", "127.0.0.1:53"),
        ("search example.com\noptions rotate\n", "127.0.0.1:53"),
        ("nameserver 192.0.2.1\n", "192.0.2.1:53"),
        ("nameserver\t192.0.2.1 # ours\r\n", "192.0.2.1:53"),
        (" nameserver 192.0.2.1\n", "127.0.0.1:53"),
        ("nameservers 192.0.2.1\n#nameserver 192.0.2.2\n;nameserver 192.0.2.3", "127.0.0.1:53"),
        ("nameserver dns.example.com\nnameserver\nnameserver 2001:db8::53", "[2001:db8::53]:53"),
        ("nameserver fe80::1%2", "[fe80::1%2]:53"),
        ("nameserver fe80::1%eth0", "127.0.0.1:53"),
        ("nameserver 2001:db8::53%eth0", "[2001:db8::53]:53"),
        ("nameserver 192.0.2.1%eth0", "127.0.0.1:53"),
        (
            "nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4",
            "192.0.2.1:53 192.0.2.2:53 192.0.2.3:53",
        ),
    ] {
        let servers: Vec<_> = resolv_conf(text).iter().map(ToString::to_string).collect();
        assert_eq!(servers.join(" "), expected, "{text:?}");
    }
}
