//! What the commands print.

/// Prints a line to standard output, as `println!` does; but whoever has stopped listening, as
/// `| head` does, ends nothing: neither the command nor the server.
macro_rules! say {
    ($($argument:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($argument)*);
    }};
}

pub(crate) use say;
