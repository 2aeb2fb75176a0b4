//! Those who work for the queue, each on a thread: carriers to other hosts, carriers into the
//! mailboxes here, and the clerk.

use crate::clock;
use crate::dial::dial;
use crate::host::{Log, RoleHost, Verify};
use crate::letters::Letters;
use crate::queue::{Desk, Post};
use crate::server::{Current, Live, STACK};
use crate::session::{run, work};
use crate::shutdown::Shutdown;
use postroad_core::entropy::Entropy;
use postroad_core::machine::{Machine, Session};
use postroad_core::queue::{self, Carrier, Carry, Dial, End, Protection};
use postroad_core::role::clerk::Clerk;
use postroad_core::role::{Effect, Input, Report, Site, mda, mta};
use postroad_core::store::Store;
use postroad_core::tls::{Secured, Side};
use postroad_store_maildir::{Maildirs, Spool, SpoolSession};
use rustls_pki_types::ServerName;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// What those who work for the queue share.
#[derive(Clone)]
pub(crate) struct Office {
    pub(crate) current: Current,
    pub(crate) maildirs: Maildirs,
    pub(crate) spool: Spool,
    pub(crate) post: Post,
    pub(crate) verify: Verify,
    pub(crate) log: Log,
    pub(crate) entropy: Arc<Mutex<Entropy>>,
    pub(crate) shutdown: Shutdown,
}

impl Office {
    pub(crate) fn live(&self) -> Arc<Live> {
        (self.current)()
    }

    pub(crate) fn entropy(&self) -> Entropy {
        self.entropy.lock().unwrap_or_else(PoisonError::into_inner).fork()
    }

    pub(crate) fn report(&self, report: Report) {
        (self.log)(clock::now(), &report);
    }

    /// A host that performs what the session `name` asks for, its mail in `store`.
    pub(crate) fn host<S: Store>(&self, store: S, name: String) -> RoleHost<S, SpoolSession> {
        let post = self.post.clone();
        let tell = Arc::new(move |input| post.tell(input));
        let (verify, log) = (self.verify.clone(), self.log.clone());
        RoleHost::new(store, self.spool.session(), tell, verify, log, name)
    }

    /// Begins the work of the queue: its own thread, and the clerk's.
    pub(crate) fn open(&self) -> io::Result<()> {
        let clerk = self.begin_paperwork()?;
        let (scan, post) = (Box::new(self.spool.scan()?), self.post.clone());
        let member = self.shutdown.join(post.letters().inbox().clone());
        let (desk, office) = (Desk::new(self.clone(), clerk, scan), self.clone());
        thread::Builder::new().name("queue".into()).stack_size(STACK).spawn(move || {
            let _member = member;
            Vital::run(&office, "queue", || desk.run(&post));
        })?;
        Ok(())
    }

    /// Sends a carrier that goes by `live` to another host; its letters reach it there.
    pub(crate) fn send_out(
        &self,
        dial: Box<Dial>,
        live: Arc<Live>,
    ) -> io::Result<Arc<Letters<Input>>> {
        let (name, carrier) = (format!("out-{}", dial.carrier), dial.carrier);
        self.hire(name.clone(), move |office, letters| {
            let _leaving = Leaving(office, carrier);
            office.carry_out(&dial, &live, letters, name)
        })
    }

    fn carry_out(
        &self,
        to: &Dial,
        live: &Live,
        letters: &Letters<Input>,
        name: String,
    ) -> io::Result<()> {
        let limits = &live.site.config.limits;
        let mut stream = match dial(to.addresses.clone(), limits, letters.inbox()) {
            Ok(stream) => stream,
            Err(why) => {
                let (carrier, end) = (to.carrier, to.unanswered(why));
                self.post.tell(queue::Input::Closed { carrier, end });
                return Ok(());
            }
        };
        let address = stream.peer().ok_or(io::ErrorKind::NotConnected)?.ip();
        let config = match to.route.protection {
            Protection::Require => live.outgoing.checked.clone(),
            Protection::None | Protection::May => live.outgoing.unchecked.clone(),
        };
        // Who needs no certificate needs none of any name.
        let server = ServerName::try_from(to.host.clone()).unwrap_or_else(|_| address.into());
        let now = clock::now();
        let agent = mta::Outbound::new(now, live.site.clone(), to, address, self.entropy());
        let side = Side::Client { config, name: server };
        let mut session = Secured::starting_clear(now, agent, side, limits.tls_handshake);
        let mut host = self.host(self.maildirs.session(), name);
        let news = || letters.take();
        run(&mut session, &mut stream, letters.inbox(), &mut host, news, limits.write_timeout)?;
        Ok(())
    }

    /// Begins to file messages into the mailboxes that `site` has.
    pub(crate) fn send_in(
        &self,
        carrier: Carrier,
        first: Carry,
        site: Arc<Site>,
    ) -> io::Result<Arc<Letters<Input>>> {
        let name = format!("in-{carrier}");
        self.hire(name.clone(), move |office, letters| {
            let _leaving = Leaving(office, carrier);
            let agent = mda::Local::new(clock::now(), site, carrier, first);
            office.toil(agent, letters, name)
        })
    }

    /// Begins to do the queue's paperwork.
    pub(crate) fn begin_paperwork(&self) -> io::Result<Arc<Letters<Input>>> {
        self.hire("clerk".into(), move |office, letters| {
            Vital::run(office, "clerk", || {
                let site = office.live().site.clone();
                let clerk = Clerk::new(clock::now(), site, office.entropy());
                office.toil(clerk, letters, "clerk".into())
            });
            Ok(())
        })
    }

    fn toil<R>(&self, mut agent: R, letters: &Letters<Input>, name: String) -> io::Result<()>
    where
        R: Session<Input = Input, Output = Effect> + Machine,
    {
        work(&mut agent, letters.inbox(), &mut self.host(self.maildirs.session(), name), || {
            letters.take()
        })
    }

    /// A thread for a worker, which gets letters.
    fn hire(
        &self,
        name: String,
        work: impl FnOnce(&Self, &Letters<Input>) -> io::Result<()> + Send + 'static,
    ) -> io::Result<Arc<Letters<Input>>> {
        let letters = Arc::new(Letters::new()?);
        let (office, own) = (self.clone(), letters.clone());
        let builder = thread::Builder::new().name(name.clone()).stack_size(STACK);
        builder.spawn(move || {
            let _member = office.shutdown.join(own.inbox().clone());
            if let Err(error) = work(&office, &own) {
                let report = Report::new("worker-failed").with("session", name);
                office.report(report.with("reason", error));
            }
        })?;
        Ok(letters)
    }
}

/// A carrier that leaves, be it in a panic: the queue does not wait for it. That it has told so before
/// is the rule; then this is passed over.
struct Leaving<'a>(&'a Office, Carrier);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        let Self(office, carrier) = *self;
        let end = End::broken("the carrier broke down");
        office.post.tell(queue::Input::Closed { carrier, end });
    }
}

/// A thread without which mail would be taken and nothing ever come of it: in a panic, and when the
/// system fails, it takes the whole program with it. All mail is safe in the spool.
struct Vital;

impl Vital {
    fn run(office: &Office, name: &str, work: impl FnOnce() -> io::Result<()>) {
        let _vital = Self;
        if let Err(error) = work() {
            let report = Report::new("worker-failed").with("session", name);
            office.report(report.with("reason", error));
            std::process::abort();
        }
    }
}

impl Drop for Vital {
    fn drop(&mut self) {
        if thread::panicking() {
            std::process::abort();
        }
    }
}
