//! The queue's thread: the queue itself, the resolver that it asks, and whom it sends out.

use crate::carriers::Office;
use crate::clock;
use crate::letters::Letters;
use crate::resolver::{self, Sockets};
use crate::server::Live;
use crate::session::{Call, sleep};
use postroad_core::dns::{self, Resolver};
use postroad_core::machine::Machine;
use postroad_core::queue::{self, Carrier, Carry, Command, Entry, Id, Left, Output, Queue};
use postroad_core::role::{Input, Report, Site};
use postroad_store_maildir::Damaged;
use rustix::event::{PollFd, PollFlags};
use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

/// Messages of the spool that are taken into the queue before anything else gets its turn.
const SCAN: usize = 256;

/// The messages that were in the spool at the start.
pub(crate) type Scan = Box<dyn Iterator<Item = Result<Entry, Damaged>> + Send>;

/// Whether an order was noted.
pub type Noted = Result<(), NotNoted>;

/// The spool failed: nobody knows whether the order was noted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotNoted;

impl fmt::Display for NotNoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the order may not have been noted: the log says why")
    }
}

impl std::error::Error for NotNoted {}

/// What the queue's thread is told.
pub(crate) enum Letter {
    /// News of messages and carriers.
    Tell(queue::Input),
    /// An order, and who waits until it is noted.
    Order(Command, Sender<Noted>),
    /// What is in force has changed.
    Reload,
}

/// The way to a running queue.
#[derive(Clone)]
pub struct Post(Arc<Letters<Letter>>);

impl Post {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self(Arc::new(Letters::new()?)))
    }

    /// Tells the queue something.
    pub(crate) fn tell(&self, input: queue::Input) {
        self.0.send(Letter::Tell(input));
    }

    /// Gives the queue an order. What comes back is heard of when the order is carried out, and noted
    /// in the spool where that is due; nothing comes back of an order that needs no note. Orders wait
    /// until the queue knows all that is in the spool.
    #[must_use]
    pub fn order(&self, command: Command) -> Receiver<Noted> {
        let (sender, receiver) = channel();
        self.0.send(Letter::Order(command, sender));
        receiver
    }

    /// Has the queue go by what is in force now.
    pub fn reload(&self) {
        self.0.send(Letter::Reload);
    }

    pub(crate) const fn letters(&self) -> &Arc<Letters<Letter>> {
        &self.0
    }
}

/// The queue and what it works with.
pub(crate) struct Desk {
    queue: Queue,
    resolver: Resolver,
    sockets: Sockets,
    servers: Vec<SocketAddr>,
    office: Office,
    carriers: HashMap<Carrier, Employee>,
    clerk: Arc<Letters<Input>>,
    /// What the clerk is to do next.
    papers: Vec<Input>,
    /// Those that are not in the queue yet.
    scan: Option<Scan>,
    /// Orders that came meanwhile: they may be about messages that are not in the queue yet.
    early: Vec<(Command, Sender<Noted>)>,
    /// What the clerk has, by the message that it is about.
    filings: HashMap<Id, Filing>,
}

/// The papers of a message, which the clerk files in their order.
#[derive(Default)]
struct Filing {
    /// How many the clerk has.
    papers: usize,
    waiting: Vec<Waiting>,
}

/// Somebody who waits for the papers that come of an order.
struct Waiting {
    /// How many are filed before.
    before: usize,
    own: usize,
    sender: Sender<Noted>,
}

impl Filing {
    /// The clerk has filed a paper.
    fn filed(&mut self, noted: Noted) {
        self.papers = self.papers.saturating_sub(1);
        self.waiting.retain_mut(|it| it.hear(noted));
    }
}

impl Waiting {
    /// Takes note of a paper that is filed; says whether there is more to wait for.
    fn hear(&mut self, noted: Noted) -> bool {
        if self.before > 0 {
            self.before -= 1;
            return true;
        }
        self.own -= 1;
        if noted.is_ok() && self.own > 0 {
            return true;
        }
        // Whoever has stopped waiting hears nothing.
        let _ = self.sender.send(noted);
        false
    }
}

/// A carrier at work.
struct Employee {
    letters: Arc<Letters<Input>>,
    /// What it goes by.
    site: Arc<Site>,
}

impl Desk {
    pub(crate) fn new(office: Office, clerk: Arc<Letters<Input>>, scan: Scan) -> Self {
        let now = clock::now();
        let live = office.live();
        let config = &live.site.config;
        let servers = resolver::servers(&config.dns.servers);
        let resolver = Resolver::new(now, servers.clone(), &config.limits, office.entropy());
        let settings = Arc::new(live.site.queue_settings());
        let queue = Queue::new(now, settings, office.entropy());
        Self {
            queue,
            resolver,
            sockets: Sockets::default(),
            servers,
            office,
            carriers: HashMap::new(),
            clerk,
            papers: Vec::new(),
            scan: Some(scan),
            early: Vec::new(),
            filings: HashMap::new(),
        }
    }

