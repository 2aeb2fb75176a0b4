use super::*;
use crate::entropy::Entropy;
use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use miniz_oxide::deflate::compress_to_vec;
use proptest::prelude::*;

const NOW: Instant = Instant::from_seconds(1);

/// A toy session. One end says its lines, each when the last was answered; the other gives every
/// line back. After `COMPRESS` both compress, after `PLAIN` no more, after `QUIT` both close.
#[derive(Default, Debug)]
struct Toy {
    lines: VecDeque<String>,
    heard: Vec<String>,
    unread: Vec<u8>,
    outbox: Outbox,
    due: Option<Deflate>,
    done: Vec<Result<Deflate, DeflateFailed>>,
    pauses: bool,
    ended: bool,
    closed: bool,
}

impl Toy {
    fn answering() -> Self {
        Self::default()
    }

    fn asking(lines: &[String]) -> Self {
        let mut toy = Self { lines: lines.iter().cloned().collect(), ..Self::default() };
        toy.say();
        toy
    }

    fn say(&mut self) {
        if let Some(line) = self.lines.pop_front() {
            self.outbox.push(format!("?{line}\n").as_bytes());
        }
    }

    fn hear(&mut self, line: String) {
        // Garbage may be a line, too.
        let Some((kind, line)) = line.split_at_checked(1) else { return };
        self.heard.push(line.to_string());
        if kind == "?" {
            self.outbox.push(format!("!{line}\n").as_bytes());
        }
        match line {
            "COMPRESS" => self.due = Some(Deflate::Begin),
            "PLAIN" => self.due = Some(Deflate::End),
            "QUIT" => self.closed = true,
            _ if kind == "!" => self.say(),
            _ => {}
        }
    }
}

impl Machine for Toy {
    type Input = ();
    type Output = ();
    fn handle(&mut self, _: Instant, (): ()) {}
    fn handle_timeout(&mut self, _: Instant) {}
    fn handle_shutdown(&mut self, _: Instant) {}
    fn poll(&mut self) -> Option<()> {
        while self.wants() == Wants::Read
            && let Some(end) = self.unread.iter().position(|octet| *octet == b'\n')
        {
            let line: Vec<u8> = self.unread.drain(..=end).collect();
            self.hear(String::from_utf8_lossy(&line[..end]).into_owned());
        }
        self.closed |= self.ended;
        None
    }
    fn poll_timeout(&self) -> Option<Instant> {
        None
    }
}

impl Session for Toy {
    fn handle_bytes(&mut self, _: Instant, bytes: &[u8]) {
        assert_eq!(self.wants(), Wants::Read, "octets that nobody asked for");
        self.unread.extend_from_slice(bytes);
    }
    fn handle_eof(&mut self, _: Instant) {
        assert!(!self.ended, "one end only");
        self.ended = true;
    }
    fn handle_tls(&mut self, _: Instant, _: Result<Tls, TlsFailed>) {}
    fn handle_deflate(&mut self, _: Instant, outcome: Result<Deflate, DeflateFailed>) {
        match outcome {
            Ok(deflate) => {
                assert_eq!(self.due.take(), Some(deflate));
                self.unread.clear();
                self.say();
            }
            Err(_) => self.closed = true,
        }
        self.done.push(outcome);
    }
    fn transmit(&self) -> &[u8] {
        self.outbox.as_slice()
    }
    fn transmitted(&mut self, count: usize) {
        self.outbox.transmitted(count);
    }
    fn wants(&self) -> Wants {
        match self.due {
            _ if self.closed => Wants::Close,
            Some(deflate) => Wants::Deflate(deflate),
            None if self.pauses || self.ended || self.outbox.is_high() => Wants::Nothing,
            None => Wants::Read,
        }
    }
    fn content(&self) -> &[u8] {
        match self.due {
            Some(Deflate::Begin) => &self.unread,
            _ => &[],
        }
    }
    fn handle_content(&mut self, _: Instant, _: Ticket, _: &[u8]) {}
}

fn compressed(toy: Toy) -> Compressed<Toy> {
    Compressed::new(NOW, toy, &Limits::DEFAULT)
}

/// The answering end, compressed by command.
fn open() -> Compressed<Toy> {
    let mut end = compressed(Toy::answering());
    assert_eq!(hear(&mut end, b"?COMPRESS\n"), b"!COMPRESS\n");
    assert_eq!(end.session.done, [Ok(Deflate::Begin)]);
    end
}

