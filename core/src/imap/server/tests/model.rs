//! Several sessions over one mailbox, each with a client that believes what it is told and nothing
//! else. Whatever happens, no client may be told what cannot be (RFC 9051 §7.5, RFC 7162 §3.2), and
//! whenever all may be told, it believes what is true.

use super::{Dialogue, START};
use crate::store::{Access, Account, Answer, Flags, MailboxName, Memory, Request, Snapshot, Store};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use proptest::prelude::*;

/// What a client has asked for at its start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mode {
    Plain,
    CondStore,
    Qresync,
    UidOnly,
}

/// What a client knows of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Known {
    uid: Option<u32>,
    flags: Option<u8>,
    modseq: Option<u64>,
}

struct Client {
    dialogue: Dialogue,
    mode: Mode,
    believed: Vec<Known>,
    /// The greatest mod-sequence up to which it has heard everything.
    modseq: u64,
    /// Whose flags were told during the command under way: where, and the UID if it is known.
    told: Vec<(usize, Option<u32>)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Way {
    Number,
    Uid,
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Append,
    Noop,
    Expunge,
    Search,
    /// Adds, removes or replaces flags of the message at this place.
    Store {
        way: Way,
        place: usize,
        sign: usize,
        flags: u8,
        silent: bool,
        conditional: bool,
    },
    Fetch {
        way: Way,
        place: usize,
        body: bool,
    },
    /// Goes, and comes again with what it knows.
    Return,
}

const NAMES: [&str; 3] = ["\\Seen", "\\Deleted", "\\Flagged"];

fn act() -> impl Strategy<Value = Act> {
    let way = || prop_oneof![Just(Way::Number), Just(Way::Uid)];
    let store = (way(), 0..9_usize, 0..3_usize, 0..8_u8, any::<bool>(), any::<bool>()).prop_map(
        |(way, place, sign, flags, silent, conditional)| Act::Store {
            way,
            place,
            sign,
            flags,
            silent,
            conditional,
        },
    );
    let fetch = (way(), 0..9_usize, any::<bool>()).prop_map(|(way, place, body)| Act::Fetch {
        way,
        place,
        body,
    });
    prop_oneof![
        3 => Just(Act::Append),
        2 => Just(Act::Noop),
        2 => Just(Act::Expunge),
        1 => Just(Act::Search),
        6 => store,
        3 => fetch,
        1 => Just(Act::Return),
    ]
}

fn names(flags: u8) -> String {
    let names = NAMES.iter().enumerate().filter(|(bit, _)| flags & 1 << bit > 0);
    names.map(|(_, name)| *name).collect::<Vec<_>>().join(" ")
}

/// The three flags that are played with.
fn bits(flags: Flags) -> u8 {
    let bit = |flag, bit: u8| if flags.contains(flag) { bit } else { 0 };
    bit(Flags::SEEN, 1) | bit(Flags::DELETED, 2) | bit(Flags::FLAGGED, 4)
}

fn truth(memory: &Memory) -> Snapshot {
    let account = Account::parse("alice@example.org").unwrap();
    let (mailbox, access) = (MailboxName::inbox(), Access::ReadOnly);
    let open = Request::Open { account, mailbox, access };
    match memory.session().perform(START, open, b"", &mut Vec::new()) {
        Answer::Opened(snapshot) => snapshot,
        other => panic!("{other:?}"),
    }
}

impl Client {
    fn new(memory: &Memory, mode: Mode) -> Self {
        let mut dialogue = Dialogue::logged_in(memory);
        let enable = match mode {
            Mode::Plain => "NOOP",
            Mode::CondStore => "ENABLE CONDSTORE",
            Mode::Qresync => "ENABLE QRESYNC",
            Mode::UidOnly => "ENABLE UIDONLY CONDSTORE",
        };
        dialogue.say(format!("e {enable}\r\n"));
        let mut client = Self { dialogue, mode, believed: Vec::new(), modseq: 0, told: Vec::new() };
        client.run("SELECT INBOX", true);
        client
    }

    fn hears_vanished(&self) -> bool {
        matches!(self.mode, Mode::Qresync | Mode::UidOnly)
    }

    /// Says a command and believes what comes; the text of the tagged response.
    fn run(&mut self, command: &str, may_expunge: bool) -> String {
        self.told.clear();
        let heard = self.dialogue.say(format!("t {command}\r\n"));
        // Literals and what follows them belong to their lines.
        let mut lines: Vec<String> = Vec::new();
        for line in heard.split("\r\n").filter(|line| !line.is_empty()) {
            match lines.last_mut() {
                Some(last) if !line.starts_with("* ") && !line.starts_with("t ") => {
                    *last = format!("{last} {line}");
                }
                _ => lines.push(line.into()),
            }
        }
        let tagged = lines.pop().unwrap();
        let mut has_new = false;
        for line in &lines {
            has_new |= self.hear(line, may_expunge);
        }
        if has_new && self.hears_vanished() {
            // Such a client must know the UIDs before any of them can vanish.
            let known = self.run("UID FETCH 1:* (FLAGS)", true);
            assert!(known.starts_with("t OK"), "{known}");
        }
        tagged
    }

