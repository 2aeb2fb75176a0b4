//! `postroad serve`: the mail system, until it is told to end.

use crate::certificate::Files;
use crate::control::Control;
use crate::current::{Current, Source};
use crate::say::say;
use crate::settings::Settings;
use crate::signals::{Signal, Signals};
use crate::trace::Trace;
use crate::users::Users;
use crate::{check, durable, log, password, queue, user};
use postroad_core::entropy::Entropy;
use postroad_core::role::Report;
use postroad_core::secret::Secret;
use postroad_core::store::Account;
use postroad_runtime_std::clock;
use postroad_runtime_std::host::Log;
use postroad_runtime_std::listener::Endpoint;
use postroad_runtime_std::server::{Outside, Server, Service};
use postroad_store_maildir::{Maildirs, Options, Spool};
use rustix::fs::{FlockOperation, flock};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long sessions may take to finish.
const PATIENCE: Duration = Duration::from_secs(30);

/// How to run.
#[derive(clap::Args)]
pub struct Arguments {
    /// How a line of the log looks; it goes to standard error
    #[arg(long, value_enum, default_value = "text")]
    log_format: log::Format,
}

/// Runs the command. `file` is the configuration's, which SIGHUP reads again.
///
/// # Errors
/// Says in words why the system can't run.
pub fn run(
    settings: &Settings,
    file: Option<PathBuf>,
    arguments: &Arguments,
) -> Result<(), String> {
    let problems = check::problems(settings);
    if !problems.is_empty() {
        return Err(format!("the configuration is wrong:\n  {}", problems.join("\n  ")));
    }
    let data = settings.data.clone();
    let about = |error: std::io::Error| format!("{}: {error}", data.display());
    durable::create_folder(&data).map_err(about)?;
    let _lock = the_only_server(&data)?;
    allow_descriptors();
    let mut signals = Signals::new().map_err(|error| error.to_string())?;
    let mut entropy = clock::entropy().map_err(|error| error.to_string())?;
    let first = first_user(settings, &mut entropy)?;
    let format = arguments.log_format;
    let trace = Trace::open(&data, &settings.config.queue).map_err(about)?;
    let log: Log = Arc::new(move |now, report: &Report| {
        trace.write(now, report);
        if report.event != "dialogue" {
            log::write(format, now, report);
        }
    });
    let files = Files::of(settings)?;
    let (server, current) = start(settings.clone(), file, log.clone(), entropy)?;
    let control = Control::start(&data, server.post())?;
    announce(&server, first.as_ref(), &files);
    while signals.next().map_err(|error| error.to_string())? == Signal::Reload {
        current.reload();
        server.post().reload();
    }
    control.stop();
    log(clock::now(), &Report::new("stopping"));
    let cut = server.stop(PATIENCE);
    log(clock::now(), &Report::new("stopped").with("sessions-cut", cut));
    Ok(())
}

/// Starts the system that `settings` describe; its data folder must exist. `file` is the
/// configuration's.
///
/// # Errors
/// Says in words why it can't run.
pub fn start(
    settings: Settings,
    file: Option<PathBuf>,
    log: Log,
    mut entropy: Entropy,
) -> Result<(Server, Arc<Current>), String> {
    let data = settings.data.clone();
    let about = |error: std::io::Error| format!("{}: {error}", data.display());
    let secret = secret(&data, &mut entropy)?;
    Files::of(&settings)?.provide(&settings.config.hostname)?;
    let (mail, spool) = (data.join("mail"), queue::folder(&data));
    durable::create_folder(&mail).map_err(about)?;
    durable::create_folder(&spool).map_err(about)?;
    let mut options = Options::new(&settings.config.hostname);
    options.limits = settings.config.limits.clone();
    let reserve = settings.config.queue.reserve;
    options.reserve = reserve;
    let maildirs = Maildirs::new(mail, entropy.fork(), options);
    let spool = Spool::open(spool, entropy.fork(), reserve).map_err(|error| error.to_string())?;
    let source =
        Source { file, data: data.clone(), secret, maildirs: maildirs.clone(), log: log.clone() };
    let current = Arc::new(Current::new(settings, source)?);
    let asked = current.clone();
    let server = Server::start(Outside {
        current: Arc::new(move || asked.get()),
        maildirs,
        spool,
        verify: Arc::new(password::verify),
        log,
        entropy,
    })?;
    Ok((server, current))
}

