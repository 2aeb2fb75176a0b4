//! The states that James' test classes put a server in before a dialogue.

/// What is done before a dialogue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Nothing.
    NotAuthenticated,
    /// A login; the user has an empty INBOX and nothing else.
    Authenticated,
    /// The mailbox `selected` with four messages, selected.
    Selected,
    /// INBOX, selected.
    Inbox,
}

/// What a dialogue needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Setup {
    /// The state that it begins in.
    pub state: State,
    /// The capabilities without which it can't be run.
    pub capabilities: &'static [&'static str],
    /// Why it can't be run anywhere but in James.
    pub only_james: Option<&'static str>,
}

const SHARED: &str = "mailboxes of other users are filled and shared by James' own interface, under names of its own";

impl Setup {
    /// What the dialogue in file `name` needs.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let stem = name.trim_end_matches(".test");
        Self { state: state(stem), capabilities: capabilities(stem), only_james: only_james(stem) }
    }
}

fn state(stem: &str) -> State {
    match stem {
        "Authenticate" | "BogusCommand" | "IllegalTag" | "JustTag" | "Login" | "NoCommand"
        | "ValidAuthenticated" | "ValidSelected" => State::NotAuthenticated,
        "Check"
        | "Copy"
        | "FetchBodyNoSection"
        | "FetchEnvelope"
        | "FetchInternalDate"
        | "FetchMultipleMessages"
        | "FetchPeek"
        | "FetchRFC822Header"
        | "FetchSaveDate"
        | "FetchText"
        | "Move"
        | "ObjectId"
        | "Quota"
        | "Search" => State::Selected,
        "InboxDeleteMessages" => State::Inbox,
        _ => State::Authenticated,
    }
}

fn capabilities(stem: &str) -> &'static [&'static str] {
    match stem {
        "Capability" | "FetchSaveDate" => &["SAVEDATE"],
        "CondstoreEnable" => &["CONDSTORE"],
        "MetadataWithLimitation" => &["METADATA"],
        "Move" => &["MOVE"],
        "ObjectId" => &["OBJECTID"],
        "Quota" => &["QUOTA"],
        "XList" => &["XLIST"],
        _ => &[],
    }
}

fn only_james(stem: &str) -> Option<&'static str> {
    let is_shared = stem.starts_with("aclIntegration/")
        || stem.starts_with("SharingAccess")
        || matches!(stem, "ListWithSharedMailbox" | "RenameSharedMailbox");
    is_shared.then_some(SHARED)
}