    /// Takes in one untagged response; whether there are new messages.
    fn hear(&mut self, line: &str, may_expunge: bool) -> bool {
        let words: Vec<&str> = line.split(' ').collect();
        let number = words[1].parse::<usize>();
        match (number, words.get(2).copied().unwrap_or_default()) {
            (Ok(number), "EXISTS") => {
                assert!(number >= self.believed.len(), "{line}: {:?}", self.believed);
                let has_new = number > self.believed.len();
                self.believed.resize(number, Known::default());
                return has_new;
            }
            (Ok(number), "EXPUNGE") => {
                assert!(may_expunge && !self.hears_vanished(), "{line}");
                self.believed.remove(number - 1);
            }
            (Ok(number), "FETCH") => {
                assert_ne!(self.mode, Mode::UidOnly, "{line}");
                self.learn(number - 1, line);
            }
            (Ok(uid), "UIDFETCH") => {
                assert_eq!(self.mode, Mode::UidOnly, "{line}");
                let uid = Some(u32::try_from(uid).unwrap());
                let place = self.believed.iter().position(|it| it.uid == uid);
                let place = place.or_else(|| self.believed.iter().position(|it| it.uid.is_none()));
                let place = place.unwrap_or_else(|| panic!("{line}: {:?}", self.believed));
                self.believed[place].uid = uid;
                self.learn(place, line);
            }
            (Err(_), _) if words[1] == "VANISHED" => self.vanish(&words, may_expunge),
            _ => {}
        }
        false
    }

    fn vanish(&mut self, words: &[&str], may_expunge: bool) {
        assert!(self.hears_vanished());
        let is_earlier = words[2] == "(EARLIER)";
        assert!(may_expunge || is_earlier);
        for range in words.last().unwrap().split(',') {
            let (first, last) = range.split_once(':').unwrap_or((range, range));
            for uid in first.parse::<u32>().unwrap()..=last.parse().unwrap() {
                let place = self.believed.iter().position(|it| it.uid == Some(uid));
                match place {
                    Some(place) => drop(self.believed.remove(place)),
                    None => assert!(is_earlier, "{words:?}: {:?}", self.believed),
                }
            }
        }
    }

    /// Takes in what a FETCH response tells of a message.
    fn learn(&mut self, place: usize, line: &str) {
        let known = &mut self.believed[place];
        let behind = |name: &str| Some(line.split_once(name)?.1.split(')').next().unwrap());
        if let Some((_, uid)) = line.split_once("(UID ") {
            let uid = uid.split([' ', ')']).next().unwrap().parse().unwrap();
            assert!(known.uid.is_none_or(|it| it == uid), "{line}: {known:?}");
            known.uid = Some(uid);
        }
        if let Some(flags) = behind("FLAGS (") {
            let is_set = |name: &&str| flags.split(' ').any(|it| it == *name);
            let bits = NAMES.iter().enumerate().filter(|(_, name)| is_set(name));
            known.flags = Some(bits.map(|(bit, _)| 1 << bit).sum());
            self.told.push((place, known.uid));
        }
        if let Some(modseq) = behind("MODSEQ (") {
            let modseq = modseq.parse().unwrap();
            assert!(known.modseq.is_none_or(|it| it <= modseq), "{line}: {known:?}");
            known.modseq = Some(modseq);
        }
    }

    /// How a command names the message at a place, if it can.
    fn name(&self, way: Way, place: usize) -> Option<(&'static str, usize, u32)> {
        let place = place.checked_rem(self.believed.len())?;
        if way == Way::Number && self.mode != Mode::UidOnly {
            return Some(("", place, u32::try_from(place + 1).unwrap()));
        }
        Some(("UID ", place, self.believed[place].uid?))
    }

    fn act(&mut self, memory: &Memory, act: Act) {
        match act {
            Act::Append => {
                let append = self.run("APPEND INBOX {14+}\r\nSubject: x\r\n\r\n", true);
                assert!(append.starts_with("t OK"), "{append}");
                self.check(memory);
            }
            Act::Noop => {
                self.run("NOOP", true);
                self.check(memory);
            }
            Act::Expunge => {
                self.run("EXPUNGE", true);
                self.check(memory);
            }
            Act::Search if self.mode == Mode::UidOnly => {}
            Act::Search => drop(self.run("SEARCH ALL", false)),
            Act::Store { way, place, sign, flags, silent, conditional } => {
                self.store((way, place), (sign, flags), silent, conditional);
            }
            Act::Fetch { way, place, body } => {
                if let Some((uid, _, number)) = self.name(way, place) {
                    let item = if body { "BODY[]" } else { "FLAGS" };
                    self.run(&format!("{uid}FETCH {number} ({item})"), !uid.is_empty());
                }
            }
            Act::Return => self.come_again(memory),
        }
    }

