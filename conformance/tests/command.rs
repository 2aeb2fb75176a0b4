//! The `postroad-conformance` command, as whoever types it sees it.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::{env, fs, process};

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
    assert_eq!((code, &*text), (Some(0), "seed 5\n2 passed, 0 differ, 0 could not be read\n"));
}

#[test]
fn what_differs_is_shown() {
    let bad = GOOD.replace("= close", "= read");
    let folder = Folder::new("differs", &[("a.txt", &bad), ("b.txt", GOOD)]);
    let (code, text) = run(&folder, &["replay", "a.txt", "b.txt"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("a.txt:7: the session wants close"), "{text}");
    assert!(text.contains("-> = read "), "{text}");
    assert!(text.ends_with("1 passed, 1 differ, 0 could not be read\n"), "{text}");
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = Folder::new("unreadable", &[("a.txt", "machine pop3-server\nwhat\n")]);
    for (arguments, part) in [
        (&["replay", "a.txt"][..], "a.txt:2: `what` is no line of a transcript"),
        (&["replay", "gone.txt"], "gone.txt: "),
        (&["replay"], "say which transcripts"),
        (&["replay", "--seed", "x", "a.txt"], "--seed takes a number"),
        (&["replay", "--sead", "a.txt"], "unknown option --sead"),
        (&["record"], "there is no command `record`"),
        (&[], "say `replay` and what"),
        (&["imaptest", "--server", "x:1", "--user", "a:b"], "say which folder holds the scripts"),
        (&["james", "--user", "a:b", "."], "--server is missing"),
        (&["james", "--server", "x:1", "."], "--user is missing"),
        (&["james", "--user", "a", "."], "--user takes NAME:PASSWORD"),
        (&["james", "--patience", "0", "."], "--patience takes seconds"),
        (&["james", "--server", "x:1", "--user", "a:b", "."], "there is no script there"),
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
    assert!(text.contains("Usage: postroad-conformance replay"), "{text}");
}
