//! Hosts and names that fail.

use super::*;

#[test]
fn the_next_host_is_tried_when_one_is_down_and_it_is_left_alone_for_a_while() {
    let mut world = world(Settings::default());
    world.mx.insert("example.net".into(), Ok(vec!["a.example.net", "b.example.net"]));
    world.moods.insert("a.example.net".into(), Mood::Down);
    world.send(&["bob@example.net"]);
    world.pass(MINUTE);
    world.send(&["bob@example.net"]);
    let hosts: Vec<&str> = world.attempts.iter().map(|(_, host, _)| host.as_str()).collect();
    assert_eq!(hosts, ["a.example.net", "b.example.net", "b.example.net"]);
    assert_eq!(world.delivered.len(), 2);
    world.pass(10 * MINUTE);
    world.send(&["bob@example.net"]);
    assert_eq!(world.attempts[3].1, "a.example.net", "its rest is over");
}

#[test]
fn a_host_that_is_down_on_one_port_is_not_left_alone_on_another() {
    let mut settings = Settings::default();
    for (domain, port) in [("example.net", 25), ("example.com", 587)] {
        let host = Some(("relay.example.org".into(), port));
        settings.routes.add(domain, Route { host, ..Route::default() });
    }
    let mut world = world(settings);
    world.moods.insert("relay.example.org".into(), Mood::Down);
    world.send(&["bob@example.net"]);
    world.moods.clear();
    let id = world.send(&["carol@example.com"]);
    assert_eq!((world.attempts.len(), world.delivered.clone()), (2, vec![id]));
}

#[test]
fn tls_that_fails_is_done_without_where_it_is_only_opportunistic() {
    let mut world = world(Settings::default());
    world.moods.insert("mx.example.net".into(), Mood::BadTls);
    world.send(&["bob@example.net"]);
    assert_eq!((world.attempts.len(), world.delivered.len()), (2, 1));
}

#[test]
fn tls_that_fails_is_not_done_without_where_it_is_required() {
    let mut settings = Settings::default();
    let route = Route { protection: Protection::Require, ..Route::default() };
    settings.routes.add("example.net", route);
    let mut world = world(settings);
    world.moods.insert("mx.example.net".into(), Mood::BadTls);
    world.send(&["bob@example.net"]);
    assert_eq!((world.attempts.len(), world.delivered.len()), (1, 0));
    world.pass(6 * 24 * 60 * MINUTE);
    assert!(world.delivered.is_empty());
    assert_eq!(world.failed.len(), 1);
}

#[test]
fn a_domain_that_does_not_exist_comes_back_at_once() {
    let mut world = world(Settings::default());
    world.mx.insert("example.invalid".into(), Err(dns::Failure::NoName));
    (0..300).for_each(|_| {
        world.send(&["bob@example.invalid"]);
    });
    assert_eq!(world.failed.len(), 300);
    assert_eq!(world.failed[0].1.status, EnhancedCode::new(5, 1, 2));
    assert!(world.queue.is_empty());
}

#[test]
fn a_domain_that_takes_no_mail_says_so_to_the_sender() {
    let mut world = world(Settings::default());
    world.mx.insert("example.net".into(), Ok(vec![""]));
    world.send(&["bob@example.net"]);
    assert_eq!(world.failed[0].1.status, EnhancedCode::new(5, 1, 10));
}

#[test]
fn dns_that_fails_is_tried_again() {
    let mut world = world(Settings::default());
    world.mx.insert("example.net".into(), Err(dns::Failure::Timeout));
    let id = world.send(&["bob@example.net"]);
    world.pass(3 * MINUTE);
    assert!(world.attempts.is_empty() && world.entries.contains_key(&id));
    world.mx.clear();
    world.pass(10 * MINUTE);
    assert_eq!(world.delivered, [id]);
}

#[test]
fn a_spool_that_fails_loses_nothing() {
    let mut world = world(Settings::default());
    world.moods.insert("mx.example.net".into(), Mood::Hangs);
    let id = world.send(&["bob@example.net"]);
    let carrier = *world.carriers.keys().next().unwrap();
    world.tell(Input::Carried { carrier, id, carried: Carried::Unknown });
    world.carriers.clear();
    world.tell(Input::Closed { carrier, end: End::Over });
    world.moods.clear();
    world.pass(10 * MINUTE);
    assert_eq!(world.delivered, [id]);
}