/// What comes of `octets`.
fn hear(end: &mut Compressed<Toy>, octets: &[u8]) -> Vec<u8> {
    if !octets.is_empty() {
        end.handle_bytes(NOW, octets);
    }
    let mut said = Vec::new();
    loop {
        while end.poll().is_some() {}
        if end.transmit().is_empty() {
            return said;
        }
        said.extend_from_slice(end.transmit());
        end.transmitted(end.transmit().len());
    }
}

fn deflated(deflater: &mut Deflater, text: &str) -> Vec<u8> {
    let mut out = Outbox::default();
    deflater.deflate(text.as_bytes(), &mut out);
    deflater.flush(&mut out);
    out.as_slice().to_vec()
}

fn inflated(inflater: &mut Inflater, octets: &[u8]) -> String {
    let (mut inbox, mut text) = (Inbox::default(), Vec::new());
    inbox.push(octets);
    while inflater.inflate(&mut inbox) == Inflated::Some {
        text.extend_from_slice(inflater.slice());
    }
    String::from_utf8(text).unwrap()
}

/// Carries octets between two ends in random pieces until both have closed.
fn pump(one: &mut impl Session, two: &mut impl Session, seed: u8) {
    let mut dice = Entropy::from_seed([seed; 32]);
    for _ in 0..1_000_000 {
        let moved = carry(one, two, &mut dice) | carry(two, one, &mut dice);
        if !moved {
            assert_eq!((one.wants(), two.wants()), (Wants::Close, Wants::Close));
            return;
        }
    }
    panic!("the ends never came to rest");
}

fn carry(from: &mut impl Session, to: &mut impl Session, dice: &mut Entropy) -> bool {
    while from.poll().is_some() {}
    if from.transmit().is_empty() || to.wants() == Wants::Nothing {
        return false;
    }
    let most = if dice.below(3) == 0 { 1 } else { 1 + dice.below(3000) as usize };
    let piece = from.transmit()[..from.transmit().len().min(most)].to_vec();
    from.transmitted(piece.len());
    while from.poll().is_some() {}
    if to.wants() == Wants::Read {
        to.handle_bytes(NOW, &piece);
    }
    while to.poll().is_some() {}
    true
}

fn script(lines: &[String]) -> Vec<String> {
    let word = |word: &str| word.to_string();
    let (plain, rest) = lines.split_at(lines.len() / 3);
    let (deflate, after) = rest.split_at(rest.len() / 2);
    [plain, &[word("COMPRESS")], deflate, &[word("PLAIN")], after, &[word("QUIT")]].concat()
}

