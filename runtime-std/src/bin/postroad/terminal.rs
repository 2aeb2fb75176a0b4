//! Asking a person on a terminal.

use postroad_core::secret::Secret;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::AsFd;

/// A terminal that does not show what is typed, until dropped.
pub struct Quiet<T: AsFd> {
    terminal: T,
    before: Termios,
}

impl<T: AsFd> Quiet<T> {
    /// Quiets a terminal.
    ///
    /// # Errors
    /// If it is none.
    pub fn new(terminal: T) -> io::Result<Self> {
        let before = tcgetattr(&terminal)?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&terminal, OptionalActions::Flush, &quiet)?;
        Ok(Self { terminal, before })
    }
}

impl<T: AsFd> Drop for Quiet<T> {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}

/// Asks for a password on the terminal of whoever runs this, wherever standard input comes from.
///
/// # Errors
/// If there is no terminal.
pub fn ask_password(question: &str) -> io::Result<Secret<String>> {
    let mut terminal = File::options().read(true).write(true).open("/dev/tty")?;
    let quiet = Quiet::new(terminal.try_clone()?)?;
    write!(terminal, "{question}: ")?;
    let mut line = String::new();
    BufReader::new(&terminal).read_line(&mut line)?;
    drop(quiet);
    writeln!(terminal)?;
    Ok(Secret::new(line.trim_end_matches(['\r', '\n']).to_string()))
}
