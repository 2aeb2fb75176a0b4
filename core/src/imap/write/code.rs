//! Response codes.

use super::response::write_capabilities;
use super::{join, list, nil, put, string};
use crate::imap::response::{Code, InProgress};
use alloc::vec::Vec;
use core::num::NonZeroU32;

impl Code {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
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
                put(out, format_args!("COPYUID {uid_validity} {source} {target}"));
            }
            Self::HighestModSeq(mod_seq) => put(out, format_args!("HIGHESTMODSEQ {mod_seq}")),
            Self::Modified(set) => put(out, format_args!("MODIFIED {set}")),
            Self::MailboxId(id) => put(out, format_args!("MAILBOXID ({id})")),
            Self::BadUrl(url) => {
                out.extend_from_slice(b"BADURL ");
                // RFC 4469 §5: anything but "]", and a response is a line.
                let fits =
                    |c: char| if matches!(c, '!'..='~') && c != ']' { c as u8 } else { b'?' };
                out.extend(url.chars().map(fits));
            }
            Self::MetadataLongEntries(size) => {
                put(out, format_args!("METADATA LONGENTRIES {size}"));
            }
            Self::MetadataMaxSize(size) => put(out, format_args!("METADATA MAXSIZE {size}")),
            Self::BadEvent(events) => {
                out.extend_from_slice(b"BADEVENT ");
                list(out, events, |out, name| put(out, format_args!("{name}")));
            }
            Self::InProgress(Some(InProgress { tag, progress, goal })) => {
                out.extend_from_slice(b"INPROGRESS (");
                string(out, tag.as_str().as_bytes());
                for number in [*progress, goal.map(NonZeroU32::get)] {
                    out.push(b' ');
                    match number {
                        Some(number) => put(out, format_args!("{number}")),
                        None => nil(out),
                    }
                }
                out.push(b')');
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
            Self::HasChildren => "HASCHILDREN",
            Self::Closed => "CLOSED",
            Self::HighestModSeq(_) => "HIGHESTMODSEQ",
            Self::NoModSeq => "NOMODSEQ",
            Self::Modified(_) => "MODIFIED",
            Self::MailboxId(_) => "MAILBOXID",
            Self::NotSaved => "NOTSAVED",
            Self::UnknownCte => "UNKNOWN-CTE",
            Self::BadUrl(_) => "BADURL",
            Self::CompressionActive => "COMPRESSIONACTIVE",
            Self::MetadataLongEntries(_) => "METADATA LONGENTRIES",
            Self::MetadataMaxSize(_) => "METADATA MAXSIZE",
            Self::MetadataTooMany => "METADATA TOOMANY",
            Self::MetadataNoPrivate => "METADATA NOPRIVATE",
            Self::NotificationOverflow => "NOTIFICATIONOVERFLOW",
            Self::BadEvent(_) => "BADEVENT",
            Self::InProgress(_) => "INPROGRESS",
            Self::UidRequired => "UIDREQUIRED",
        }
    }
}
