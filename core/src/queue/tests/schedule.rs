//! When what is tried.

use super::*;

#[test]
fn mail_leaves_at_once_and_in_one_transaction_for_one_destination() {
    let mut world = world(Settings::default());
    let id = world.send(&["bob@example.net", "eve@example.net"]);
    assert_eq!(world.delivered, [id]);
    assert_eq!(world.attempts.len(), 1);
    assert!(world.queue.is_empty());
}

#[test]
fn a_connection_is_kept_for_what_comes_next_and_then_closed() {
    let mut world = world(Settings::default());
    world.send(&["bob@example.net"]);
    world.pass(Duration::from_secs(4));
    world.send(&["bob@example.net"]);
    assert_eq!((world.attempts.len(), world.carriers.len()), (1, 1));
    world.pass(Duration::from_secs(6));
    assert!(world.carriers.is_empty());
    world.send(&["bob@example.net"]);
    assert_eq!((world.attempts.len(), world.delivered.len()), (2, 3));
}

#[test]
fn a_message_that_is_deferred_is_tried_less_and_less_often_until_it_comes_back() {
    let mut world = world(Settings::default());
    world.moods.insert("mx.example.net".into(), Mood::Greylists);
    let id = world.send(&["bob@example.net"]);
    world.pass(3 * 60 * MINUTE);
    let waits: Vec<u64> = world.minutes(id).windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(waits.len(), 4, "{waits:?}");
    for (wait, wanted) in waits.iter().zip([5, 15, 30, 60]) {
        assert!(wait.abs_diff(wanted) <= wanted / 8 + 1, "{waits:?}");
    }
    assert!(world.warned.is_empty());
    world.pass(2 * 60 * MINUTE);
    assert_eq!(world.warned, [id], "a sender is told of a delay once");
    world.pass(5 * 24 * 60 * MINUTE);
    assert_eq!(world.warned, [id]);
    let (failed, outcome) = &world.failed[0];
    assert_eq!((*failed, outcome.status), (id, EnhancedCode::new(5, 4, 7)));
    assert!(world.queue.is_empty() && world.entries.is_empty());
}

#[test]
fn one_message_tries_a_host_that_is_down_and_the_others_wait_for_it() {
    let mut world = world(Settings::default());
    world.moods.insert("mx.example.net".into(), Mood::Down);
    let ids: Vec<Id> = (0..50).map(|_| world.send(&["bob@example.net"])).collect();
    let fine = world.send(&["bob@example.com"]);
    assert_eq!(world.delivered, [fine], "another destination does not wait");
    assert_eq!(world.attempts.len(), 2, "{:?}", world.attempts);
    world.pass(60 * MINUTE);
    assert!(world.attempts.len() < 8, "{:?}", world.attempts);
    world.moods.clear();
    world.pass(2 * 60 * MINUTE);
    assert_eq!(world.delivered.len(), ids.len() + 1);
}

#[test]
fn a_destination_gets_more_connections_as_it_serves_and_never_more_than_its_share() {
    let settings = Settings { connections_per_host: 7, ..Settings::default() };
    let mut world = world(settings);
    world.moods.insert("mx.example.net".into(), Mood::Hangs);
    (0..500).for_each(|_| {
        world.send(&["bob@example.net"]);
    });
    assert_eq!(world.most_per_host, 1, "nothing is known of it yet");
    world.moods.insert("mx.example.net".into(), Mood::Fine);
    let carriers: Vec<Carrier> = world.carriers.keys().copied().collect();
    for carrier in carriers {
        world.work(carrier, Mood::Fine);
    }
    world.settle();
    assert_eq!(world.delivered.len(), 500);
    assert!(world.most_per_host <= 7, "{}", world.most_per_host);
}

#[test]
fn hosts_that_hang_do_not_take_every_carrier_of_the_queue() {
    let mut world = world(Settings::default());
    for number in 0..90 {
        let domain = alloc::format!("slow{number}.example");
        world.moods.insert(alloc::format!("mx.{domain}"), Mood::Hangs);
        let to = alloc::format!("bob@{domain}");
        (0..10).for_each(|_| {
            world.send(&[&to]);
        });
    }
    let fine = world.send(&["bob@example.com"]);
    assert_eq!(world.delivered, [fine]);
    assert!(world.most_carriers <= Settings::default().limits.queue_carriers);
}

#[test]
fn a_connection_that_has_nothing_to_carry_makes_room_for_another_destination() {
    let mut settings = Settings::default();
    settings.limits.queue_carriers = 3;
    let mut world = world(settings);
    for number in 0..20 {
        world.send(&[&alloc::format!("bob@d{number}.example")]);
    }
    assert_eq!(world.delivered.len(), 20, "nobody waits for a connection that is idle");
    assert!(world.most_carriers <= 3, "{}", world.most_carriers);
}

#[test]
fn a_destination_with_much_mail_makes_room_for_one_with_little() {
    let mut settings = Settings::default();
    settings.limits.queue_carriers = 2;
    let mut world = world(settings);
    world.moods.insert("mx.example.net".into(), Mood::Hangs);
    for _ in 0..50 {
        world.send(&["bob@example.net"]);
    }
    let carrier = *world.carriers.keys().next().unwrap();
    world.work(carrier, Mood::Fine);
    world.settle();
    let other = world.send(&["bob@example.com"]);
    assert_eq!((world.carriers.len(), world.delivered.len()), (2, 1), "all carriers are at work");
    world.work(carrier, Mood::Fine);
    world.settle();
    assert_eq!((world.delivered.len(), world.delivered[2]), (3, other));
}

#[test]
fn a_connection_carries_no_more_messages_than_it_may() {
    let settings = Settings { messages_per_connection: 10, ..Settings::default() };
    let mut world = world(settings);
    (0..100).for_each(|_| {
        world.send(&["bob@example.net"]);
    });
    assert_eq!((world.attempts.len(), world.delivered.len()), (10, 100));
}

#[test]
fn each_destination_of_a_message_has_its_own_fate() {
    let mut world = world(Settings::default());
    world.moods.insert("mx.example.net".into(), Mood::Refuses);
    world.moods.insert("mx.example.com".into(), Mood::Greylists);
    let id = world.send(&["a@example.net", "b@example.com", "c@example.edu"]);
    assert_eq!(world.failed.len(), 1, "a failure is told at once");
    assert!(world.entries.contains_key(&id));
    world.moods.clear();
    world.pass(10 * MINUTE);
    assert!(world.entries.is_empty() && world.queue.is_empty());
    assert_eq!(world.failed.len(), 1);
}

#[test]
fn nothing_is_left_behind_of_destinations_that_came_and_went() {
    let mut world = world(Settings::default());
    for number in 0..300 {
        world.send(&[&alloc::format!("bob@d{number}.example")]);
    }
    world.pass(10 * MINUTE);
    assert_eq!(world.delivered.len(), 300);
    assert!(world.queue.stations.is_empty() && world.queue.schedule.is_empty());
}
