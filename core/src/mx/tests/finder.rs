use crate::address::{Domain, Host};
use crate::dns::{self, Answer, Kind, Name, Question, Record};
use crate::entropy::Entropy;
use crate::limits::Limits;
use crate::machine::{Instant, Machine};
use crate::mx::{Failure, Finder, Input, Lookup, Loopback, Output, Path};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;

type Outcome = Result<Arc<Answer>, dns::Failure>;

fn now() -> Instant {
    Instant::from_seconds(1_000)
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// What the world knows, written as `name KIND value, value`; `!` before a failure, `*` before what is
/// authenticated, `> name` for an alias.
struct World(BTreeMap<Question, Outcome>);

impl World {
    fn new(lines: &[&str]) -> Self {
        Self(lines.iter().map(|line| entry(line)).collect())
    }

    fn answer(&self, question: &Question) -> Outcome {
        let known = self.0.keys().any(|other| other.name == question.name);
        let none = if known { dns::Failure::NoRecords } else { dns::Failure::NoName };
        self.0.get(question).cloned().unwrap_or(Err(none))
    }
}

fn entry(line: &str) -> (Question, Outcome) {
    let mut words = line.split_whitespace();
    let owner = words.next().unwrap();
    let kind = words.next().unwrap();
    let kind = Kind::ALL.into_iter().find(|other| other.to_string() == kind).unwrap();
    let question = Question::new(name(owner), kind);
    let mut answer = Answer {
        records: Vec::new(),
        canonical: name(owner),
        until: Instant::from_seconds(1_060),
        authenticated: false,
    };
    for word in words {
        match word {
            "!timeout" => return (question, Err(dns::Failure::Timeout)),
            "!none" => return (question, Err(dns::Failure::NoName)),
            "*" => answer.authenticated = true,
            _ if word.starts_with('>') => answer.canonical = name(&word[1..]),
            _ => answer.records.push(record(kind, word)),
        }
    }
    (question, Ok(Arc::new(answer)))
}

fn record(kind: Kind, word: &str) -> Record {
    match kind {
        Kind::A => Record::A(word.parse().unwrap()),
        Kind::Aaaa => Record::Aaaa(word.parse().unwrap()),
        _ => {
            let (preference, exchange) = word.split_once(':').unwrap();
            Record::Mx { preference: preference.parse().unwrap(), exchange: name(exchange) }
        }
    }
}

/// Lets `finder` ask `world`; its questions, and what it ends in.
fn run(mut finder: Finder, world: &World) -> (Vec<String>, Result<Path, Failure>) {
    let mut asked = Vec::new();
    loop {
        match finder.poll().expect("the finder ends") {
            Output::Ask { lookup, question } => {
                let outcome = world.answer(&question);
                asked.push(question.to_string());
                finder.handle(now(), Input::Answered { lookup, outcome: outcome.clone() });
                finder.handle(now(), Input::Answered { lookup, outcome });
            }
            Output::Found(outcome) => {
                assert_eq!(finder.poll(), None, "nothing comes after the end");
                return (asked, outcome);
            }
        }
    }
}

fn finder(host: &str, loopback: Loopback, seed: u8) -> Finder {
    let host = Host::parse(host.as_bytes(), true).unwrap();
    let own = [name("mx.here.example"), name("here.example")];
    let entropy = Entropy::from_seed([seed; 32]);
    Finder::new(now(), &host, &own, loopback, &Limits::DEFAULT, entropy)
}

fn find(host: &str, world: &[&str]) -> Result<Path, Failure> {
    run(finder(host, Loopback::Refused, 1), &World::new(world)).1
}

/// A path as `preference name address,address`.
fn written(outcome: Result<Path, Failure>) -> String {
    let path = match outcome {
        Ok(path) => path,
        Err(failure) => return reply_line(&failure),
    };
    let hosts = path.hosts.iter().map(|host| {
        let addresses: Vec<_> = host.addresses.iter().map(IpAddr::to_string).collect();
        format!("{} {} {}", host.preference, host.name, addresses.join(","))
    });
    hosts.collect::<Vec<_>>().join("; ")
}

fn reply_line(failure: &Failure) -> String {
    let reply = failure.reply();
    assert_eq!(failure.is_permanent(), reply.is_permanent());
    format!("{} {} {}", reply.code, reply.enhanced.unwrap(), reply.text)
}

#[test]
fn the_ways_of_rfc_5321_section_5_1() {
    let hosts = &["a.example A 192.0.2.1", "b.example A 192.0.2.2", "c.example A 192.0.2.3"];
    for (domain, records, expected) in [
        (
            "x.example",
            &["x.example MX 20:b.example 10:a.example"][..],
            "10 a.example 192.0.2.1; 20 b.example 192.0.2.2",
        ),
        ("x.example", &["x.example MX 20:a.example 10:a.example"], "10 a.example 192.0.2.1"),
        ("x.example", &["x.example MX 10:a.example 0:."], "10 a.example 192.0.2.1"),
        (
            "X.Example",
            &["x.example A 192.0.2.9", "x.example AAAA 2001:db8::9"],
            "0 x.example 2001:db8::9,192.0.2.9",
        ),
        (
            "x.example",
            &["x.example MX 10:mx.here.example 20:a.example 5:b.example 10:c.example"],
            "5 b.example 192.0.2.2",
        ),
        ("x.example", &["x.example MX 10:gone.example 20:a.example"], "20 a.example 192.0.2.1"),
        (
            "x.example",
            &["x.example MX 10:slow.example 20:a.example", "slow.example A !timeout"],
            "20 a.example 192.0.2.1",
        ),
        (
            "x.example",
            &["x.example MX 5:a.example 10:us.example", "us.example A >mx.here.example 192.0.2.7"],
            "5 a.example 192.0.2.1",
        ),
        (
            "x.example",
            &["x.example MX 5:alias.example", "alias.example A >real.example 192.0.2.7"],
            "5 alias.example 192.0.2.7",
        ),
        (
            "x.example",
            &[
                "x.example MX 5:half.example",
                "half.example A 192.0.2.7",
                "half.example AAAA !timeout",
            ],
            "5 half.example 192.0.2.7",
        ),
        ("[192.0.2.77]", &[], "0 [192.0.2.77] 192.0.2.77"),
        ("[IPv6:2001:db8::77]", &[], "0 [IPv6:2001:db8::77] 2001:db8::77"),
    ] {
        let world = [records, hosts].concat();
        assert_eq!(written(find(domain, &world)), expected, "{domain} {records:?}");
    }
}

#[test]
fn the_ways_that_lead_nowhere() {
    for (domain, records, expected) in [
        ("x.example", &[][..], "550 5.1.2 the domain x.example does not exist"),
        ("x.example", &["x.example MX 0:."], "556 5.1.10 x.example takes no mail"),
        (
            "x.example",
            &["x.example MX !timeout"],
            "451 4.4.3 x.example could not be looked up: no DNS server answered in time",
        ),
        (
            "x.example",
            &["x.example TXT"],
            "550 5.4.4 no mail host of x.example has a usable address",
        ),
        (
            "x.example",
            &["x.example A !timeout"],
            "451 4.4.3 x.example could not be looked up: no DNS server answered in time",
        ),
        (
            "x.example",
            &["x.example MX 10:a.example 20:b.example"],
            "550 5.4.4 no mail host of x.example has a usable address",
        ),
        (
            "x.example",
            &["x.example MX 10:a.example 20:b.example", "b.example AAAA !timeout"],
            "451 4.4.3 b.example could not be looked up: no DNS server answered in time",
        ),
        (
            "x.example",
            &["x.example MX 10:mx.here.example 20:b.example"],
            "554 5.4.6 mail for x.example loops back to this host",
        ),
        (
            "x.example",
            &["x.example MX 10:us.example", "us.example A >here.example 192.0.2.7"],
            "554 5.4.6 mail for x.example loops back to this host",
        ),
        (
            "here.example",
            &["here.example A 192.0.2.7"],
            "554 5.4.6 mail for here.example loops back to this host",
        ),
        (
            "x.example",
            &["x.example MX 10:localhost", "localhost A 127.0.0.1"],
            "550 5.4.4 no mail host of x.example has a usable address",
        ),
        ("[tag:content]", &[], "550 5.4.4 no mail host of [tag:content] has a usable address"),
    ] {
        assert_eq!(written(find(domain, records)), expected, "{domain} {records:?}");
    }
    let long = format!("{}{}", "abcdefg.".repeat(31), "abcdef");
    let long = Domain::parse(long.as_bytes(), false).unwrap();
    assert!(matches!(find(long.as_str(), &[]), Err(Failure::NoDomain(_))), "254 octets");
}

#[test]
fn addresses_that_mail_does_not_go_to() {
    for (ip, refused, allowed) in [
        ("127.0.0.1", false, true),
        ("127.9.9.9", false, true),
        ("0.0.0.0", false, false),
        ("0.1.2.3", false, false),
        ("224.0.0.1", false, false),
        ("255.255.255.255", false, false),
        ("10.0.0.1", true, true),
        ("::1", false, true),
        ("::", false, false),
        ("::ffff:127.0.0.1", false, true),
        ("::ffff:0.0.0.0", false, false),
        ("ff02::1", false, false),
        ("fd00::1", true, true),
    ] {
        let kind = if ip.contains(':') { "AAAA" } else { "A" };
        let lines = ["x.example MX 1:a.example".to_string(), format!("a.example {kind} {ip}")];
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        let literal = if ip.contains(':') { format!("[IPv6:{ip}]") } else { format!("[{ip}]") };
        for (loopback, expected) in [(Loopback::Refused, refused), (Loopback::Allowed, allowed)] {
            for host in ["x.example", &literal] {
                let (_, outcome) = run(finder(host, loopback, 1), &World::new(&lines));
                assert_eq!(outcome.is_ok(), expected, "{host} {ip} {loopback:?}");
            }
        }
    }
    let world = World::new(&["x.example MX 1:localhost", "localhost A 127.0.0.1"]);
    let (_, outcome) = run(finder("x.example", Loopback::Allowed, 1), &world);
    assert_eq!(written(outcome), "1 localhost 127.0.0.1");
}

#[test]
fn addresses_of_both_families_by_turns_and_not_too_many() {
    let world = [
        "x.example MX 1:a.example",
        "a.example A 192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.1",
        "a.example AAAA 2001:db8::1",
    ];
    let expected = "1 a.example 2001:db8::1,192.0.2.1,192.0.2.2,192.0.2.3";
    assert_eq!(written(find("x.example", &world)), expected);
    let many: Vec<_> = (1..=50).map(|last| format!("192.0.2.{last}")).collect();
    let many = format!("x.example A {}", many.join(" "));
    assert_eq!(find("x.example", &[&many]).unwrap().hosts[0].addresses.len(), 10);
}

#[test]
fn equals_are_shuffled_and_hosts_are_bounded() {
    let exchanges: Vec<_> =
        (0..100).map(|number| format!("{}:h{number}.example", number / 50)).collect();
    let mut lines = Vec::from([format!("x.example MX {}", exchanges.join(" "))]);
    lines.extend((0..100).map(|number| format!("h{number}.example A 192.0.2.{number}")));
    lines[1] = "h0.example A 192.0.2.100".into();
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let mut orders = Vec::new();
    for seed in 0..10 {
        let (asked, outcome) =
            run(finder("x.example", Loopback::Refused, seed), &World::new(&lines));
        assert_eq!(asked.len(), 1 + 2 * Limits::DEFAULT.mx_hosts);
        let hosts = outcome.unwrap().hosts;
        assert!(hosts.iter().all(|host| host.preference == 0));
        orders.push(hosts.into_iter().map(|host| host.name).collect::<Vec<_>>());
    }
    orders.sort();
    orders.dedup();
    assert_eq!(orders.len(), 10);
}

#[test]
fn all_addresses_are_asked_for_at_once() {
    let world = World::new(&["x.example MX 1:a.example 2:b.example"]);
    let mut finder = finder("x.example", Loopback::Refused, 1);
    let Some(Output::Ask { lookup, question }) = finder.poll() else { panic!() };
    finder.handle(now(), Input::Answered { lookup, outcome: world.answer(&question) });
    let mut asked: Vec<(Lookup, String)> = Vec::new();
    while let Some(Output::Ask { lookup, question }) = finder.poll() {
        asked.push((lookup, question.to_string()));
    }
    let questions: Vec<_> = asked.iter().map(|(_, question)| question.as_str()).collect();
    assert_eq!(questions, ["a.example AAAA", "a.example A", "b.example AAAA", "b.example A"]);
    assert_eq!(asked[3].0.number(), 4);
    assert_eq!(finder.poll_timeout(), None);
    // A stale answer changes nothing, and the order of answers does not matter.
    finder.handle(now(), Input::Answered { lookup, outcome: Err(dns::Failure::NoName) });
    for (lookup, question) in asked.iter().rev() {
        assert_eq!(finder.poll(), None);
        let known = entry("b.example A 192.0.2.2").1;
        let outcome = if question == "b.example A" { known } else { Err(dns::Failure::NoRecords) };
        finder.handle(now(), Input::Answered { lookup: *lookup, outcome });
    }
    let Some(Output::Found(outcome)) = finder.poll() else { panic!() };
    assert_eq!(written(outcome), "2 b.example 192.0.2.2");
}

#[test]
fn what_is_authenticated_and_for_how_long() {
    for (world, expected) in [
        (&["x.example MX * 1:a.example", "a.example A * 192.0.2.1"][..], true),
        (&["x.example MX 1:a.example", "a.example A * 192.0.2.1"], false),
        (&["x.example MX * 1:a.example", "a.example A 192.0.2.1"], false),
        (&["x.example MX * 1:a.example", "a.example A * 192.0.2.1", "a.example AAAA ::5"], false),
        (&["x.example A * 192.0.2.1"], false),
    ] {
        let path = find("x.example", world).unwrap();
        assert_eq!(path.hosts[0].authenticated, expected, "{world:?}");
        assert_eq!(path.until, Instant::from_seconds(1_060));
    }
}

#[test]
fn a_route_goes_to_a_host_whatever_its_mx_records() {
    let world = World::new(&[
        "relay.example MX 1:other.example",
        "relay.example A * 192.0.2.1",
        "mx.here.example A 127.0.0.1",
        "localhost AAAA ::1",
    ]);
    let slow = "451 4.4.3 slow.example could not be looked up: no DNS server answered in time";
    for (host, expected) in [
        ("relay.example", "0 relay.example 192.0.2.1"),
        ("mx.here.example", "0 mx.here.example 127.0.0.1"),
        ("localhost", "0 localhost ::1"),
        ("127.0.0.1", "0 [127.0.0.1] 127.0.0.1"),
        ("[IPv6:::1]", "0 [IPv6:::1] ::1"),
        ("none.example", "451 4.3.5 the configured host none.example has no usable address"),
        ("0.0.0.0", "451 4.3.5 the configured host 0.0.0.0 has no usable address"),
        ("slow.example", slow),
    ] {
        let finder = Finder::for_host(now(), &host.parse().unwrap(), &Limits::DEFAULT);
        let world =
            if host == "slow.example" { &World::new(&["slow.example A !timeout"]) } else { &world };
        let (asked, outcome) = run(finder, world);
        assert!(asked.len() == 2 || asked.is_empty());
        let authenticated = outcome.as_ref().is_ok_and(|path| path.hosts[0].authenticated);
        assert_eq!(authenticated, host == "relay.example");
        assert_eq!(written(outcome), expected);
    }
}