fn lines() -> impl Strategy<Value = Vec<String>> {
    let line = ("[ -~]{0,80}", 1_usize..400).prop_map(|(text, times)| text.repeat(times));
    prop::collection::vec(line, 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn both_ends_understand_each_other(lines in lines(), seed: u8) {
        let lines = script(&lines);
        let mut asking = compressed(Toy::asking(&lines));
        let mut answering = compressed(Toy::answering());

        pump(&mut asking, &mut answering, seed);
        prop_assert_eq!(&asking.session.heard, &lines);
        prop_assert_eq!(&answering.session.heard, &lines);
        prop_assert_eq!(&answering.session.done, &[Ok(Deflate::Begin), Ok(Deflate::End)]);
    }

    #[test]
    fn garbage_never_panics(garbage: Vec<u8>, cut: prop::sample::Index) {
        let mut end = open();
        let (one, two) = garbage.split_at(cut.index(garbage.len() + 1));
        for piece in [one, two] {
            if end.wants() == Wants::Read {
                hear(&mut end, piece);
            }
        }
    }
}

#[cfg(feature = "tls")]
#[test]
fn tls_lies_below() {
    use crate::tls::Secured;
    use core::time::Duration;
    let lines: Vec<_> = (0..12).map(|it| format!("line {it} ").repeat(it * 300)).collect();
    let lines = script(&lines);
    for seed in 0..8 {
        let (server, client) = crate::tls::tests::sides("mx.example.com");
        let patience = Duration::from_secs(60);
        let asking = compressed(Toy::asking(&lines));
        let answering = compressed(Toy::answering());
        let mut asking = Secured::starting_secured(NOW, asking, client, patience);
        let mut answering = Secured::starting_secured(NOW, answering, server, patience);
        pump(&mut asking, &mut answering, seed);
    }
}

#[test]
fn what_follows_the_command_is_compressed() {
    let said = [b"?COMPRESS\n", &deflated(&mut Deflater::default(), "?a\n?b\n")[..]].concat();
    for cut in 0..=said.len() {
        let mut end = compressed(Toy::answering());
        let mut heard = Vec::new();
        for piece in [&said[..cut], &said[cut..]] {
            heard.extend(hear(&mut end, piece));
        }
        let rest = heard.strip_prefix(b"!COMPRESS\n").unwrap();
        assert_eq!(inflated(&mut Inflater::default(), rest), "!a\n!b\n", "{cut}");
    }
}

#[test]
fn what_follows_the_end_is_not() {
    for plain in ["", "?a\n"] {
        let deflated = deflated(&mut Deflater::default(), "?PLAIN\n");
        let said = [&deflated[..], plain.as_bytes()].concat();
        for cut in 0..=said.len() {
            let mut end = open();
            let mut heard = Vec::new();
            for piece in [&said[..cut], &said[cut..]] {
                heard.extend(hear(&mut end, piece));
            }
            heard.extend(hear(&mut end, b"?b\n"));
            let text = String::from_utf8_lossy(&heard).into_owned();
            assert!(text.ends_with(&format!("{}!b\n", plain.replace('?', "!"))), "{cut}: {text}");
        }
    }
}

#[test]
fn a_bomb_waits_until_it_is_read() {
    let mut end = open();
    let text = ["?", &"x".repeat(512 * 1024), "\n"].concat();
    let bomb = compress_to_vec(text.as_bytes(), 6);
    assert!(bomb.len() < 1024, "{} octets", bomb.len());
    end.handle_bytes(NOW, &bomb);
    end.session.pauses = true;
    assert_eq!(hear(&mut end, b""), b"");
    assert!(end.session.unread.is_empty());
    end.session.pauses = false;
    assert!(end.feed());
    assert_eq!(end.session.unread.len(), Limits::DEFAULT.inflate_slice);
    let Layer::Open(open) = &end.layer else { panic!() };
    assert!(open.inflater.memory() < 128 * 1024, "{} octets", open.inflater.memory());
    assert_eq!(inflated(&mut Inflater::default(), &hear(&mut end, b"")).len(), text.len());
}

#[test]
fn what_is_not_compressed_is_told() {
    let mut end = open();
    hear(&mut end, b"?a\n?b\n?c\n");
    assert!(matches!(end.session.done[..], [Ok(_), Err(_)]), "{:?}", end.session.done);
    assert_eq!(end.wants(), Wants::Close);
}

#[test]
fn the_peer_may_end_anywhere() {
    let whole = deflated(&mut Deflater::default(), "?a\n");
    for cut in 0..=whole.len() {
        let mut end = open();
        hear(&mut end, &whole[..cut]);
        end.handle_eof(NOW);
        hear(&mut end, b"");
        assert!(end.session.ended && end.wants() == Wants::Close, "{cut}");
    }
    let mut end = open();
    let heard = hear(&mut end, &compress_to_vec(b"?a\n", 6));
    assert_eq!(inflated(&mut Inflater::default(), &heard), "!a\n");
    assert!(end.session.ended, "a stream that has ended is all that comes");
}

#[test]
fn silence_needs_little_memory_and_loses_nothing() {
    let mut end = open();
    let (mut deflater, mut inflater) = (Deflater::default(), Inflater::default());
    for round in 0..3 {
        let line = format!("{round} a line that is much like the one before\n");
        for _ in 0..3 {
            let octets = deflated(&mut deflater, &format!("?{line}"));
            let heard = hear(&mut end, &octets);
            assert_eq!(inflated(&mut inflater, &heard), format!("!{line}"));
        }
        let rest = end.poll_timeout().unwrap();
        assert_eq!(rest, NOW + Limits::DEFAULT.deflate_rest);
        end.handle_timeout(rest);
        assert_eq!(hear(&mut end, b""), b"");
        assert_eq!(end.poll_timeout(), None);
        let Layer::Open(open) = &end.layer else { panic!() };
        assert!(!open.deflater.is_awake());
        assert!(open.inflater.memory() < 512, "{} octets", open.inflater.memory());
    }
    assert!(size_of::<Open>() < 512, "{} octets", size_of::<Open>());
}