    fn store(&mut self, at: (Way, usize), (sign, flags): (usize, u8), silent: bool, since: bool) {
        let Some((uid, place, number)) = self.name(at.0, at.1) else {
            return;
        };
        let before = self.believed[place];
        let modseq = before.modseq.filter(|_| since);
        let modifier = modseq.map_or(String::new(), |it| format!(" (UNCHANGEDSINCE {it})"));
        let dot = if silent { ".SILENT" } else { "" };
        let sign = ["", "+", "-"][sign];
        if silent {
            // It believes that what it says is done, unless it is told otherwise.
            self.believed[place].flags = before.flags.map(|old| match sign {
                "+" => old | flags,
                "-" => old & !flags,
                _ => flags,
            });
            if sign.is_empty() {
                self.believed[place].flags = Some(flags);
            }
        }
        let names = names(flags);
        let command = format!("{uid}STORE {number}{modifier} {sign}FLAGS{dot} ({names})");
        let tagged = self.run(&command, !uid.is_empty());
        // With UID, others may have vanished before this one was told.
        let is_meant = |&(at, told): &(usize, Option<u32>)| match uid.is_empty() {
            true => at == place,
            false => told == before.uid,
        };
        if tagged.contains("[MODIFIED ") && silent && !self.told.iter().any(is_meant) {
            let same = |it: &&mut Known| it.uid == before.uid;
            match uid.is_empty() {
                true => self.believed[place].flags = before.flags,
                false => self.believed.iter_mut().find(same).unwrap().flags = before.flags,
            }
        }
    }

    /// Disconnects and selects the mailbox with what it knows (RFC 7162 §3.2.5).
    fn come_again(&mut self, memory: &Memory) {
        if self.mode != Mode::Qresync {
            let mode = self.mode;
            *self = Self::new(memory, mode);
            return self.check(memory);
        }
        // It has heard everything now, and misses what others do when it has gone.
        self.run("NOOP", true);
        self.check(memory);
        let (believed, modseq) = (core::mem::take(&mut self.believed), self.modseq);
        let mut other = Self::new(memory, Mode::Plain);
        other.act(memory, Act::Append);
        if let Some(uid) = believed.first().and_then(|known| known.uid) {
            other.run(&format!("UID STORE {uid} +FLAGS.SILENT (\\Deleted)"), true);
            other.run("EXPUNGE", true);
        }
        if let Some(uid) = believed.last().and_then(|known| known.uid) {
            other.run(&format!("UID STORE {uid} +FLAGS.SILENT (\\Flagged)"), true);
        }
        let validity = truth(memory).uid_validity;
        self.dialogue = Dialogue::logged_in(memory);
        self.dialogue.say("e ENABLE QRESYNC\r\n");
        // EXISTS counts what is there now, before it is told what is gone.
        let select = format!("t SELECT INBOX (QRESYNC ({validity} {modseq}))\r\n");
        let heard = self.dialogue.say(select);
        self.believed = believed;
        let (earlier, others): (Vec<&str>, Vec<&str>) =
            heard.lines().partition(|line| line.starts_with("* VANISHED"));
        for line in earlier.iter().chain(&others) {
            self.hear(line, false);
        }
        self.run("UID FETCH 1:* (FLAGS)", true);
        self.check(memory);
    }

    /// Everything may have been told, so what it believes is what is true.
    fn check(&mut self, memory: &Memory) {
        let truth = truth(memory);
        assert_eq!(self.believed.len(), truth.messages.len() as usize, "{:?}", self.mode);
        for (known, entry) in self.believed.iter().zip(truth.messages.iter()) {
            let flags = bits(entry.flags);
            assert!(known.uid.is_none_or(|uid| uid == entry.uid.get()), "{known:?} {entry:?}");
            assert!(
                known.flags.is_none_or(|it| it == flags),
                "{:?} {known:?} {entry:?}",
                self.mode
            );
            assert!(known.modseq.is_none_or(|it| it == entry.modseq), "{known:?} {entry:?}");
        }
        self.modseq = truth.highest_modseq;
    }
}

proptest! {
    // PROPTEST_CASES may ask for more.
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases.max(1_000)))]

    #[test]
    fn clients_believe_what_is_true(
        steps in proptest::collection::vec((0..4_usize, act()), 0..60),
    ) {
        let memory = super::memory();
        let modes = [Mode::Plain, Mode::CondStore, Mode::Qresync, Mode::UidOnly];
        let mut clients = modes.map(|mode| Client::new(&memory, mode));
        for (who, act) in steps {
            clients[who].act(&memory, act);
        }
        for client in &mut clients {
            client.act(&memory, Act::Noop);
        }
    }
}
