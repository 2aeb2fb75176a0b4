//! What a server can do, by name.

use alloc::string::String;
use core::fmt;

/// A capability as CAPABILITY lists it (RFC 9051 §7.2.2).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Capability {
    /// `IMAP4rev1` (RFC 3501).
    Imap4Rev1,
    /// `STARTTLS` (RFC 3501 §6.2.1).
    StartTls,
    /// `LOGINDISABLED`: LOGIN is refused for now (RFC 3501 §6.2.3).
    LoginDisabled,
    /// `AUTH=`, with a SASL mechanism (RFC 3501 §6.2.2).
    Auth(String),
    /// `SASL-IR`: AUTHENTICATE takes an initial response (RFC 4959).
    SaslIr,
    /// `LITERAL+`: literals need not wait (RFC 7888).
    LiteralPlus,
    /// `IDLE` (RFC 2177).
    Idle,
    /// `NAMESPACE` (RFC 2342).
    Namespace,
    /// `ID` (RFC 2971).
    Id,
    /// `CHILDREN` (RFC 3348).
    Children,
    /// `UNSELECT` (RFC 3691).
    Unselect,
    /// `UIDPLUS` (RFC 4315).
    UidPlus,
    /// `ENABLE` (RFC 5161).
    Enable,
    /// `SPECIAL-USE` (RFC 6154).
    SpecialUse,
    /// `CREATE-SPECIAL-USE` (RFC 6154 §3).
    CreateSpecialUse,
    /// `MOVE` (RFC 6851).
    Move,
    /// `IMAP4rev2` (RFC 9051).
    Imap4Rev2,
    /// `LITERAL-`: literals of 4,096 octets need not wait (RFC 7888 §5).
    LiteralMinus,
    /// `ESEARCH` (RFC 4731).
    Esearch,
    /// `SEARCHRES` (RFC 5182).
    SearchRes,
    /// `LIST-EXTENDED` (RFC 5258).
    ListExtended,
    /// `LIST-STATUS` (RFC 5819).
    ListStatus,
    /// `LIST-MYRIGHTS` (RFC 8440).
    ListMyRights,
    /// `LIST-METADATA` (RFC 9590).
    ListMetadata,
    /// `STATUS=SIZE` (RFC 8438).
    StatusSize,
    /// `CONDSTORE` (RFC 7162).
    CondStore,
    /// `QRESYNC` (RFC 7162).
    Qresync,
    /// `BINARY` (RFC 3516).
    Binary,
    /// `MULTIAPPEND` (RFC 3502).
    MultiAppend,
    /// `CATENATE` (RFC 4469).
    Catenate,
    /// `REPLACE` (RFC 8508).
    Replace,
    /// `COMPRESS=DEFLATE` (RFC 4978).
    CompressDeflate,
    /// `SORT` (RFC 5256).
    Sort,
    /// `SORT=DISPLAY` (RFC 5957).
    SortDisplay,
    /// `ESORT` (RFC 5267).
    Esort,
    /// `THREAD=REFERENCES` (RFC 5256).
    ThreadReferences,
    /// `THREAD=ORDEREDSUBJECT` (RFC 5256).
    ThreadOrderedSubject,
    /// `QUOTA` (RFC 9208).
    Quota,
    /// `QUOTASET`: SETQUOTA too (RFC 9208 §3.1.3).
    QuotaSet,
    /// `QUOTA=RES-STORAGE` (RFC 9208 §5.1).
    QuotaResStorage,
    /// `QUOTA=RES-MESSAGE` (RFC 9208 §5.2).
    QuotaResMessage,
    /// `ACL` (RFC 4314).
    Acl,
    /// `METADATA` (RFC 5464).
    Metadata,
    /// `METADATA-SERVER`: of the server only (RFC 5464).
    MetadataServer,
    /// `NOTIFY` (RFC 5465).
    Notify,
    /// `OBJECTID` (RFC 8474).
    ObjectId,
    /// `PREVIEW` (RFC 8970).
    Preview,
    /// `SAVEDATE` (RFC 8514).
    SaveDate,
    /// `WITHIN` (RFC 5032).
    Within,
    /// `PARTIAL` (RFC 9394).
    Partial,
    /// `UIDONLY` (RFC 9586).
    UidOnly,
    /// `INPROGRESS` (RFC 9585).
    InProgress,
    /// `UTF8=ACCEPT` (RFC 6855).
    Utf8Accept,
    /// `UNAUTHENTICATE` (RFC 8437).
    Unauthenticate,
    /// `RIGHTS=`, with the rights beyond those of RFC 2086 (RFC 4314 §2.2).
    Rights(String),
    /// `APPENDLIMIT`, with the octets that a message may have in any mailbox; without, STATUS tells
    /// (RFC 7889 §3).
    AppendLimit(Option<u64>),
    /// One that has no name of its own here.
    Other(String),
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Imap4Rev1 => "IMAP4rev1",
            Self::StartTls => "STARTTLS",
            Self::LoginDisabled => "LOGINDISABLED",
            Self::Auth(mechanism) => return write!(f, "AUTH={mechanism}"),
            Self::SaslIr => "SASL-IR",
            Self::LiteralPlus => "LITERAL+",
            Self::Idle => "IDLE",
            Self::Namespace => "NAMESPACE",
            Self::Id => "ID",
            Self::Children => "CHILDREN",
            Self::Unselect => "UNSELECT",
            Self::UidPlus => "UIDPLUS",
            Self::Enable => "ENABLE",
            Self::SpecialUse => "SPECIAL-USE",
            Self::CreateSpecialUse => "CREATE-SPECIAL-USE",
            Self::Move => "MOVE",
            Self::Imap4Rev2 => "IMAP4rev2",
            Self::LiteralMinus => "LITERAL-",
            Self::Esearch => "ESEARCH",
            Self::SearchRes => "SEARCHRES",
            Self::ListExtended => "LIST-EXTENDED",
            Self::ListStatus => "LIST-STATUS",
            Self::ListMyRights => "LIST-MYRIGHTS",
            Self::ListMetadata => "LIST-METADATA",
            Self::StatusSize => "STATUS=SIZE",
            Self::CondStore => "CONDSTORE",
            Self::Qresync => "QRESYNC",
            Self::Binary => "BINARY",
            Self::MultiAppend => "MULTIAPPEND",
            Self::Catenate => "CATENATE",
            Self::Replace => "REPLACE",
            Self::CompressDeflate => "COMPRESS=DEFLATE",
            Self::Sort => "SORT",
            Self::SortDisplay => "SORT=DISPLAY",
            Self::Esort => "ESORT",
            Self::ThreadReferences => "THREAD=REFERENCES",
            Self::ThreadOrderedSubject => "THREAD=ORDEREDSUBJECT",
            Self::Quota => "QUOTA",
            Self::QuotaSet => "QUOTASET",
            Self::QuotaResStorage => "QUOTA=RES-STORAGE",
            Self::QuotaResMessage => "QUOTA=RES-MESSAGE",
            Self::Acl => "ACL",
            Self::Metadata => "METADATA",
            Self::MetadataServer => "METADATA-SERVER",
            Self::Notify => "NOTIFY",
            Self::ObjectId => "OBJECTID",
            Self::Preview => "PREVIEW",
            Self::SaveDate => "SAVEDATE",
            Self::Within => "WITHIN",
            Self::Partial => "PARTIAL",
            Self::UidOnly => "UIDONLY",
            Self::InProgress => "INPROGRESS",
            Self::Utf8Accept => "UTF8=ACCEPT",
            Self::Unauthenticate => "UNAUTHENTICATE",
            Self::Rights(rights) => return write!(f, "RIGHTS={rights}"),
            Self::AppendLimit(None) => "APPENDLIMIT",
            Self::AppendLimit(Some(limit)) => return write!(f, "APPENDLIMIT={limit}"),
            Self::Other(name) => name,
        })
    }
}
