//! The program as a person meets it on a terminal.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use postroad_core::address::{ForwardPath, ReversePath};
use postroad_core::limits::Limits;
use postroad_core::machine::Instant;
use postroad_core::queue::{Action, Envelope, Id, Note, Outcome, Record, Remote};
use postroad_core::smtp::client::Recipient;
use postroad_core::smtp::{MailParameters, RcptParameters};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A data folder of its own.
struct Place(PathBuf);

/// Whether the command is told of the folder.
enum Folder {
    /// `--data` is added to its arguments.
    Added,
    /// They say it.
    Said,
}

impl Place {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("postroad-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// The command as a person types it, what it prints, and its exit code unless that is 0; the
    /// folder's name is left out.
    fn run(&self, arguments: &str, stdin: &str) -> String {
        self.run_with(arguments, stdin, Folder::Added)
    }

    fn run_with(&self, arguments: &str, stdin: &str, folder: Folder) -> String {
        let folder = match folder {
            Folder::Added => vec!["--data".as_ref(), self.0.as_os_str()],
            Folder::Said => Vec::new(),
        };
        let mut program = Command::new(env!("CARGO_BIN_EXE_postroad"))
            .args(arguments.replace("DATA", self.0.to_str().unwrap()).split_whitespace())
            .args(folder)
            .env("COLUMNS", "100")
            .env_remove("POSTROAD_PASSWORD")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // One that refuses its arguments reads nothing.
        let _ = program.stdin.take().unwrap().write_all(stdin.as_bytes());
        let output = program.wait_with_output().unwrap();
        let mut text = format!("$ postroad {arguments}\n");
        text.push_str(std::str::from_utf8(&output.stdout).unwrap());
        text.push_str(std::str::from_utf8(&output.stderr).unwrap());
        if let Some(code @ 1..) = output.status.code() {
            writeln!(text, "[exit code {code}]").unwrap();
        }
        text.push('\n');
        text.replace(self.0.to_str().unwrap(), "DATA")
    }

    fn config(&self, text: &str) {
        std::fs::write(self.0.join("postroad.toml"), text).unwrap();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn help_teaches() {
    let place = Place::new("help");
    let said = ["--help", "serve --help", "user add --help", "sevre"].map(|it| place.run(it, ""));
    insta::assert_snapshot!(said.concat());
    let said = ["queue --help", "queue reroute --help", "trace --help"].map(|it| place.run(it, ""));
    insta::assert_snapshot!("help_teaches_the_queue", said.concat());
    let said = ["send --help", "sendmail --help"].map(|it| place.run(it, ""));
    insta::assert_snapshot!("help_teaches_to_send", said.concat());
    let said = ["import --help", "export --help", "verify --help", "user quota --help"];
    insta::assert_snapshot!("help_teaches_about_mail", said.map(|it| place.run(it, "")).concat());
}

/// Port 1 of the loopback: nobody listens there.
#[test]
fn what_is_not_sent_is_said() {
    let place = Place::new("send");
    place.config("[listen]\nsmtp = ['127.0.0.1:1']\n");
    let send = "send --config DATA/postroad.toml --from a@example.org --subject x";
    let sendmail = "sendmail --config DATA/postroad.toml --data DATA";
    let run = |(command, arguments, stdin): (&str, &str, &str)| {
        // What comes behind `sendmail` is its own.
        let folder = if command == sendmail { Folder::Said } else { Folder::Added };
        place.run_with(&format!("{command} {arguments}"), stdin, folder)
    };
    let said = [
        (send, "--to b@example.org", "Hello"),
        (send, "--to b@example.org --body x --server localhost:1 --json", ""),
        (send, "--to b@example.org --body x --attach DATA/none", ""),
        (send, "--to b@example.org --body x --user a --password-file DATA/none", ""),
        (send, "--to b@example.org --body x --user a --password-stdin", "secret\n"),
        (
            send,
            "--to b@example.org --body x --user a --password-stdin --tls may --server mx",
            "secret\n",
        ),
        (send, "--to b@example.org --body x --ca DATA/postroad.toml", ""),
        (send, "--to b@c@example.org --body x", ""),
        (send, "--to b@example.org,c@example.org,b@example.org --body x --json", ""),
        (send, "--body x", ""),
        (sendmail, "-i b@example.org", "Hello\n"),
        (sendmail, "-t", "Subject: x\n\nHello\n"),
        (sendmail, "-t", "To: a@b@example.org\n\nHello\n"),
        (sendmail, "", "Hello\n"),
        (sendmail, "-bs", ""),
        (sendmail, "-bp", ""),
        (sendmail, "--frobnicate", ""),
        (sendmail, "b@example.org", "From: a@example.org\nFrom: b@example.org\n\nHello\n"),
    ]
    .map(run);
    insta::assert_snapshot!(said.concat());
}

/// A message in the spool of a server that does not run.
#[test]
fn the_queue_is_shown() {
    let place = Place::new("queue");
    let empty = ["queue list", "queue list --json", "trace 2b3c4d5f6g7h8j9k"];
    let empty = empty.map(|it| place.run(it, "")).concat();
    let id = Id::parse("2b3c4d5f6g7h8j9k").unwrap();
    let at = Instant::from_seconds(1_790_000_000);
    let recipient = |path: &[u8], parameters: &[u8]| Recipient {
        forward_path: ForwardPath::parse(path, false).unwrap().0,
        parameters: RcptParameters::parse(parameters).unwrap(),
    };
    let envelope = Envelope {
        id,
        arrived: at,
        origin: "alice@example.org from 192.0.2.1".into(),
        reverse_path: ReversePath::parse(b"<alice@example.org>", false).unwrap().0,
        parameters: MailParameters::default(),
        recipients: vec![
            recipient(b"<bob@example.net>", b""),
            recipient(b"<carol@example.com>", b" NOTIFY=NEVER"),
        ],
    };
    let remote = Some(Remote { name: "mx.example.net".into(), address: None });
    let outcome = Outcome::ours(Action::Deferred, (4, 7, 1), "451 4.7.1 Greylisted");
    let outcome = Outcome { remote, ..outcome };
    let note = Note::Outcome { recipients: vec![0], outcome };
    let mut log = String::new();
    Record { at, note }.push(&mut log);
    let spool = place.0.join("spool");
    std::fs::create_dir(&spool).unwrap();
    let message = [&envelope.write()[..], b"Subject: Hi\r\n\r\nHi\r\n"].concat();
    std::fs::write(spool.join(format!("{id}.eml")), message).unwrap();
    std::fs::write(spool.join(format!("{id}.log")), log).unwrap();
    let list = place.run("queue list", "");
    assert!(list.contains(id.as_str()) && list.contains("bob@example.net"), "{list}");
    let said = [
        "queue list --json",
        "queue show 2b3c4d5f6g7h8j9k",
        "queue show 2b3c4d5f6g7h8j9z",
        "queue show x",
        "queue hold 2b3c4d5f6g7h8j9k",
        "queue hold",
        "queue reroute 2b3c4d5f6g7h8j9k --to nowhere:at:all",
        "queue flush example.net",
        "trace 2b3c4d5f6g7h8j9k",
        "trace 2b3c4d5f6g7h8j9k --json",
        "trace hello",
    ]
    .map(|it| place.run(it, ""));
    insta::assert_snapshot!(empty + &said.concat());
}

#[test]
fn users_come_and_go() {
    let place = Place::new("users");
    let said = [
        ("user add Ann@Postroad.localhost --password-stdin", "correct horse\n"),
        ("user list --json", ""),
        ("user add ann@postroad.localhost --password-stdin", "other\n"),
        ("user passwd bob@postroad.localhost --password-stdin", "other\n"),
        ("user passwd ann@postroad.localhost --password-stdin", "\n"),
        ("user passwd ann@postroad.localhost", ""),
        ("user add ann@example.net --password-stdin", "other\n"),
        ("user add ../ann@postroad.localhost --password-stdin", "other\n"),
        ("user passwd ann@postroad.localhost --password-hash secret", ""),
        ("user quota ann@postroad.localhost", ""),
        ("user quota ann@postroad.localhost --storage 500M --messages 1000", ""),
        ("user quota ann@postroad.localhost --storage lots", ""),
        ("user quota bob@postroad.localhost --storage none", ""),
        ("user list --json", ""),
        ("user add bob@postroad.localhost --quota 2G --password-stdin", "correct horse\n"),
        ("user quota bob@postroad.localhost", ""),
        ("user remove bob@postroad.localhost", ""),
    ]
    .map(|(arguments, stdin)| place.run(arguments, stdin));
    let stored = std::fs::read_to_string(place.0.join("users.toml")).unwrap();
    assert!(stored.contains("$argon2id$") && stored.contains("SCRAM-SHA-256$"), "{stored}");
    assert!(!stored.contains("correct horse"), "{stored}");
    let rest = ["user remove ann@postroad.localhost", "user list"].map(|it| place.run(it, ""));
    insta::assert_snapshot!(said.concat() + &rest.concat());
}

#[test]
fn mail_comes_in_and_goes_out() {
    let place = Place::new("import");
    let mbox = "From a Mon Jun  1 12:00:00 2026\nSubject: one\n\n>From here\n\nFrom b Mon Jun  1 12:00:01 2026\nStatus: R\nX-Status: F\nSubject: two\n\nbody\n";
    std::fs::write(place.0.join("in.mbox"), mbox).unwrap();
    std::fs::write(place.0.join("none.mbox"), "no mail\n").unwrap();
    place.run("user add me@postroad.localhost --password-stdin", "correct horse\n");
    let said = [
        "import you@postroad.localhost DATA/in.mbox",
        "import me@postroad.localhost DATA/in.mbox",
        "import me@postroad.localhost DATA/in.mbox",
        "import me@postroad.localhost DATA/none.mbox",
        "import me@postroad.localhost DATA/tls",
        "import me@example.net DATA/in.mbox",
        "export me@postroad.localhost DATA/out.mbox --format mbox --folder INBOX",
        "export me@postroad.localhost DATA/out.mbox --format mbox --folder INBOX --json",
        "export me@postroad.localhost DATA/maildir",
        "import me@postroad.localhost DATA/maildir --folder Copy --json",
        "verify",
        "verify me@postroad.localhost --json",
    ]
    .map(|it| place.run(it, ""));
    let written = std::fs::read_to_string(place.0.join("out.mbox")).unwrap();
    insta::assert_snapshot!(said.concat() + &written);
}

#[test]
fn check_says_what_is_wrong() {
    let place = Place::new("check");
    let right = place.run("check", "");
    let (right, limits) = right.split_once("\nLimits in force:\n").unwrap();
    for (name, value, clause) in Limits::default().rows() {
        let row = limits.lines().find(|row| row.split_whitespace().next() == Some(name)).unwrap();
        assert!(row.contains(&value) && row.ends_with(clause), "{row}");
    }
    place.config(
        r#"
hostname = "mx.example.com"
domains = ["example.com"]
[listen]
smtp = ["localhost"]
[smtp]
extensions = ["PIPELINING", "XYZZY"]
[tls]
key = "key.pem"
[aliases]
"all@example.com" = "nobody@example.com"
"#,
    );
    let wrong = place.run("check --config DATA/postroad.toml", "");
    let (_, wrong) = wrong.split_once("postroad: ").unwrap();
    place.config("hostname = 'x'\n[auth]\nclear_text = 'loopback'\n");
    let unknown = place.run("check --config DATA/postroad.toml", "");
    let absent = place.run("check --config DATA/absent.toml", "");
    insta::assert_snapshot!([right, "\n", wrong, &unknown, &absent].concat());
}
