//! Every response but those that are streamed.

use super::{astring, delimiter, join, list, literal8, mailbox, nil, nstring, put, string, text};
use crate::encoding::utf7;
use crate::imap::response::{Listed, Namespace, Namespaces, Response, Status};
use crate::imap::types::{Capability, Encoding, EntryName, Flag, Mailbox, StatusValue};
use alloc::string::String;
use alloc::vec::Vec;

impl Response {
    /// Writes the response with its CRLF, and mailbox names in `encoding`.
    pub fn write(&self, out: &mut Vec<u8>, encoding: Encoding) {
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
            Self::Exists(number) => put(out, format_args!("* {number} EXISTS")),
            Self::Recent(number) => put(out, format_args!("* {number} RECENT")),
            Self::Expunge(number) => put(out, format_args!("* {number} EXPUNGE")),
            Self::Vanished { earlier, uids } => {
                let earlier = if *earlier { "(EARLIER) " } else { "" };
                put(out, format_args!("* VANISHED {earlier}{uids}"));
            }
            Self::Id(fields) => write_id(out, fields),
            _ => self.write_of_mailbox(out, encoding),
        }
        out.extend_from_slice(b"\r\n");
    }

    /// The same for those that name mailboxes, without their CRLF.
    fn write_of_mailbox(&self, out: &mut Vec<u8>, encoding: Encoding) {
        match self {
            Self::List(listed) => listed.write(out, "LIST", encoding),
            Self::Lsub(listed) => listed.write(out, "LSUB", encoding),
            Self::MailboxStatus(name, values) => {
                begin(out, "STATUS", encoding, name);
                out.push(b' ');
                list(out, values, |out, (item, value)| {
                    put(out, format_args!("{} ", item.name()));
                    match value {
                        StatusValue::Number(number) => put(out, format_args!("{number}")),
                        StatusValue::Id(id) => put(out, format_args!("({id})")),
                        StatusValue::Nil => nil(out),
                    }
                });
            }
            Self::Namespace(namespaces) => namespaces.write(out, encoding),
            Self::Acl(name, entries) => {
                begin(out, "ACL", encoding, name);
                for (identifier, rights) in entries {
                    out.push(b' ');
                    text(out, encoding, identifier.as_str());
                    out.push(b' ');
                    astring(out, rights.as_str().as_bytes());
                }
            }
            Self::ListRights { mailbox, identifier, required, optional } => {
                begin(out, "LISTRIGHTS", encoding, mailbox);
                out.push(b' ');
                text(out, encoding, identifier.as_str());
                for rights in core::iter::once(required).chain(optional) {
                    out.push(b' ');
                    astring(out, rights.as_str().as_bytes());
                }
            }
            Self::MyRights(name, rights) => {
                begin(out, "MYRIGHTS", encoding, name);
                out.push(b' ');
                astring(out, rights.as_str().as_bytes());
            }
            _ => self.write_of_account(out, encoding),
        }
    }

    /// The same for quotas and annotations.
    fn write_of_account(&self, out: &mut Vec<u8>, encoding: Encoding) {
        match self {
            Self::Quota(root, uses) => {
                out.extend_from_slice(b"* QUOTA ");
                text(out, encoding, root);
                out.push(b' ');
                list(out, uses, |out, it| {
                    put(out, format_args!("{} {} {}", it.resource.name(), it.usage, it.limit));
                });
            }
            Self::QuotaRoot(name, roots) => {
                begin(out, "QUOTAROOT", encoding, name);
                for root in roots {
                    out.push(b' ');
                    text(out, encoding, root);
                }
            }
            Self::Metadata(name, values) => {
                begin_metadata(out, encoding, name.as_ref());
                list(out, values, |out, (entry, value)| {
                    write_entry(out, entry);
                    out.push(b' ');
                    match value.as_deref() {
                        // RFC 5464 §5: value = nstring / literal8.
                        Some(value) if value.contains(&0) => literal8(out, value),
                        value => nstring(out, value),
                    }
                });
            }
            Self::MetadataChanged(name, entries) => {
                begin_metadata(out, encoding, name.as_ref());
                join(out, " ", entries, write_entry);
            }
            _ => {}
        }
    }
}

/// `"*" SP name SP mailbox`.
fn begin(out: &mut Vec<u8>, name: &str, encoding: Encoding, of: &Mailbox) {
    put(out, format_args!("* {name} "));
    mailbox(out, encoding, of);
}

/// `"*" SP "METADATA" SP mailbox SP`, where the server has an empty name.
fn begin_metadata(out: &mut Vec<u8>, encoding: Encoding, of: Option<&Mailbox>) {
    match of {
        Some(name) => begin(out, "METADATA", encoding, name),
        None => out.extend_from_slice(b"* METADATA \"\""),
    }
    out.push(b' ');
}

fn write_entry(out: &mut Vec<u8>, entry: &EntryName) {
    astring(out, entry.as_str().as_bytes());
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

pub(super) fn write_capabilities(out: &mut Vec<u8>, capabilities: &[Capability]) {
    out.extend_from_slice(b"CAPABILITY");
    for capability in capabilities {
        put(out, format_args!(" {capability}"));
    }
}

fn write_flags(out: &mut Vec<u8>, flags: &[Flag]) {
    list(out, flags, |out, flag| put(out, format_args!("{flag}")));
}

impl Listed {
    fn write(&self, out: &mut Vec<u8>, name: &str, encoding: Encoding) {
        put(out, format_args!("* {name} "));
        list(out, &self.attributes, |out, attribute| {
            put(out, format_args!("\\{}", attribute.name()));
        });
        out.push(b' ');
        delimiter(out, self.delimiter);
        out.push(b' ');
        mailbox(out, encoding, &self.mailbox);
        if !self.child_info.is_empty() {
            out.extend_from_slice(b" (\"CHILDINFO\" ");
            list(out, &self.child_info, |out, info| put(out, format_args!("\"{}\"", info.name())));
            out.push(b')');
        }
        if let Some(old_name) = &self.old_name {
            out.extend_from_slice(b" (\"OLDNAME\" (");
            mailbox(out, encoding, old_name);
            out.extend_from_slice(b"))");
        }
    }
}

impl Namespaces {
    fn write(&self, out: &mut Vec<u8>, encoding: Encoding) {
        out.extend_from_slice(b"* NAMESPACE ");
        let kinds = [&self.personal, &self.other, &self.shared];
        join(out, " ", kinds, |out, namespaces| match &namespaces[..] {
            [] => nil(out),
            namespaces => {
                out.push(b'(');
                namespaces.iter().for_each(|namespace| namespace.write(out, encoding));
                out.push(b')');
            }
        });
    }
}

impl Namespace {
    fn write(&self, out: &mut Vec<u8>, encoding: Encoding) {
        out.push(b'(');
        match encoding {
            Encoding::Utf7 => string(out, utf7::encode(&self.prefix).as_bytes()),
            Encoding::Utf8 if self.prefix.is_ascii() => string(out, self.prefix.as_bytes()),
            Encoding::Utf8 => text(out, encoding, &self.prefix),
        }
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
