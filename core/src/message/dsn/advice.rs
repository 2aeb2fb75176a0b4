//! What a status code means, and what a person can do about it.

use super::Status;

/// What happened and what to do now, in words for a sender who knows nothing of mail systems.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Advice {
    pub(super) what: &'static str,
    pub(super) todo: &'static str,
}

const fn advice(what: &'static str, todo: &'static str) -> Advice {
    Advice { what, todo }
}

const NO_DOMAIN: Advice = advice(
    "There is no such mail domain: nothing is known of a mail server for it.",
    "Check the part of the address behind the @ for a mistake.",
);
const TOO_LARGE: Advice = advice(
    "The message is larger than the other system accepts.",
    "Make it smaller, or send a link to large attachments instead of the attachments.",
);
const LOOP: Advice = advice(
    "The message would have gone in circles: the systems involved hand it back and forth.",
    "You cannot repair this; show this message to the recipient's administrator.",
);
const REFUSED: Advice = advice(
    "The message was not accepted.",
    "What was said about it may tell more. If it does not help you, show this message to an administrator.",
);

/// What can be said of a failure or a delay (RFC 3463 §3 and the IANA registry of its codes).
pub(super) const fn of(status: Status) -> Advice {
    let detail = status.detail;
    match status.subject {
        1 => of_address(detail),
        2 => of_mailbox(detail),
        3 if detail == 4 => TOO_LARGE,
        3 | 4 => of_network(status.subject, detail),
        5 => of_protocol(detail),
        6 => of_content(detail),
        7 => of_policy(detail),
        _ => REFUSED,
    }
}

const fn of_address(detail: u16) -> Advice {
    match detail {
        0 | 1 | 3 | 4 => advice(
            "There is no such mailbox.",
            "Check the address for a mistake, and send the message again to the right one.",
        ),
        2 => NO_DOMAIN,
        6 => advice(
            "The recipient has moved and has a new address.",
            "Ask the recipient for it in another way.",
        ),
        7 | 8 => advice(
            "The other system does not accept mail from your address.",
            "Check the sender's address in your mail program; if it is right, ask your administrator.",
        ),
        10 => advice(
            "The domain says that it takes no mail at all.",
            "Check the part of the address behind the @ for a mistake.",
        ),
        _ => REFUSED,
    }
}

const fn of_mailbox(detail: u16) -> Advice {
    match detail {
        1 => advice(
            "The mailbox is closed for now or for good.",
            "Reach the recipient in another way.",
        ),
        2 => advice(
            "The recipient's mailbox is full.",
            "Send the message again in some days, or tell the recipient in another way.",
        ),
        3 => TOO_LARGE,
        _ => advice(
            "Something is wrong with the recipient's mailbox.",
            "Send the message again later; if that does not help, tell the recipient in another way.",
        ),
    }
}

const fn of_network(subject: u16, detail: u16) -> Advice {
    match (subject, detail) {
        (4, 4) => NO_DOMAIN,
        (4, 6) => LOOP,
        (4, 1 | 2 | 7) => advice(
            "The recipient's mail system could not be reached.",
            "Check the part of the address behind the @; if it is right, send the message again later.",
        ),
        _ => advice(
            "The recipient's mail system, or the way to it, is out of order.",
            "Send the message again later.",
        ),
    }
}

const fn of_protocol(detail: u16) -> Advice {
    match detail {
        3 => advice(
            "The message has more recipients than the other system accepts.",
            "Send it again to fewer recipients at a time.",
        ),
        _ => advice(
            "The mail systems misunderstood each other.",
            "You cannot repair this; show this message to an administrator.",
        ),
    }
}

const fn of_content(detail: u16) -> Advice {
    match detail {
        7..=10 => advice(
            "The other system cannot handle addresses in international characters.",
            "Use an address in plain letters, if you and the recipient have one.",
        ),
        _ => advice(
            "The other system cannot handle a message of this kind.",
            "Send it again in a simpler form: plain text, without attachments.",
        ),
    }
}

const fn of_policy(detail: u16) -> Advice {
    match detail {
        8 | 9 | 13 | 14 => advice(
            "The other system wants its users to log in, or does not accept this login.",
            "Show this message to your administrator.",
        ),
        10 | 11 | 30 => advice(
            "The message can't be handed on in the protected way that is asked for.",
            "You cannot repair this; show this message to your administrator.",
        ),
        20..=29 => advice(
            "The other system could not verify that the message really comes from you.",
            "You cannot repair this; show this message to your administrator.",
        ),
        _ => advice(
            "The other system refused the message by its rules, perhaps because it looks like spam.",
            "What it said may tell more. If the message is none, ask the recipient in another way to have it let through.",
        ),
    }
}
