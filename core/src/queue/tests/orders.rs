//! What administrators and peers order.

use super::*;

fn down(domain: &str) -> World {
    let mut world = world(Settings::default());
    world.moods.insert(alloc::format!("mx.{domain}"), Mood::Down);
    world
}

#[test]
fn a_flush_tries_what_waits_for_a_domain_at_once() {
    let mut world = down("example.net");
    (0..3).for_each(|_| {
        world.send(&["bob@example.net"]);
    });
    world.pass(MINUTE);
    world.moods.clear();
    world.tell(Input::Command(Command::Flush("example.com".into())));
    assert!(world.delivered.is_empty());
    world.tell(Input::Command(Command::Flush("Example.NET".into())));
    assert_eq!(world.delivered.len(), 3);
}

#[test]
fn a_flush_of_subdomains_and_of_all() {
    let mut world = down("a.example.net");
    let id = world.send(&["bob@a.example.net"]);
    world.moods.clear();
    world.tell(Input::Command(Command::Flush("example.net".into())));
    assert!(world.delivered.is_empty());
    world.tell(Input::Command(Command::Flush("@example.net".into())));
    assert_eq!(world.delivered, [id]);
    world.moods.insert("mx.a.example.net".into(), Mood::Down);
    world.pass(MINUTE);
    world.send(&["bob@a.example.net"]);
    world.moods.clear();
    world.tell(Input::Command(Command::Flush("*".into())));
    assert_eq!(world.delivered.len(), 2);
}

#[test]
fn a_message_that_is_held_waits_until_it_is_released() {
    let mut world = down("example.net");
    let id = world.send(&["bob@example.net"]);
    world.tell(Input::Command(Command::Hold(id)));
    world.moods.clear();
    world.pass(60 * MINUTE);
    assert!(world.delivered.is_empty());
    world.tell(Input::Command(Command::Release(id)));
    assert_eq!(world.delivered, [id]);
}

#[test]
fn a_message_is_retried_on_order() {
    let mut world = down("example.net");
    let id = world.send(&["bob@example.net"]);
    world.moods.clear();
    world.tell(Input::Command(Command::Retry(id)));
    assert_eq!(world.delivered, [id]);
}

#[test]
fn a_message_goes_where_it_is_rerouted_to_at_once() {
    let mut world = down("example.net");
    let id = world.send(&["bob@example.net"]);
    let elsewhere = "relay.example.org:2525".parse().unwrap();
    world.tell(Input::Command(Command::Reroute(id, elsewhere)));
    assert_eq!(world.delivered, [id]);
    assert_eq!(world.attempts.last().unwrap().1, "relay.example.org");
}

/// Whoever carries it there has read the message before, and tells of its recipients later.
#[test]
fn a_message_that_is_under_way_is_not_sent_a_second_time_when_it_is_rerouted() {
    let mut world = world(Settings::default());
    world.moods.insert("mx.example.net".into(), Mood::Hangs);
    let id = world.send(&["bob@example.net"]);
    world.tell(Input::Command(Command::Reroute(id, "relay.example.org:2525".parse().unwrap())));
    assert_eq!(world.attempts.len(), 1, "{:?}", world.attempts);
    let outcome = Outcome::ours(Action::Relayed, (2, 0, 0), "250 Ok");
    let note = Note::Outcome { recipients: vec![0], outcome };
    world.entries.get_mut(&id).unwrap().apply(Record { at: world.now, note });
    let carrier = *world.carriers.keys().next().unwrap();
    world.tell(Input::Carried { carrier, id, carried: Carried::Settled { report: false } });
    assert!(world.queue.is_empty() && world.attempts.len() == 1);
}

#[test]
fn a_message_that_is_under_way_is_given_up_when_it_is_back() {
    let mut world = world(Settings::default());
    world.moods.insert("mx.example.net".into(), Mood::Hangs);
    let id = world.send(&["bob@example.net"]);
    world.tell(Input::Command(Command::Expire(id)));
    assert!(world.failed.is_empty());
    let carrier = *world.carriers.keys().next().unwrap();
    world.work(carrier, Mood::Greylists);
    world.settle();
    let (failed, outcome) = &world.failed[0];
    assert_eq!((*failed, outcome.status), (id, EnhancedCode::new(5, 4, 7)));
    assert!(world.queue.is_empty());
}

#[test]
fn a_message_that_is_held_is_not_given_up_before_it_is_released() {
    let mut world = down("example.net");
    let id = world.send(&["bob@example.net"]);
    world.tell(Input::Command(Command::Hold(id)));
    world.pass(10 * 24 * 60 * MINUTE);
    assert!(world.failed.is_empty() && world.queue.contains(id));
    world.tell(Input::Command(Command::Release(id)));
    world.pass(MINUTE);
    assert_eq!(world.failed.len(), 1);
    assert!(world.queue.is_empty());
}

/// The clerk could not note it: what is on the disk counts.
#[test]
fn an_order_that_was_not_noted_is_forgotten() {
    let mut world = down("example.net");
    let id = world.send(&["bob@example.net"]);
    world.queue.handle(world.now, Input::Command(Command::Hold(id)));
    let papers: Vec<_> = core::iter::from_fn(|| world.queue.poll()).collect();
    assert!(papers.iter().any(|it| matches!(it, Output::Paper(_))), "{papers:?}");
    world.tell(Input::Filed { id, left: Left::Unknown });
    world.moods.clear();
    assert!(!world.entries[&id].held);
    world.pass(60 * MINUTE);
    assert_eq!(world.delivered, [id]);
}

#[test]
fn a_message_that_goes_elsewhere_now_is_looked_at_anew() {
    let mut world = world(Settings::default());
    world.moods.insert("mx.example.net".into(), Mood::Hangs);
    world.moods.insert("mx.example.com".into(), Mood::Down);
    let id = world.send(&["bob@example.net", "carol@example.com"]);
    let mut routes = Routes::default();
    let host = Some((String::from("relay.example.org"), 25));
    routes.add("example.net", Route { host, ..Route::default() });
    world.queue.set(Arc::new(Settings { routes, ..Settings::default() }));
    let carrier = *world.carriers.keys().next().unwrap();
    world.tell(Input::Carried { carrier, id, carried: Carried::Elsewhere });
    assert!(world.attempts.iter().any(|(_, host, _)| host == "relay.example.org"));
}

#[test]
fn a_message_that_is_removed_is_told_to_nobody_and_one_that_expires_is() {
    let mut world = down("example.net");
    let removed = world.send(&["bob@example.net"]);
    let expired = world.send(&["bob@example.net"]);
    world.tell(Input::Command(Command::Remove(removed)));
    world.tell(Input::Command(Command::Expire(expired)));
    assert!(world.queue.is_empty() && world.entries.is_empty());
    let failed: Vec<Id> = world.failed.iter().map(|(id, _)| *id).collect();
    assert_eq!(failed, [expired]);
}

#[test]
fn at_shutdown_nothing_new_begins() {
    let mut world = world(Settings::default());
    world.send(&["bob@example.net"]);
    world.queue.handle_shutdown(world.now);
    world.settle();
    assert!(world.carriers.is_empty());
    world.send(&["bob@example.net"]);
    assert_eq!((world.attempts.len(), world.delivered.len()), (1, 1));
}
