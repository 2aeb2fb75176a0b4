//! `postroad demo`: the whole journey of a message between two mail systems, on this machine.

mod house;
mod names;
mod reader;
mod table;

use crate::say::say;
use crate::send::access::{Access, Tls};
use crate::send::errand::Event;
use crate::signals::{Signal, Signals};
use house::{House, Plan, field};
use names::Names;
use postroad_core::address::Mailbox;
use postroad_core::limits::Limits;
use postroad_core::message::compose::{Draft, NameAddr};
use postroad_core::message::date::DateTime;
use postroad_core::message::dsn;
use postroad_core::role::Report;
use postroad_core::smtp::client::{Envelope, Recipient};
use postroad_core::smtp::{MailParameters, RcptParameters};
use postroad_runtime_std::clock;
use postroad_runtime_std::server::Service;
use reader::Fetched;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use table::Table;

/// Nobody has this name at example.com.
const NOBODY: &str = "nobody@example.com";

/// Runs the command.
///
/// # Errors
/// Says which hop failed, and why.
pub fn run() -> Result<(), String> {
    let folder = Folder::new()?;
    folder.goes_with_a_signal()?;
    let begun = clock::now();
    say!(
        "The journey of a message, on this machine alone: example.org and example.com, each a whole"
    );
    say!("mail system, and a name server for both. Nothing is left behind.");
    let names = Names::start(&["example.org", "example.com"])
        .map_err(|error| format!("the name server: {error}"))?;
    let plan = |domain, user, port| {
        let folder = folder.0.join(domain);
        House::start(Plan { domain, user, folder, names: names.address(), port })
    };
    // The port of a transfer agent is 25; here the system has chosen one.
    let mut com = plan("example.com", "bob", 0)?;
    let mut org = plan("example.org", "alice", com.address(Service::Smtp)?.port())?;
    let mut table = Table::default();
    let id = submit(&org, &mut table, com.account.as_str(), "The journey")?;
    relay(&mut org, &mut table, &id)?;
    file(&mut com, &mut table)?;
    read(&com, &mut table)?;
    let id = submit(&org, &mut table, NOBODY, "To nobody")?;
    bounce(&mut org, &mut table, &id)?;
    org.stop()?;
    com.stop()?;
    names.stop();
    table.print();
    let took = clock::now().since(begun);
    say!("\nEvery hop was made, in {}.{:03} s.", took.as_secs(), took.subsec_millis());
    Ok(())
}

/// A step of the journey, and what was said in it.
fn step(title: &str, dialogue: &[String]) {
    say!("\n{title}");
    dialogue.iter().for_each(|line| say!("    {line}"));
}

/// The user agent composes a message and submits it; the submission agent queues it. Its id there.
fn submit(org: &House, table: &mut Table, to: &str, subject: &str) -> Result<String, String> {
    let mailbox = |text: &str| text.parse::<NameAddr>().map_err(|why| format!("{text}: {why}"));
    let draft = Draft {
        from: mailbox(org.account.as_str())?,
        to: vec![mailbox(to)?],
        cc: Vec::new(),
        bcc: Vec::new(),
        subject: subject.into(),
        fields: Vec::new(),
        text: "From hop to hop.\n".into(),
        attachments: Vec::new(),
    };
    let mut entropy = clock::entropy().map_err(|error| error.to_string())?;
    let begun = clock::now();
    let content = draft.content(DateTime::utc(begun.as_seconds().cast_signed()), &mut entropy);
    let recipient = |mailbox: &Mailbox| Recipient {
        forward_path: mailbox.clone().into(),
        parameters: RcptParameters::default(),
    };
    let envelope = Envelope {
        reverse_path: draft.from.mailbox.clone().into(),
        parameters: MailParameters::default(),
        recipients: draft.recipients().into_iter().map(recipient).collect(),
        length: Some(content.length()),
    };
    let address = org.address(Service::Submission)?;
    let login = Some((org.account.to_string(), org.password.clone()));
    let access = Access::local(&org.settings, Some(Tls::Require), login, None)?;
    let access = Access { verbose: true, ..access };
    let mut dialogue = Vec::new();
    let outcome = access.submit(&envelope, &content, &mut |event| {
        if let Event::Said(line) = event {
            dialogue.push(line.to_string());
        }
    })?;
    step(&format!("MUA → MSA: {} submits to {address}, for {to}", org.account), &dialogue);
    let reply = match outcome.recipients.into_iter().next() {
        Some(Ok(reply)) => reply.to_string(),
        Some(Err(failure)) => return Err(format!("MUA → MSA: {failure}")),
        None => return Err("MUA → MSA: nobody was named".into()),
    };
    let id = reply.rsplit(' ').next().unwrap_or_default().to_string();
    table.add("MUA → MSA", begun, clock::now(), content.length(), &reply);
    Ok(id)
}

