//! What is announced: what works, and only while it works (RFC 3501 §6.1.1).
//!
//! Of LITERAL+ and LITERAL- a server announces one (RFC 7888 §5), and it is LITERAL+: whoever keeps to
//! the bounds of LITERAL-, which IMAP4rev2 includes (RFC 9051, appendix E), keeps to those of LITERAL+.

use super::connection::{Connection, Phase, Security};
use crate::imap::Capability;
use crate::sasl::Mechanism;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

/// What is announced to whoever has logged in. Some clients misread the last one.
const AFTER_LOGIN: [Capability; 40] = [
    Capability::Imap4Rev2,
    Capability::Utf8Accept,
    Capability::Namespace,
    Capability::Children,
    Capability::Unselect,
    Capability::UidPlus,
    Capability::SpecialUse,
    Capability::CreateSpecialUse,
    Capability::CondStore,
    Capability::Qresync,
    Capability::ObjectId,
    Capability::SaveDate,
    Capability::Preview,
    Capability::Partial,
    Capability::UidOnly,
    Capability::Binary,
    Capability::MultiAppend,
    Capability::Catenate,
    Capability::Replace,
    Capability::Notify,
    Capability::Esearch,
    Capability::SearchRes,
    Capability::Within,
    Capability::Sort,
    Capability::SortDisplay,
    Capability::Esort,
    Capability::ThreadReferences,
    Capability::ThreadOrderedSubject,
    Capability::InProgress,
    Capability::ListExtended,
    Capability::ListStatus,
    Capability::ListMyRights,
    Capability::ListMetadata,
    Capability::StatusSize,
    Capability::Acl,
    Capability::Metadata,
    Capability::Quota,
    Capability::QuotaResStorage,
    Capability::QuotaResMessage,
    Capability::Move,
];

impl Connection {
    /// The capabilities at this moment.
    pub(super) fn capabilities(&self) -> Vec<Capability> {
        let mut all = vec![
            Capability::Imap4Rev1,
            Capability::SaslIr,
            Capability::LiteralPlus,
            Capability::Id,
            Capability::Enable,
            Capability::Idle,
        ];
        match self.phase {
            Phase::Authenticated(_) | Phase::Selected(..) => {
                all.extend(AFTER_LOGIN);
                all.push(Capability::Rights("texk".into()));
                all.push(Capability::AppendLimit(Some(self.limits().message)));
                if self.offers_compress() {
                    all.push(Capability::CompressDeflate);
                }
                if self.config.unauthenticate {
                    all.push(Capability::Unauthenticate);
                }
            }
            _ => {
                if self.offers_starttls() {
                    all.push(Capability::StartTls);
                }
                if !self.allows_login() {
                    all.push(Capability::LoginDisabled);
                }
                let offer = self.mechanisms();
                all.extend(offer.iter().map(|it| Capability::Auth(it.name().to_string())));
            }
        }
        all
    }

    pub(super) fn offers_starttls(&self) -> bool {
        self.config.starttls && self.security == Security::Clear
    }

    /// The mechanisms on offer.
    pub(super) fn mechanisms(&self) -> Vec<Mechanism> {
        self.channel.offer(&self.config.mechanisms)
    }

    /// RFC 3501 §6.2.3: LOGIN sends the password as PLAIN does.
    pub(super) fn allows_login(&self) -> bool {
        self.mechanisms().contains(&Mechanism::Plain)
    }
}