/// Two servers on one data folder would not know of each other's sessions.
fn the_only_server(data: &Path) -> Result<File, String> {
    let path = data.join("serve.lock");
    let file = durable::open_lock(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => {
            Err(format!("{}: another `postroad serve` uses this data folder", data.display()))
        }
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

/// Lets the system grant as many descriptors as it may: a session takes two and more, and what is
/// granted at first, often 1,024, is soon used up.
fn allow_descriptors() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // Refused or not: without descriptors, connections wait to be accepted.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}

/// What hides who exists from those who try to log in; made once.
fn secret(data: &Path, entropy: &mut Entropy) -> Result<[u8; 32], String> {
    let path = data.join("secret");
    let wrong = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    match std::fs::read(&path) {
        Ok(octets) => octets.try_into().map_err(|_| wrong(&"not 32 octets; remove the file")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let mut secret = [0; 32];
            entropy.fill(&mut secret);
            durable::write(&path, &secret).map_err(|error| wrong(&error))?;
            Ok(secret)
        }
        Err(error) => Err(wrong(&error)),
    }
}

/// A user to begin with, where there is none, and its password.
fn first_user(
    settings: &Settings,
    entropy: &mut Entropy,
) -> Result<Option<(Account, Secret<String>)>, String> {
    if Users::path(&settings.data).exists() {
        return Ok(None);
    }
    let domain = settings.config.local_domains()[0];
    let account =
        Account::parse(&format!("me@{domain}")).map_err(|why| format!("me@{domain}: {why}"))?;
    let password = Secret::new(entropy.token(20));
    let row = user::hash(&password)?;
    Users::change(&settings.data, |users| {
        users.0.insert(account.clone(), row);
        Ok(())
    })?;
    Ok(Some((account, password)))
}

/// Tells where the system listens, and to a newcomer how to use it.
fn announce(server: &Server, first: Option<&(Account, Secret<String>)>, files: &Files) {
    say!("Postroad is running. Ctrl-C ends it.\n");
    for (service, endpoint) in server.endpoints() {
        say!("  {:<12}{endpoint}", service.name());
    }
    if files.self_signed {
        say!("\nThe certificate signs itself: {}", files.certificate.display());
    }
    let Some((account, password)) = first else { return };
    let password = password.expose();
    say!("\nYour first user (the password is shown this once):\n");
    say!("  address     {account}\n  password    {password}");
    let at = |wanted: Service| {
        let found = server.endpoints().iter().find(|(service, _)| *service == wanted);
        found.and_then(|(_, endpoint)| match endpoint {
            Endpoint::Tcp(address) => Some(reachable(*address)),
            Endpoint::Unix(_) => None,
        })
    };
    let trust = format!("--cacert {}", quoted(&files.certificate.to_string_lossy()));
    let login = format!("--user {account}:{password}");
    say!("\nTry it:\n");
    if let Some(smtp) = at(Service::Submissions) {
        say!(
            "  printf 'From: {account}\\r\\nTo: {account}\\r\\nSubject: Hello\\r\\n\\r\\nIt works.\\r\\n' |\n    curl {trust} {login} --mail-from {account} --mail-rcpt {account} \\\n      --upload-file - smtps://{smtp}"
        );
    }
    if let Some(imap) = at(Service::Imaps) {
        say!("  curl {trust} {login} 'imaps://{imap}/INBOX;MAILINDEX=1'");
    }
    say!("\nSettings for a mail client: the address above as user name, and");
    for (service, name, security) in [
        (Service::Imaps, "IMAP", "SSL/TLS"),
        (Service::Pop3s, "POP3", "SSL/TLS"),
        (Service::Submissions, "SMTP", "SSL/TLS"),
        (Service::Submission, "or SMTP", "STARTTLS"),
    ] {
        if let Some(address) = at(service) {
            say!("  {name:<8} server {}, port {}, {security}", address.ip(), address.port());
        }
    }
    say!("");
}

/// Where a program on this machine reaches who listens on `address`, which may stand for every one.
pub fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

/// `text` as one word of a shell's line.
fn quoted(text: &str) -> String {
    if text.chars().all(|c| c.is_alphanumeric() || "/._-".contains(c)) {
        return text.into();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_the_address_of_all() {
        for (bound, told) in [
            ("0.0.0.0:465", "127.0.0.1:465"),
            ("[::]:465", "[::1]:465"),
            ("192.0.2.1:465", "192.0.2.1:465"),
        ] {
            assert_eq!(reachable(bound.parse().unwrap()).to_string(), told);
        }
    }

    #[test]
    fn a_path_is_pasted_whole() {
        assert_eq!(quoted("postroad-data/tls/a.pem"), "postroad-data/tls/a.pem");
        assert_eq!(quoted("my data/it's"), r"'my data/it'\''s'");
    }
}
