//! What a mailbox name means: whose mailbox it is (RFC 2342).
//!
//! A user's own mailboxes begin with nothing. Those of others begin with `user` and the owner's
//! address in one level: `user.bob@example^org.INBOX`. There `^` stands for the delimiter, and what
//! a name may not hold is written as `=` and two hexadecimal digits, as are `^` and `=` themselves.
//! An address is written in one way only, so no mailbox has two names.

use super::connection::Connection;
use super::no;
use crate::imap::{Code, Mailbox, Namespace, Namespaces, Status};
use crate::store::{Account, DELIMITER, MailboxName, Target};
use alloc::string::String;
use alloc::{format, vec};

/// The first level of the names of others' mailboxes.
pub(super) const OTHERS: &str = "user";

impl Connection {
    /// The mailbox that the client calls so, or what to answer if there can be none.
    pub(super) fn place(&self, mailbox: &Mailbox) -> Result<Target, Status> {
        let own = || {
            let account = self.account().cloned().ok_or_else(super::connection::confused)?;
            Ok(Target { account, mailbox: self.name(mailbox)? })
        };
        let Some(rest) = below_others(mailbox.as_str()) else {
            return own();
        };
        let nowhere = || no("No such mailbox").with_code(Code::NonExistent);
        let (owner, name) = rest.split_once(DELIMITER).ok_or_else(nowhere)?;
        let account = parse_owner(owner).ok_or_else(nowhere)?;
        Ok(Target { account, mailbox: self.name(&Mailbox::new(name))? })
    }

    /// What the client calls a mailbox.
    pub(super) fn written(&self, target: &Target) -> Mailbox {
        match self.account() {
            Some(account) if *account != target.account => {
                Mailbox::new(name_of(&target.account, &target.mailbox))
            }
            _ => Mailbox::new(target.mailbox.as_str()),
        }
    }
}

/// The namespaces (RFC 2342 §5).
pub(super) fn namespaces() -> Namespaces {
    let namespace = |prefix: String| Namespace { prefix, delimiter: Some(DELIMITER) };
    Namespaces {
        personal: vec![namespace(String::new())],
        other: vec![namespace(format!("{OTHERS}{DELIMITER}"))],
        shared: vec![],
    }
}

/// What follows `user.`, if the name begins so.
pub(super) fn below_others(name: &str) -> Option<&str> {
    name.strip_prefix(OTHERS)?.strip_prefix(DELIMITER)
}

/// The name by which all but the owner know a mailbox.
pub(super) fn name_of(owner: &Account, mailbox: &MailboxName) -> String {
    format!("{OTHERS}{DELIMITER}{}{DELIMITER}{mailbox}", write_owner(owner))
}

fn write_owner(owner: &Account) -> String {
    let mut level = String::new();
    for c in owner.as_str().chars() {
        match c {
            DELIMITER => level.push('^'),
            '^' | '=' | '%' | '*' => level.push_str(&format!("={:02X}", c as u32)),
            _ => level.push(c),
        }
    }
    level
}

fn parse_owner(level: &str) -> Option<Account> {
    let mut address = String::new();
    let mut rest = level;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '^' => address.push(DELIMITER),
            '=' => {
                let code = u8::from_str_radix(rest.get(..2)?, 16).ok().filter(u8::is_ascii)?;
                rest = &rest[2..];
                address.push(code.into());
            }
            _ => address.push(c),
        }
    }
    let owner = Account::parse(&address).ok()?;
    (write_owner(&owner) == level).then_some(owner)
}

#[cfg(test)]
mod tests {
    use super::{name_of, parse_owner, write_owner};
    use crate::limits::Limits;
    use crate::store::{Account, MailboxName};

    #[test]
    fn an_owner_is_one_level_and_comes_back() {
        for (address, level) in [
            ("bob@example.org", "bob@example^org"),
            ("bob.smith+a@example.org", "bob^smith+a@example^org"),
            ("50%=*^@a.b.example", "50=25=3D=2A=5E@a^b^example"),
            ("jürgen@xn--bcher-kva.example", "jürgen@xn--bcher-kva^example"),
        ] {
            let account = Account::parse(address).unwrap();
            assert_eq!(write_owner(&account), level);
            assert_eq!(parse_owner(level), Some(account.clone()));
            let name = name_of(&account, &MailboxName::inbox());
            assert!(MailboxName::parse(&name, &Limits::DEFAULT).is_ok(), "{name}");
        }
    }

    #[test]
    fn an_owner_is_written_in_one_way_only() {
        for level in ["", "bob", "Bob@example^org", "bob=2Bx@example^org", "b=6", "b=ü@x", "=2F@x"]
        {
            assert_eq!(parse_owner(level), None, "{level}");
        }
    }
}
