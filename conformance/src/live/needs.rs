//! What a transcript needs of a server elsewhere: its `needs` lines.

use super::protocol::Protocol;
use crate::transcript::{Action, Malformed, Setting, Transcript};

/// One thing that a server must have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Need {
    /// It announces this.
    Capability(String),
    /// An account; with a password, someone can log in to it.
    Account { name: String, password: Option<String> },
    /// A mailbox of an account.
    Mailbox { line: usize, account: String, name: String },
    /// A message in a mailbox.
    Message { line: usize, section: String, account: String, mailbox: String, arguments: String },
}

/// All that a transcript needs.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Needs {
    pub(super) all: Vec<Need>,
    /// Whether each burst must go in one write, for that is what is tested.
    pub(super) pipelining: bool,
}

impl Needs {
    /// Reads the `needs` lines; `None` if there are none, for then the dialogue can be had with Postroad's machine alone.
    pub(super) fn of(transcript: &Transcript) -> Result<Option<Self>, Malformed> {
        if transcript.needs.is_empty() {
            return Ok(None);
        }
        for step in &transcript.steps {
            if let Action::Pass(_) = &step.action {
                return Err(Malformed::new(step.line, "time can't be made to pass elsewhere"));
            }
        }
        let mut needs = Self::default();
        for setting in &transcript.needs {
            let is_pop3 = transcript.protocol() == Some(Protocol::Pop3);
            match &*setting.key {
                "nothing" => {}
                "pipelining" => needs.pipelining = true,
                "message" if is_pop3 && setting.words().len() < 3 => {
                    let message = needs.maildrop_message(setting)?;
                    needs.all.push(message);
                }
                _ => needs.all.push(need(setting)?),
            }
        }
        Ok(Some(needs))
    }

    /// `needs message SECTION [UNIQUE-ID]`: in the maildrop of the only user.
    fn maildrop_message(&self, setting: &Setting) -> Result<Need, Malformed> {
        let account = self.all.iter().find_map(|need| match need {
            Need::Account { name, .. } => Some(name.clone()),
            _ => None,
        });
        let account = account.ok_or_else(|| setting.wrong("say first whose maildrop it is"))?;
        let section = setting.words().first().copied().unwrap_or_default().to_owned();
        let (mailbox, arguments) = ("INBOX".to_owned(), String::new());
        Ok(Need::Message { line: setting.line, section, account, mailbox, arguments })
    }

    /// The accounts, each once, in order.
    pub(super) fn accounts(&self) -> Vec<(&str, Option<&str>)> {
        let mut accounts: Vec<(&str, Option<&str>)> = Vec::new();
        for need in &self.all {
            if let Need::Account { name, password } = need
                && !accounts.iter().any(|(known, _)| known == name)
            {
                accounts.push((name, password.as_deref()));
            }
        }
        accounts
    }

    /// The capabilities, in upper case.
    pub(super) fn capabilities(&self) -> impl Iterator<Item = &str> {
        self.all.iter().filter_map(|need| match need {
            Need::Capability(name) => Some(&**name),
            _ => None,
        })
    }
}

fn need(setting: &Setting) -> Result<Need, Malformed> {
    let line = setting.line;
    let words: Vec<String> = setting.words().into_iter().map(str::to_owned).collect();
    match (&*setting.key, &words[..]) {
        ("capability", [_, ..]) => Ok(Need::Capability(setting.value.to_ascii_uppercase())),
        ("account" | "user", [name]) => Ok(Need::Account { name: name.clone(), password: None }),
        ("user", [name, password @ ..]) if !password.is_empty() => {
            let password = Some(password.join(" "));
            Ok(Need::Account { name: name.clone(), password })
        }
        ("mailbox", [account, name]) => {
            Ok(Need::Mailbox { line, account: account.clone(), name: name.clone() })
        }
        ("message", [section, account, mailbox, rest @ ..]) => {
            let arguments = arguments(rest).map_err(|wrong| setting.wrong(wrong))?;
            let (section, account, mailbox) = (section.clone(), account.clone(), mailbox.clone());
            Ok(Need::Message { line, section, account, mailbox, arguments })
        }
        _ => Err(setting.wrong(
            "what a transcript needs is nothing, pipelining, capability NAME, account NAME, user NAME PASSWORD, mailbox ACCOUNT NAME or \
             message SECTION ACCOUNT MAILBOX",
        )),
    }
}

/// What stands between the mailbox and the message in APPEND (RFC 9051 §6.3.12).
fn arguments(words: &[String]) -> Result<String, String> {
    let mut flags = Vec::new();
    let mut date = String::new();
    for word in words {
        match word.strip_prefix('@') {
            None => flags.push(&**word),
            Some(seconds) => {
                let seconds = seconds.parse().map_err(|_| format!("`{word}` is no date"))?;
                let utc = postroad_core::message::date::DateTime::utc(seconds);
                date = format!(" \"{}\"", utc.to_imap());
            }
        }
    }
    let flags = if flags.is_empty() { String::new() } else { format!(" ({})", flags.join(" ")) };
    Ok(format!("{flags}{date}"))
}
