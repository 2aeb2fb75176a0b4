//! The options that programs give to `sendmail`, as they have grown since 1983.

use crate::send::notify;
use crate::send::place::Place;
use postroad_core::address::xtext;
use postroad_core::smtp::{MailParameters, Notify, Return};
use std::iter::Peekable;
use std::str::Chars;

/// What is to be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Task {
    /// Taking mail, `-bm`.
    #[default]
    Mail,
    /// Listing the queue, `-bp`.
    List,
    /// Trying all that is queued now, `-q`.
    Flush,
}

/// What is asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// The task.
    pub task: Task,
    /// `-t`: the recipients stand in the header.
    pub extract: bool,
    /// `-i`, `-oi`: a line of a lone dot is text, and not the end.
    pub dots: bool,
    /// `-v`: show the dialogue.
    pub verbose: bool,
    /// `-f`, `-r`: whom reports go to; empty or `<>` for nobody.
    pub sender: Option<String>,
    /// `-F`: the sender's name.
    pub name: Option<String>,
    /// `-N`: which reports are wanted.
    pub notify: Option<Notify>,
    /// `-R`: how much of the message they return.
    pub ret: Option<Return>,
    /// `-V`: what they call it.
    pub envid: Option<String>,
    /// `--server`.
    pub server: Option<Place>,
    /// The recipients.
    pub recipients: Vec<String>,
}

/// Options with a value that means nothing here.
const VALUES: &str = "ABCDLOXhp";

/// Options without one that mean nothing here.
const FLAGS: &str = "GUmns";

impl Options {
    /// Reads the arguments behind the program's name.
    ///
    /// # Errors
    /// Says which one is wrong.
    pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            if argument == "--" {
                options.recipients.extend(arguments);
                break;
            } else if let Some(long) = argument.strip_prefix("--") {
                options.take_long(long, &mut arguments)?;
            } else if let Some(letters) = argument.strip_prefix('-').filter(|it| !it.is_empty()) {
                options.take_letters(letters, &mut arguments)?;
            } else {
                options.recipients.push(argument);
            }
        }
        Ok(options)
    }

    fn take_long(
        &mut self,
        long: &str,
        arguments: &mut impl Iterator<Item = String>,
    ) -> Result<(), String> {
        let server = match long.split_once('=') {
            Some(("server", server)) => Some(server.to_string()),
            None if long == "server" => arguments.next(),
            _ => return Err(format!("--{long}: there is no such option")),
        };
        self.server = Some(server.ok_or("--server: which one?")?.parse()?);
        Ok(())
    }

    fn take_letters(
        &mut self,
        letters: &str,
        arguments: &mut impl Iterator<Item = String>,
    ) -> Result<(), String> {
        let mut letters = letters.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                't' => self.extract = true,
                'i' => self.dots = true,
                'v' => self.verbose = true,
                // What may follow says how often: the server knows that itself.
                'q' => {
                    self.task = Task::Flush;
                    return Ok(());
                }
                _ if FLAGS.contains(letter) => {}
                _ => {
                    let value = value(letter, &mut letters, arguments)?;
                    return self.take_value(letter, value);
                }
            }
        }
        Ok(())
    }

    fn take_value(&mut self, letter: char, value: String) -> Result<(), String> {
        let wrong = |why: String| format!("-{letter} {value}: {why}");
        match letter {
            'f' | 'r' => self.sender = Some(value),
            'F' => self.name = Some(value),
            'o' => self.dots |= value == "i",
            'N' => self.notify = Some(notify(&value).map_err(wrong)?),
            'R' => {
                let parameters = MailParameters::parse(format!(" RET={value}").as_bytes());
                let ret = parameters.ok().and_then(|it| it.ret);
                self.ret = Some(ret.ok_or_else(|| wrong("`full` or `hdrs`".into()))?);
            }
            'V' => {
                let envid = format!(" ENVID={}", xtext::encode(value.as_bytes()));
                let envid = MailParameters::parse(envid.as_bytes()).ok().and_then(|it| it.envid);
                self.envid = Some(envid.ok_or_else(|| wrong("too long, or not in ASCII".into()))?);
            }
            // `-em` and its like: where errors are reported. They are printed.
            'e' => {}
            'b' if value == "m" => {}
            'b' if value == "p" => self.task = Task::List,
            'b' => return Err(format!("-b{value}: {}", mode(&value))),
            _ if VALUES.contains(letter) => {}
            _ => return Err(format!("-{letter}: there is no such option")),
        }
        Ok(())
    }
}

/// Why a mode of operation (`-b`) other than taking mail is not there, and what is instead.
fn mode(mode: &str) -> &'static str {
    match mode {
        "s" | "S" => "SMTP is not spoken here; the server speaks it on its ports",
        "i" => "aliases stand in the configuration; there is nothing to build",
        "d" | "D" => "`postroad serve` is the server",
        _ => "only mail is taken here (-bm)",
    }
}

/// The value of an option: the rest of its word, or the next one.
fn value(
    letter: char,
    rest: &mut Peekable<Chars<'_>>,
    arguments: &mut impl Iterator<Item = String>,
) -> Result<String, String> {
    if rest.peek().is_some() {
        return Ok(rest.collect());
    }
    arguments.next().ok_or_else(|| format!("-{letter}: a value is missing"))
}