#[test]
fn a_message_whose_connection_is_lost_before_it_began_is_tried_anew() {
    let mut world = world(Settings::default());
    world.send(&["bob@example.net"]);
    let carrier = *world.carriers.keys().next().unwrap();
    world.moods.insert("mx.example.net".into(), Mood::Hangs);
    world.send(&["bob@example.net"]);
    world.moods.clear();
    world.carriers.remove(&carrier);
    world.tell(Input::Closed { carrier, end: End::Over });
    assert_eq!((world.attempts.len(), world.delivered.len()), (2, 2));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(60))]

    /// Whatever hosts do, and in whatever order they change their mind: every message is delivered or
    /// comes back, the queue forgets it, and no limit is overstepped.
    #[test]
    fn accepted_is_delivered_or_told(
        steps in proptest::collection::vec((0..8usize, 0..6usize, 0..900u64), 1..60),
    ) {
        use Mood::{BadTls, Down, Fine, Greylists, Refuses};
        let settings = Settings { connections_per_host: 3, ..Settings::default() };
        let mut world = world(settings);
        let mut sent = 0;
        for (domain, mood, seconds) in steps {
            let host = alloc::format!("mx.d{domain}.example");
            if let Some(mood) = [Fine, Down, Greylists, Refuses, BadTls].get(mood) {
                world.moods.insert(host, *mood);
            }
            let two = [alloc::format!("a@d{domain}.example"), alloc::format!("b@d{}.example", (domain + 1) % 8)];
            world.send(&[&two[0], &two[1]]);
            sent += 1;
            world.pass(Duration::from_secs(seconds));
        }
        world.pass(7 * 24 * 60 * MINUTE);
        assert!(world.entries.is_empty() && world.queue.is_empty());
        let mut over: Vec<Id> = world.failed.iter().map(|(id, _)| *id).chain(world.delivered.clone()).collect();
        over.sort();
        over.dedup();
        assert_eq!(over.len(), sent);
        assert!(world.most_per_host <= 3);
        assert!(world.queue.schedule.is_empty() && world.queue.stations.is_empty());
    }
}

#[test]
fn an_address_in_brackets_that_is_this_host_takes_no_mail_from_others() {
    let mut world = world(Settings::default());
    for address in ["eve@[127.0.0.1]", "eve@[IPv6:::1]", "eve@[IPv6:::ffff:127.0.0.1]"] {
        world.send(&[address]);
    }
    assert!(world.attempts.is_empty());
    let statuses: Vec<_> = world.failed.iter().map(|(_, outcome)| outcome.status).collect();
    assert_eq!(statuses, [EnhancedCode::new(5, 4, 4); 3]);
    world.send(&["eve@[192.0.2.1]"]);
    assert_eq!(world.attempts.len(), 1);
}

/// What is between this host and one destination is not between it and others.
#[test]
fn a_host_that_one_destination_does_not_trust_is_there_for_others() {
    let mut routes = Routes::default();
    routes.add("example.net", Route { protection: Protection::Require, ..Route::default() });
    let mut world = world(Settings { routes, ..Settings::default() });
    for domain in ["example.net", "example.com"] {
        world.mx.insert(domain.into(), Ok(vec!["mx.example.org"]));
    }
    world.moods.insert("mx.example.org".into(), Mood::BadTls);
    world.send(&["bob@example.net"]);
    let other = world.send(&["bob@example.com"]);
    assert_eq!(world.delivered, [other]);
}

#[test]
fn a_destination_that_nobody_goes_to_any_more_is_forgotten_when_its_hosts_are_found() {
    let mut queue = Queue::new(START, Arc::new(Settings::default()), Entropy::from_seed([1; 32]));
    let id = Id::parse("2b3c4d5f6g7h8j9k").unwrap();
    let destination = Destination::Domain("example.net".into());
    let deliveries = vec![Delivery { destination, attempts: 0, tried: None }];
    let summary = Summary { id, arrived: START, deliveries, held: false, warned: false };
    queue.handle(START, Input::Queued(Box::new(summary)));
    let asked: Vec<_> = core::iter::from_fn(|| queue.poll()).collect();
    let [Output::Resolve { query, .. }] = &asked[..] else { panic!("{asked:?}") };
    queue.handle(START, Input::Filed { id, left: Left::Gone });
    let outcome = Err(dns::Failure::NoName);
    queue.handle(START, Input::Resolved { query: *query, outcome });
    while queue.poll().is_some() {}
    assert!(queue.stations.is_empty());
}