    /// Works until [`Call::Shutdown`] comes. What is in the queue is in the spool, too, and comes back
    /// at the next start.
    ///
    /// # Errors
    /// If the system fails.
    pub(crate) fn run(mut self, post: &Post) -> io::Result<()> {
        let letters = post.letters();
        loop {
            self.scan();
            self.drain();
            let deadline = if self.scan.is_some() {
                Some(clock::now())
            } else {
                let deadlines = [self.queue.poll_timeout(), self.resolver.poll_timeout()];
                deadlines.into_iter().flatten().min()
            };
            let (exchanges, sockets): (Vec<_>, Vec<_>) = self.sockets.watched().unzip();
            let mut fds = vec![PollFd::new(&**letters.inbox(), PollFlags::IN)];
            fds.extend(sockets);
            sleep(&mut fds, deadline)?;
            let ready: Vec<bool> = fds[1..].iter().map(|fd| !fd.revents().is_empty()).collect();
            drop(fds);
            for (exchange, _) in exchanges.into_iter().zip(ready).filter(|(_, ready)| *ready) {
                if let Some(input) = self.sockets.attend(exchange) {
                    self.resolver.handle(clock::now(), input);
                }
            }
            self.handle_timeouts();
            if letters.inbox().take().any(|call| call == Call::Shutdown) {
                return Ok(());
            }
            letters.take().into_iter().for_each(|letter| self.read(letter));
        }
    }

    fn handle_timeouts(&mut self) {
        let now = clock::now();
        if self.queue.poll_timeout().is_some_and(|deadline| deadline <= now) {
            self.queue.handle_timeout(now);
        }
        if self.resolver.poll_timeout().is_some_and(|deadline| deadline <= now) {
            self.resolver.handle_timeout(now);
        }
    }

    /// Takes some of the messages that were in the spool at the start into the queue.
    fn scan(&mut self) {
        let Some(scan) = &mut self.scan else { return };
        let site = &self.office.live().site;
        for _ in 0..SCAN {
            match scan.next() {
                Some(Ok(entry)) => {
                    let summary = entry.summary(|path| site.destination(path));
                    self.queue.handle(clock::now(), queue::Input::Queued(Box::new(summary)));
                }
                Some(Err(damaged)) => {
                    let report = Report::new("spool-damaged").with("file", damaged.path.display());
                    self.office.report(report.with("reason", damaged.why));
                }
                None => {
                    self.scan = None;
                    self.office
                        .report(Report::new("spool-read").with("messages", self.queue.len()));
                    for (command, sender) in std::mem::take(&mut self.early) {
                        self.order(command, sender);
                    }
                    return;
                }
            }
        }
    }

    fn read(&mut self, letter: Letter) {
        let now = clock::now();
        match letter {
            Letter::Tell(input) => {
                match &input {
                    queue::Input::Closed { carrier, .. } => {
                        self.carriers.remove(carrier);
                    }
                    queue::Input::Filed { id, left } => {
                        let noted = if *left == Left::Unknown { Err(NotNoted) } else { Ok(()) };
                        if let Some(filing) = self.filings.get_mut(id) {
                            filing.filed(noted);
                        }
                    }
                    _ => {}
                }
                let about = match &input {
                    queue::Input::Filed { id, .. } | queue::Input::Carried { id, .. } => Some(*id),
                    _ => None,
                };
                self.queue.handle(now, input);
                self.tidy(about);
            }
            Letter::Order(command, sender) if self.scan.is_some() => {
                self.early.push((command, sender));
            }
            Letter::Order(command, sender) => self.order(command, sender),
            Letter::Reload => {
                let live = self.office.live();
                self.queue.set(Arc::new(live.site.queue_settings()));
                self.clerk.send(Input::Site(live.site.clone()));
                let servers = resolver::servers(&live.site.config.dns.servers);
                if servers != self.servers {
                    self.servers.clone_from(&servers);
                    self.resolver.handle(now, dns::Input::Servers(servers));
                }
            }
        }
    }

    /// Carries out an order. Who gave it waits for the papers that come of it; if none does yet, for
    /// the next one.
    fn order(&mut self, command: Command, sender: Sender<Noted>) {
        self.drain();
        let noted = command.id().filter(|id| command.is_noted() && self.queue.contains(*id));
        let papers = |desk: &Self, id| desk.filings.get(&id).map_or(0, |filing| filing.papers);
        let before = noted.map_or(0, |id| papers(self, id));
        self.queue.handle(clock::now(), queue::Input::Command(command));
        self.drain();
        if let Some(id) = noted {
            let own = papers(self, id).saturating_sub(before).max(1);
            let filing = self.filings.entry(id).or_default();
            filing.waiting.push(Waiting { before, own, sender });
        }
    }

