//! A script: its header and its groups of commands.

use super::lines::{self, Line};
use super::pattern::{self, Pattern};
use crate::foreign::value;
use std::collections::BTreeMap;

/// What is done before the first command; each state holds those above it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum State {
    /// Nothing.
    NotAuthenticated,
    /// A login; the mailbox and those whose names begin like it are deleted.
    Authenticated,
    /// The mailbox is created.
    Created,
    /// The messages are appended.
    Appended,
    /// The mailbox is selected.
    Selected,
}

/// Whether a reply comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Presence {
    /// `*`
    Must,
    /// `?`
    May,
    /// `!`
    MustNot,
}

/// An untagged reply.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Untagged {
    /// Where it stands.
    pub line: usize,
    /// Whether it comes.
    pub presence: Presence,
    /// As the script has it.
    pub text: String,
    /// What it looks like.
    pub patterns: Vec<Pattern>,
}

/// A command and its tagged reply.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Command {
    /// What is sent behind the tag.
    pub line: Line,
    /// The script's name for it, if it has one.
    tag: Option<String>,
    /// What the reply begins with; empty for any.
    pub reply: Vec<Pattern>,
    /// As the script has it.
    pub expected: String,
}

/// Commands that are sent together, and the untagged replies to them all.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Group {
    /// On which connection, from 0.
    pub connection: usize,
    /// The commands, in their order.
    pub commands: Vec<Command>,
    /// The untagged replies.
    pub untagged: Vec<Untagged>,
    /// Whether these come in this order (`!ordered`).
    pub ordered: bool,
}

impl Group {
    /// Whether the server ends the connection here.
    #[must_use]
    pub fn ends_with_bye(&self) -> bool {
        self.untagged.iter().any(|untagged| {
            untagged.presence == Presence::Must
                && untagged.text.to_ascii_lowercase().starts_with("bye")
        })
    }
}

/// A scripted test.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Script {
    /// What the server must have.
    pub capabilities: Vec<String>,
    /// How many connections there are.
    pub connections: usize,
    /// How many messages are appended; all without a number.
    pub messages: Option<usize>,
    /// What is done before.
    pub state: State,
    /// Whether untagged replies may come that the script does not list.
    pub ignore_extra_untagged: bool,
    /// The accounts of connections (from 0) that do not log in as the first user, such as `$user2`.
    pub users: BTreeMap<usize, String>,
    /// The commands.
    pub groups: Vec<Group>,
}

impl Script {
    /// Reads a script; `!ifenv` asks this process's environment.
    ///
    /// # Errors
    /// If it is not in the format: the line and what is wrong with it.
    pub fn parse(script: &[u8]) -> Result<Self, String> {
        let lines = lines::read(script, &|name| std::env::var_os(name).is_some())?;
        let mut parsed = Self {
            capabilities: Vec::new(),
            connections: 1,
            messages: None,
            state: State::Selected,
            ignore_extra_untagged: true,
            users: BTreeMap::new(),
            groups: Vec::new(),
        };
        // A script without an empty line, or that begins with a command, has no header.
        let has_header = lines.first().is_some_and(|line| is_header(line.head()));
        let mut in_header = has_header;
        for line in &lines {
            let at = |problem: String| format!("line {}: {problem}", line.number);
            if line.number == 0 {
                in_header = false;
            } else if in_header {
                parsed.header(&String::from_utf8_lossy(line.head())).map_err(at)?;
            } else {
                parsed.line(line).map_err(at)?;
            }
        }
        let is_open = |command: &Command| command.expected.is_empty();
        match parsed
            .groups
            .iter()
            .flat_map(|group| &group.commands)
            .find(|command| is_open(command))
        {
            Some(command) => Err(format!("line {}: no reply is given", command.line.number)),
            None if parsed.groups.is_empty() => Err("there is no command".to_owned()),
            None => Ok(parsed),
        }
    }

    fn header(&mut self, line: &str) -> Result<(), String> {
        let (key, value) = line.split_once(':').ok_or("no `key: value`")?;
        let value = value.trim();
        let number = || value.parse().map_err(|_| format!("{key} takes a number"));
        match key.trim() {
            "capabilities" => {
                self.capabilities = value.split_ascii_whitespace().map(str::to_owned).collect();
            }
            "connections" => self.connections = number()?,
            "messages" if value == "all" => self.messages = None,
            "messages" => self.messages = Some(number()?),
            "state" => {
                self.state = match value {
                    "nonauth" => State::NotAuthenticated,
                    "auth" => State::Authenticated,
                    "created" => State::Created,
                    "appended" => State::Appended,
                    "selected" => State::Selected,
                    _ => return Err(format!("there is no state {value}")),
                }
            }
            "ignore_extra_untagged" => self.ignore_extra_untagged = value != "no",
            key => {
                let connection = key.strip_prefix("user ").and_then(|number| number.parse().ok());
                let connection: usize = connection.ok_or_else(|| format!("unknown key {key}"))?;
                let user = value.trim_start_matches('$').to_owned();
                self.users.insert(connection.saturating_sub(1), user);
            }
        }
        Ok(())
    }

