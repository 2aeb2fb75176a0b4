//! Quotas (RFC 9208).

use super::Mailbox;
use alloc::string::String;
use alloc::vec::Vec;

/// A command about quotas (RFC 9208 §4.1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Quota {
    /// `GETQUOTA` of a quota root.
    Get(String),
    /// `GETQUOTAROOT` of a mailbox.
    GetRoot(Mailbox),
    /// `SETQUOTA`.
    Set {
        /// The quota root.
        root: String,
        /// How much there may be of each resource; of those not named, anything.
        limits: Vec<(QuotaResource, u64)>,
    },
}

/// What a quota counts (RFC 9208 §5).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum QuotaResource {
    /// `STORAGE`: units of 1024 octets.
    Storage,
    /// `MESSAGE`: messages.
    Message,
    /// `MAILBOX`: mailboxes.
    Mailbox,
    /// `ANNOTATION-STORAGE`: units of 1024 octets, of annotations.
    AnnotationStorage,
    /// Another, in capitals.
    Other(String),
}

impl QuotaResource {
    /// The resource of this name, in any case.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let name = name.to_ascii_uppercase();
        match name.as_str() {
            "STORAGE" => Self::Storage,
            "MESSAGE" => Self::Message,
            "MAILBOX" => Self::Mailbox,
            "ANNOTATION-STORAGE" => Self::AnnotationStorage,
            _ => Self::Other(name),
        }
    }

    /// The resource's name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Storage => "STORAGE",
            Self::Message => "MESSAGE",
            Self::Mailbox => "MAILBOX",
            Self::AnnotationStorage => "ANNOTATION-STORAGE",
            Self::Other(name) => name,
        }
    }
}

/// How much there is of a resource, and may be (RFC 9208 §4.2.1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QuotaUse {
    /// What is counted.
    pub resource: QuotaResource,
    /// How much there is.
    pub usage: u64,
    /// How much there may be.
    pub limit: u64,
}
