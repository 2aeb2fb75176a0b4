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
