//! The `postroad-conformance` command, as whoever types it sees it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::{env, fs, process, thread};

const GOOD: &str =
    "# RFC 1939 §3\nmachine pop3-server\n\nS: +OK [..]\nC: QUIT\nS: +OK [..]\n= close\n";

/// A folder that is removed when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let folder = env::temp_dir().join(format!("postroad-{name}-{}", process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        for (name, text) in files {
            fs::write(folder.join(name), text).expect("a file");
        }
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn run(folder: &Folder, arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } =
        Command::new(env!("CARGO_BIN_EXE_postroad-conformance"))
            .args(arguments)
            .current_dir(&folder.0)
            .env_remove("POSTROAD_SEED")
            .env_remove("UPDATE")
            .output()
            .expect("the command runs");
    let text = [stdout, stderr].concat();
    (status.code(), String::from_utf8(text).expect("text"))
}

#[test]
fn what_passes_is_counted() {
    let folder =
        Folder::new("passes", &[("a.txt", GOOD), ("b.txt", GOOD), ("c.md", "no transcript")]);
    let (code, text) = run(&folder, &["replay", "--seed", "5", "."]);
    assert_eq!((code, &*text), (Some(0), "seed 5\n2 passed, 0 failed\n"));
}

#[test]
fn what_differs_is_shown() {
    let bad = GOOD.replace("= close", "= read");
    let folder = Folder::new("differs", &[("a.txt", &bad), ("b.txt", GOOD)]);
    let (code, text) = run(&folder, &["replay", "a.txt", "b.txt"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("a.txt:7: the session wants close"), "{text}");
    assert!(text.contains("-> = read "), "{text}");
    assert!(text.ends_with("1 passed, 1 failed\n"), "{text}");
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = Folder::new("unreadable", &[("a.txt", "machine pop3-server\nwhat\n")]);
    for (arguments, part) in [
        (&["replay", "a.txt"][..], "a.txt:2: `what` is no line of a transcript"),
        (&["replay", "gone.txt"], "gone.txt: "),
        (&["replay"], "<PATH>..."),
        (&["replay", "--seed", "x", "a.txt"], "invalid value 'x' for '--seed <NUMBER>'"),
        (&["replay", "--sead", "a.txt"], "unexpected argument '--sead'"),
        (&["replay", "--format", "xml", "a.txt"], "there are text, junit, json, tap"),
        (&["replai"], "unrecognized subcommand 'replai'"),
        (&[], "Usage: postroad-conformance <COMMAND>"),
        (&["imaptest", "--server", "x:1", "--user", "a:b"], "<FOLDER>"),
        (&["james", "--user", "a:b", "."], "--server <HOST:PORT>"),
        (&["james", "--server", "x:1", "."], "--user <NAME:PASSWORD>"),
        (&["james", "--server", "x:1", "--user", "a", "."], "write NAME:PASSWORD"),
        (&["james", "--patience", "0", "."], "--patience <SECONDS>"),
        (&["james", "--server", "x:1", "--user", "a:b", "."], "there is no script there"),
        (&["record", "--listen", "x:1", "--upstream", "x:1"], "--protocol <PROTOCOL>"),
        (&["record", "--protocol", "nntp"], "there are smtp, submission, lmtp, pop3, imap"),
    ] {
        let (code, text) = run(&folder, arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {text}");
        assert!(text.contains(part), "{arguments:?}: {text}");
    }
    let empty = Folder::new("empty", &[]);
    assert_eq!(run(&empty, &["replay", "."]).0, Some(2));
}

#[test]
fn update_writes_the_machines_side() {
    let peer = "# RFC 1939 §3\nmachine pop3-server\n\nC: QUIT\n= read\n";
    let folder = Folder::new("update", &[("a.txt", peer)]);
    let (code, text) = run(&folder, &["replay", "--update", "a.txt"]);
    assert_eq!(code, Some(0), "{text}");
    let written = fs::read_to_string(folder.0.join("a.txt")).unwrap();
    let expected = "# RFC 1939 §3\nmachine pop3-server\n\n\
        S: +OK mx.example.com POP3 server ready\nC: QUIT\nS: +OK Bye\n= close\n";
    assert_eq!(written, expected);
}

#[test]
fn help_is_no_error() {
    let folder = Folder::new("help", &[]);
    let (code, text) = run(&folder, &["--help"]);
    assert_eq!(code, Some(0));
    assert!(text.contains("Usage: postroad-conformance <COMMAND>"), "{text}");
}

#[test]
fn programs_read_what_came_of_it() {
    let bad = GOOD.replace("+OK [..]\n= close", "-ERR \"<a>\" & [..]\n= close");
    let folder = Folder::new(
        "formats",
        &[("a.txt", &bad), ("b.txt", GOOD), ("c.txt", "# A & B\nmachine pop3-server\nwhat\n")],
    );
    let report = |format| run(&folder, &["replay", "--seed", "5", "--format", format, "."]);

    let (code, json) = report("json");
    assert_eq!(code, Some(2), "{json}");
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let counts =
        ["passed", "failed", "skipped", "unreadable", "seed"].map(|key| json[key].as_u64());
    assert_eq!(counts, [1, 1, 0, 1, 5].map(Some));
    let case = &json["cases"][0];
    assert_eq!((&case["file"], &case["line"]), (&"a.txt".into(), &6.into()));
    assert_eq!(case["again"], "postroad-conformance replay a.txt");

    let (_, xml) = report("junit");
    assert!(xml.contains(r#"tests="3" failures="1" errors="1" skipped="0""#), "{xml}");
    assert!(xml.contains(r#"<property name="seed" value="5"/>"#), "{xml}");
    assert!(xml.contains("-&gt; S: -ERR &quot;&lt;a&gt;&quot; &amp; [..]"), "{xml}");

    let (_, tap) = report("tap");
    assert!(tap.starts_with("TAP version 14\n# seed 5\nnot ok 1 - a.txt: RFC 1939 §3\n"), "{tap}");
    assert!(tap.contains("\nok 2 - b.txt: RFC 1939 §3\n"), "{tap}");
    assert!(tap.ends_with("\n1..3\n"), "{tap}");
}

/// A POP3 server that takes one connection, greets, and answers every command with `answer` until QUIT.
fn pop3_server(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let place = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut lines = BufReader::new(stream.try_clone().expect("a socket")).lines();
            let say = |text: &str| (&stream).write_all(text.as_bytes());
            say("+OK hello\r\n").expect("a greeting");
            while let Some(Ok(line)) = lines.next() {
                let last = line == "QUIT";
                if say(if last { "+OK\r\n" } else { answer }).is_err() || last {
                    break;
                }
            }
        }
    });
    place
}

#[test]
fn a_server_that_listens_is_judged() {
    let needs =
        "# RFC 1939 §3\nmachine pop3-server\nneeds nothing\n\nS: +OK [..]\nC: NOOP\nS: -ERR [..]\n";
    let folder = Folder::new("run", &[("a.txt", needs), ("b.txt", GOOD)]);
    let run = |place: &str, more: &[&str]| {
        run(&folder, &[&["run", "--patience", "1", "--pop3", place], more, &["."]].concat())
    };
    let (code, text) = run(&pop3_server("-ERR not now\r\n"), &[]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("   1 skipped: it is about Postroad's own machine"), "{text}");
    assert!(text.ends_with("1 passed, 0 failed, 1 skipped\n"), "{text}");

    let place = pop3_server("+OK\r\n");
    let (code, text) = run(&place, &[]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("a.txt:7: the server said something else"), "{text}");
    assert!(text.contains("-> S: -ERR [..] │ S: +OK"), "{text}");
    assert!(
        text.contains(&format!("again: postroad-conformance run --pop3 {place} a.txt")),
        "{text}"
    );
    let (code, text) = run(&place, &["--format", "junit"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains(r#"tests="2" failures="1" errors="0" skipped="1""#), "{text}");
}