    /// Forgets the filings of a message of which nothing more is to come.
    fn tidy(&mut self, about: Option<Id>) {
        let Some(id) = about else { return };
        let is_over = |it: &Filing| it.waiting.is_empty() || !self.queue.contains(id);
        if self.filings.get(&id).is_some_and(|it| it.papers == 0 && is_over(it)) {
            self.filings.remove(&id);
        }
    }

    /// Does what queue and resolver want, until they want nothing more. What the clerk is to do
    /// reaches him together: so a sender is told of it together.
    fn drain(&mut self) {
        loop {
            if let Some(output) = self.queue.poll() {
                self.perform(output);
            } else if let Some(output) = self.resolver.poll() {
                self.resolve(output);
            } else {
                break;
            }
        }
        if !self.papers.is_empty() {
            self.clerk.send_all(self.papers.drain(..));
        }
    }

    fn perform(&mut self, output: Output) {
        match output {
            Output::Resolve { query, question } => {
                self.resolver.handle(clock::now(), dns::Input::Ask { query, question });
            }
            Output::Dial(dial) => {
                let (carrier, live) = (dial.carrier, self.office.live());
                let sent = self.office.send_out(dial, live.clone());
                self.employ(carrier, &live, sent);
            }
            Output::File { carrier, first } => {
                let live = self.office.live();
                let sent = self.office.send_in(carrier, first, live.site.clone());
                self.employ(carrier, &live, sent);
            }
            Output::Carry { carrier, carry } => self.carry(carrier, carry),
            Output::Quit(carrier) => self.call(carrier, Input::Quit),
            Output::Paper(paper) => {
                self.filings.entry(paper.id).or_default().papers += 1;
                self.papers.push(Input::Paper(paper));
            }
            Output::Report(report) => self.office.report(report),
        }
    }

    /// Keeps the letters of a carrier whose thread has begun.
    fn employ(&mut self, carrier: Carrier, live: &Live, sent: io::Result<Arc<Letters<Input>>>) {
        match sent {
            Ok(letters) => {
                self.carriers.insert(carrier, Employee { letters, site: live.site.clone() });
            }
            Err(error) => {
                let end = queue::End::broken(error);
                self.queue.handle(clock::now(), queue::Input::Closed { carrier, end });
            }
        }
    }

    /// Gives a carrier another message. One that goes by what is no longer in force is sent home
    /// instead: that it leaves without the message lets the queue employ another.
    fn carry(&self, carrier: Carrier, carry: Carry) {
        let site = &self.office.live().site;
        let knows = |it: &Employee| Arc::ptr_eq(&it.site, site);
        let is_current = self.carriers.get(&carrier).is_some_and(knows);
        self.call(carrier, if is_current { Input::Carry(carry) } else { Input::Quit });
    }

    fn call(&self, carrier: Carrier, input: Input) {
        if let Some(employee) = self.carriers.get(&carrier) {
            employee.letters.send(input);
        }
    }

    fn resolve(&mut self, output: dns::Output) {
        match output {
            dns::Output::Exchange { exchange, server, transport, octets } => {
                if self.sockets.open(exchange, server, transport, octets).is_err() {
                    self.resolver.handle(clock::now(), dns::Input::Failed { exchange });
                }
            }
            dns::Output::Forget { exchange } => self.sockets.forget(exchange),
            dns::Output::Answered { query, outcome } => {
                self.queue.handle(clock::now(), queue::Input::Resolved { query, outcome });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_answered_by_its_own_papers() {
        let mut filing = Filing { papers: 3, waiting: Vec::new() };
        let (sender, receiver) = channel();
        filing.waiting.push(Waiting { before: 1, own: 2, sender });
        filing.filed(Err(NotNoted));
        filing.filed(Ok(()));
        assert!(receiver.try_recv().is_err(), "one is still out");
        filing.filed(Ok(()));
        assert_eq!(receiver.try_recv(), Ok(Ok(())));
        assert_eq!(filing.papers, 0);
    }

    #[test]
    fn a_paper_that_was_not_filed_is_told_of() {
        let mut filing = Filing { papers: 2, waiting: Vec::new() };
        let (sender, receiver) = channel();
        filing.waiting.push(Waiting { before: 0, own: 2, sender });
        filing.filed(Err(NotNoted));
        assert_eq!(receiver.try_recv(), Ok(Err(NotNoted)));
        assert!(filing.waiting.is_empty());
    }
}
