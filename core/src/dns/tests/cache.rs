use super::bench::a;
use super::name;
use crate::dns::cache::Cache;
use crate::dns::{Answer, Failure, Kind, Question, Record};
use crate::machine::Instant;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec;

fn question(number: usize) -> Question {
    Question::new(name(&format!("host{number}.example.com")), Kind::A)
}

#[test]
fn a_cache_forgets_in_time_and_what_was_not_used_for_longest() {
    let at = Instant::from_seconds;
    let mut cache = Cache::new(1_000);
    cache.put(at(0), question(1), Err(Failure::NoName), at(10));
    cache.put(at(0), question(2), Err(Failure::NoRecords), at(20));
    cache.put(at(0), question(3), Err(Failure::NoRecords), at(20));
    assert_eq!(cache.get(at(9), &question(1)), Some(Err(Failure::NoName)));
    cache.put(at(0), question(4), Err(Failure::NoName), at(10));
    assert_eq!(cache.get(at(9), &question(2)), None, "gone for the fourth");
    assert!(cache.get(at(9), &question(1)).is_some());
    assert_eq!(cache.get(at(10), &question(1)), None);
    assert!(cache.get(at(10), &question(3)).is_some());
    cache.put(at(0), question(3), Err(Failure::NoName), at(0));
    assert_eq!(cache.get(at(0), &question(3)), None, "replaced by what does not last");
}

#[test]
fn a_cache_takes_no_more_memory_than_it_may() {
    let (now, later) = (Instant::from_seconds(0), Instant::from_seconds(10));
    let mut cache = Cache::new(100_000);
    for number in 0..5_000 {
        let records = vec![Record::Txt(vec![b'x'; number * 30]), a(1)];
        let canonical = name("example.com");
        let answer = Answer { records, canonical, until: later, authenticated: false };
        cache.put(now, question(number % 1_000), Ok(Arc::new(answer)), later);
        assert!(cache.octets() <= 100_000);
    }
    cache.clear();
    assert_eq!(cache.octets(), 0);
}