/// The transfer agent asks for the mail exchanger and hands the message on.
fn relay(org: &mut House, table: &mut Table, id: &str) -> Result<(), String> {
    let of_it = |report: &Report| field(report, "id") == id;
    let (queued, taken) = org.wait("queued", of_it)?;
    say!("\nMSA → queue: the message is safe in the spool as {id}, for {}", field(&taken, "to"));
    let (asked, attempt) = org.wait("attempt", of_it)?;
    table.add("MSA → queue", queued, asked, octets(&taken), id);
    let (relayed, relay) = org.wait("relayed", of_it)?;
    let hosts = field(&attempt, "hosts");
    say!("\nMTA → DNS: example.com MX? {hosts}");
    table.add("MTA → DNS", queued, asked, 0, hosts);
    let title = format!("MTA → MTA: a client of {} now", field(&attempt, "host"));
    step(&title, &org.dialogue(id));
    table.add("MTA → MTA", asked, relayed, octets(&taken), field(&relay, "reply"));
    Ok(())
}

/// The delivery agent files the message.
fn file(com: &mut House, table: &mut Table) -> Result<(), String> {
    let (connected, _) = com.wait("connected", |_| true)?;
    let (filed, delivered) = com.wait("delivered", |_| true)?;
    let (id, to) = (field(&delivered, "id"), field(&delivered, "to"));
    say!("\nMTA → MDA: filed in the INBOX of {to} as {id}");
    table.add("MTA → MDA", connected, filed, octets(&delivered), id);
    Ok(())
}

/// The reader fetches the message by both protocols.
fn read(com: &House, table: &mut Table) -> Result<(), String> {
    for (name, fetch) in [
        ("POP3", reader::by_pop3 as fn(&House) -> Result<Fetched, String>),
        ("IMAP", reader::by_imap),
    ] {
        let begun = clock::now();
        let Fetched { message, dialogue, reply } = fetch(com)?;
        step(&format!("store → MUA: {} fetches by {name}", com.account), &dialogue);
        if !String::from_utf8_lossy(&message).contains("From hop to hop.") {
            return Err(format!("{name}: this is another message"));
        }
        let hop = format!("store → MUA, {name}");
        table.add(&hop, begun, clock::now(), message.len() as u64, &reply);
    }
    Ok(())
}

/// The other system refuses the recipient, and the sender is told.
fn bounce(org: &mut House, table: &mut Table, id: &str) -> Result<(), String> {
    let of_it = |report: &Report| field(report, "id") == id;
    let (asked, attempt) = org.wait("attempt", of_it)?;
    let (refused, failed) = org.wait("failed", of_it)?;
    step(&format!("MTA → MTA: {} knows no {NOBODY}", field(&attempt, "host")), &org.dialogue(id));
    table.add("MTA → MTA", asked, refused, 0, field(&failed, "reply"));
    let (_, told) = org.wait("reported", of_it)?;
    let report = field(&told, "report").to_string();
    let (filed, delivered) = org.wait("delivered", |it| field(it, "id") == report)?;
    say!("\nMTA → MDA: the bounce {report} is filed in the INBOX of its sender");
    table.add("MTA → MDA", refused, filed, octets(&delivered), &report);
    let begun = clock::now();
    let Fetched { message, dialogue, reply } = reader::by_imap(org)?;
    step(&format!("store → MUA: {} reads the bounce", org.account), &dialogue);
    let bounce = dsn::read(&message, &Limits::default()).ok_or("this is no bounce")?;
    let about = bounce.recipients.first().ok_or("the bounce is about nobody")?;
    let (address, status) = (about.address.as_deref().unwrap_or_default(), about.status);
    let status = status.map(|status| status.to_string()).unwrap_or_default();
    if (address, &*status) != (NOBODY, "5.1.1") {
        return Err(format!("the bounce is about {address}: {status}"));
    }
    say!("    # it says: {address} failed, {status}");
    table.add("store → MUA, IMAP", begun, clock::now(), message.len() as u64, &reply);
    Ok(())
}

fn octets(report: &Report) -> u64 {
    field(report, "size").parse().unwrap_or_default()
}

/// The exit code of what a signal has ended, as shells know it.
const INTERRUPTED: i32 = 130;

/// A temporary folder, gone with this.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, String> {
        let mut entropy = clock::entropy().map_err(|error| error.to_string())?;
        let path = std::env::temp_dir().join(format!("postroad-demo-{}", entropy.token(10)));
        let mut builder = DirBuilder::new();
        builder.mode(0o700).create(&path).map_err(|why| format!("{}: {why}", path.display()))?;
        Ok(Self(path))
    }

    /// Removes it also when SIGINT or SIGTERM ends the program.
    fn goes_with_a_signal(&self) -> Result<(), String> {
        let mut signals = Signals::new().map_err(|error| error.to_string())?;
        let folder = Self(self.0.clone());
        std::thread::spawn(move || {
            while matches!(signals.next(), Ok(Signal::Reload)) {}
            drop(folder);
            std::process::exit(INTERRUPTED);
        });
        Ok(())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Whatever is left is in the system's own folder for that.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