    fn line(&mut self, line: &Line) -> Result<(), String> {
        let presence = match line.head() {
            [b'*', b' ', ..] => Some(Presence::Must),
            [b'?', b' ', ..] => Some(Presence::May),
            [b'!', b' ', ..] => Some(Presence::MustNot),
            _ => None,
        };
        if let Some(presence) = presence {
            let group = self.groups.last_mut().ok_or("a reply in front of every command")?;
            group.untagged.push(untagged(&line.behind(2), presence)?);
            return Ok(());
        }
        if line.head() == b"!ordered" {
            self.groups.last_mut().ok_or("!ordered in front of every command")?.ordered = true;
            return Ok(());
        }
        if line.head().starts_with(b"!") && !line.head().starts_with(b"!#") {
            return Err(format!("unknown: {}", String::from_utf8_lossy(line.head())));
        }
        let (connection, line) = self.connection(line)?;
        let (tag, line) = tag(&line);
        if self.is_waiting() {
            if let Some(behind) = status(line.head()) {
                return self.reply(tag.as_deref(), &line, behind);
            }
        } else {
            self.groups.push(Group { connection, ..Group::default() });
        }
        let group = self.groups.last_mut().ok_or("no group")?;
        if group.connection != connection {
            return Err("commands that are sent together have one connection".to_owned());
        }
        let mut command =
            Command { line: line.clone(), tag, reply: Vec::new(), expected: String::new() };
        if let Some(behind) = status(line.head()) {
            let word = &line.head()[..behind];
            command.expect(word)?;
            command.line = line.behind(behind + 1);
        }
        group.commands.push(command);
        Ok(())
    }

    /// The connection that the line names, from 0, and the line without its number.
    fn connection(&self, line: &Line) -> Result<(usize, Line), String> {
        let head = line.head();
        let end = head.iter().position(|octet| *octet == b' ').unwrap_or(head.len());
        let number: Option<usize> =
            core::str::from_utf8(&head[..end]).ok().and_then(|word| word.parse().ok());
        match number {
            Some(number) if (1..=self.connections).contains(&number) => {
                Ok((number - 1, line.behind(end + 1)))
            }
            Some(number) => Err(format!("there is no connection {number}")),
            None if self.connections > 1 => Err("a connection's number is missing".to_owned()),
            None => Ok((0, line.clone())),
        }
    }

    fn is_waiting(&self) -> bool {
        let last = self.groups.last();
        last.is_some_and(|group| group.commands.iter().any(|command| command.expected.is_empty()))
    }

    fn reply(&mut self, tag: Option<&str>, line: &Line, end: usize) -> Result<(), String> {
        let group = self.groups.last_mut().ok_or("no group")?;
        let mut commands = group.commands.iter_mut();
        let command = commands.find(|command| command.tag.as_deref() == tag);
        let command = command.ok_or("a reply to no command")?;
        if line.head()[..end] == *b"\"\"" {
            return command.expect(b"\"\"");
        }
        command.expect(&line.wire())
    }
}

impl Command {
    fn expect(&mut self, reply: &[u8]) -> Result<(), String> {
        self.expected = String::from_utf8_lossy(reply).into_owned();
        if reply != b"\"\"" {
            self.reply = pattern::plain(&value::parse(reply))?;
        }
        Ok(())
    }
}

fn untagged(line: &Line, presence: Presence) -> Result<Untagged, String> {
    let octets = line.wire();
    let patterns = pattern::reply(&value::parse(&octets))?;
    let text = octets.escape_ascii().to_string().replace("\\\"", "\"");
    Ok(Untagged { line: line.number, presence, text, patterns })
}

fn is_header(line: &[u8]) -> bool {
    let is_key = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b' ');
    let key = line.iter().take_while(|octet| is_key(octet)).count();
    key > 0 && line.get(key) == Some(&b':')
}

/// `tagN` in front of a line, and the line without it.
fn tag(line: &Line) -> (Option<String>, Line) {
    let head = line.head();
    let end = head.iter().position(|octet| *octet == b' ').unwrap_or(head.len());
    let word = String::from_utf8_lossy(&head[..end]).into_owned();
    let is_tag = word.strip_prefix("tag").is_some_and(|number| number.parse::<u32>().is_ok());
    if is_tag { (Some(word), line.behind(end + 1)) } else { (None, line.clone()) }
}

/// Where the `OK`, `NO`, `BAD` or `""` ends that a line begins with.
fn status(line: &[u8]) -> Option<usize> {
    let end = line.iter().position(|octet| *octet == b' ').unwrap_or(line.len());
    let word = line[..end].to_ascii_uppercase();
    matches!(&word[..], b"OK" | b"NO" | b"BAD" | b"\"\"").then_some(end)
}
