//! Every response but FETCH.

use super::{delimiter, join, list, mailbox, nil, put, string};
use crate::encoding::utf7;
use crate::imap::response::{Code, Listed, Namespace, Namespaces, Response, Status};
use crate::imap::types::{Capability, Flag};
use alloc::string::String;
use alloc::vec::Vec;

impl Response {
    /// Writes the response with its CRLF.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Status(status) => return status.write(out),
            Self::Continue(text) => put(out, format_args!("+ {text}")),
            Self::Capability(capabilities) => {
                out.extend_from_slice(b"* ");
                write_capabilities(out, capabilities);
            }
            Self::Enabled(capabilities) => {
                out.extend_from_slice(b"* ENABLED");
                for capability in capabilities {
                    put(out, format_args!(" {capability}"));
                }
            }
            Self::Flags(flags) => {
                out.extend_from_slice(b"* FLAGS ");
                write_flags(out, flags);
            }
            Self::List(listed) => listed.write(out, "LIST"),
            Self::Lsub(listed) => listed.write(out, "LSUB"),
            Self::MailboxStatus(name, values) => {
                out.extend_from_slice(b"* STATUS ");
                mailbox(out, name);
                out.push(b' ');
                list(out, values, |out, (item, value)| {
                    put(out, format_args!("{} {value}", item.name()));
                });
            }
            Self::Search(numbers) => {
                out.extend_from_slice(b"* SEARCH");
                for number in numbers {
                    put(out, format_args!(" {number}"));
                }
            }
            Self::Exists(number) => put(out, format_args!("* {number} EXISTS")),
            Self::Recent(number) => put(out, format_args!("* {number} RECENT")),
            Self::Expunge(number) => put(out, format_args!("* {number} EXPUNGE")),
            Self::Namespace(namespaces) => namespaces.write(out),
            Self::Id(fields) => write_id(out, fields),
        }
        out.extend_from_slice(b"\r\n");
    }
}

impl Status {
    /// Writes the response with its CRLF.
    pub fn write(&self, out: &mut Vec<u8>) {
        match &self.tag {
            Some(tag) => put(out, format_args!("{tag} ")),
            None => out.extend_from_slice(b"* "),
        }
        put(out, format_args!("{} ", self.condition.name()));
        if let Some(code) = &self.code {
            out.push(b'[');
            code.write(out);
            out.extend_from_slice(b"] ");
        }
        // RFC 3501 §9: text = 1*TEXT-CHAR.
        let printable = |c: char| if matches!(c, ' '..='~') { c as u8 } else { b'?' };
        out.extend(self.text.chars().map(printable));
        out.extend_from_slice(b"\r\n");
    }
}

impl Code {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::BadCharset(supported) => {
                out.extend_from_slice(b"BADCHARSET ");
                list(out, *supported, |out, name| put(out, format_args!("{name}")));
            }
            Self::Capability(capabilities) => write_capabilities(out, capabilities),
            Self::PermanentFlags { flags, new_keywords } => {
                out.extend_from_slice(b"PERMANENTFLAGS (");
                join(out, " ", flags, |out, flag| put(out, format_args!("{flag}")));
                if *new_keywords {
                    let space = if flags.is_empty() { "" } else { " " };
                    put(out, format_args!("{space}\\*"));
                }
                out.push(b')');
            }
            Self::UidNext(uid) => put(out, format_args!("UIDNEXT {uid}")),
            Self::UidValidity(validity) => put(out, format_args!("UIDVALIDITY {validity}")),
            Self::Unseen(number) => put(out, format_args!("UNSEEN {number}")),
            Self::AppendUid { uid_validity, uids } => {
                put(out, format_args!("APPENDUID {uid_validity} {uids}"));
            }
            Self::CopyUid { uid_validity, source, target } => {
                put(out, format_args!("COPYUID {uid_validity} {source} {target}"))
            }
            plain => out.extend_from_slice(plain.word().as_bytes()),
        }
    }

    /// The code's first word, which is all there is of most.
    const fn word(&self) -> &'static str {
        match self {
            Self::Alert => "ALERT",
            Self::BadCharset(_) => "BADCHARSET",
            Self::Capability(_) => "CAPABILITY",
            Self::Parse => "PARSE",
            Self::PermanentFlags { .. } => "PERMANENTFLAGS",
            Self::ReadOnly => "READ-ONLY",
            Self::ReadWrite => "READ-WRITE",
            Self::TryCreate => "TRYCREATE",
            Self::UidNext(_) => "UIDNEXT",
            Self::UidValidity(_) => "UIDVALIDITY",
            Self::Unseen(_) => "UNSEEN",
            Self::AppendUid { .. } => "APPENDUID",
            Self::CopyUid { .. } => "COPYUID",
            Self::UidNotSticky => "UIDNOTSTICKY",
            Self::UseAttr => "USEATTR",
            Self::TooBig => "TOOBIG",
            Self::Unavailable => "UNAVAILABLE",
            Self::AuthenticationFailed => "AUTHENTICATIONFAILED",
            Self::AuthorizationFailed => "AUTHORIZATIONFAILED",
            Self::Expired => "EXPIRED",
            Self::PrivacyRequired => "PRIVACYREQUIRED",
            Self::ContactAdmin => "CONTACTADMIN",
            Self::NoPerm => "NOPERM",
            Self::InUse => "INUSE",
            Self::ExpungeIssued => "EXPUNGEISSUED",
            Self::Corruption => "CORRUPTION",
            Self::ServerBug => "SERVERBUG",
            Self::ClientBug => "CLIENTBUG",
            Self::Cannot => "CANNOT",
            Self::Limit => "LIMIT",
            Self::OverQuota => "OVERQUOTA",
            Self::AlreadyExists => "ALREADYEXISTS",
            Self::NonExistent => "NONEXISTENT",
            Self::CompressionActive => "COMPRESSIONACTIVE",
        }
    }
}

fn write_capabilities(out: &mut Vec<u8>, capabilities: &[Capability]) {
    out.extend_from_slice(b"CAPABILITY");
    for capability in capabilities {
        put(out, format_args!(" {capability}"));
    }
}

fn write_flags(out: &mut Vec<u8>, flags: &[Flag]) {
    list(out, flags, |out, flag| put(out, format_args!("{flag}")));
}

impl Listed {
    fn write(&self, out: &mut Vec<u8>, name: &str) {
        put(out, format_args!("* {name} "));
        list(out, &self.attributes, |out, attribute| {
            put(out, format_args!("\\{}", attribute.name()));
        });
        out.push(b' ');
        delimiter(out, self.delimiter);
        out.push(b' ');
        mailbox(out, &self.mailbox);
    }
}

impl Namespaces {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"* NAMESPACE ");
        let kinds = [&self.personal, &self.other, &self.shared];
        join(out, " ", kinds, |out, namespaces| match &namespaces[..] {
            [] => nil(out),
            namespaces => {
                out.push(b'(');
                namespaces.iter().for_each(|namespace| namespace.write(out));
                out.push(b')');
            }
        });
    }
}

impl Namespace {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(b'(');
        string(out, utf7::encode(&self.prefix).as_bytes());
        out.push(b' ');
        delimiter(out, self.delimiter);
        out.push(b')');
    }
}

fn write_id(out: &mut Vec<u8>, fields: &[(String, String)]) {
    out.extend_from_slice(b"* ID ");
    if fields.is_empty() {
        return nil(out);
    }
    list(out, fields, |out, (field, value)| {
        string(out, field.as_bytes());
        out.push(b' ');
        string(out, value.as_bytes());
    });
}
