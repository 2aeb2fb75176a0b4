//! What is refused where sequence numbers are switched off (RFC 9586 §3.3).

use crate::imap::{Command, Fetch, Messages, Numbering, Search, SearchKey, Sort, Store, Thread};

/// Whether a command names messages by sequence numbers, or would be answered with them.
pub(super) fn needs_numbers(command: &Command) -> bool {
    match command {
        Command::Fetch(Fetch { numbering, .. })
        | Command::Store(Store { numbering, .. })
        | Command::Copy { numbering, .. }
        | Command::Move { numbering, .. } => *numbering == Numbering::Sequence,
        Command::Search(Search { numbering, key, .. })
        | Command::Sort(Sort { numbering, key, .. })
        | Command::Thread(Thread { numbering, key, .. }) => {
            *numbering == Numbering::Sequence || names_numbers(key)
        }
        _ => false,
    }
}

/// Whether there are sequence numbers among the conditions of a search. The depth is the parser's.
fn names_numbers(key: &SearchKey) -> bool {
    match key {
        SearchKey::Messages(Numbering::Sequence, Messages::Set(_)) => true,
        SearchKey::And(keys) | SearchKey::Or(keys) => keys.iter().any(names_numbers),
        SearchKey::Not(key) => names_numbers(key),
        _ => false,
    }
}
