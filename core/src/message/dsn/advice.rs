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

/// What can be said of a failure or a delay (RFC 3463 §3 and the IANA registry of its codes).
pub(super) const fn of(status: Status) -> Advice {
    match (status.subject, status.detail) {
        (1, 0 | 1 | 3 | 4) => advice(
            "There is no such mailbox.",
            "Check the address for a mistake, and send the message again to the right one.",
        ),
        (1, 6) => advice(
            "The recipient has moved and has a new address.",
            "Ask the recipient for it in another way.",
        ),
        (1, 7 | 8) => advice(
            "The other system does not accept mail from your address.",
            "Check the sender's address in your mail program; if it is right, ask your administrator.",
        ),
        (1, 2) | (4, 4) => advice(
            "There is no such mail domain: nothing is known of a mail server for it.",
            "Check the part of the address behind the @ for a mistake.",
        ),
        (1, 10) => advice(
            "The domain says that it takes no mail at all.",
            "Check the part of the address behind the @ for a mistake.",
        ),
        (2, 1) => advice(
            "The mailbox is closed for now or for good.",
            "Reach the recipient in another way.",
        ),
        (2, 2) => advice(
            "The recipient's mailbox is full.",
            "Send the message again in some days, or tell the recipient in another way.",
        ),
        (2, 3) | (3, 4) => advice(
            "The message is larger than the other system accepts.",
            "Make it smaller, or send a link to large attachments instead of the attachments.",
        ),
        (2, _) => advice(
            "Something is wrong with the recipient's mailbox.",
            "Send the message again later; if that does not help, tell the recipient in another way.",
        ),
        (4, 6) | (1, 11) => advice(
            "The message would have gone in circles: the systems involved hand it back and forth.",
            "You cannot repair this; show this message to the recipient's administrator.",
        ),
        (4, 1 | 2 | 7) => advice(
            "The recipient's mail system could not be reached.",
            "Check the part of the address behind the @; if it is right, send the message again later.",
        ),
        (3 | 4, _) => advice(
            "The recipient's mail system, or the way to it, is out of order.",
            "Send the message again later.",
        ),
        (5, 3) => advice(
            "The message has more recipients than the other system accepts.",
            "Send it again to fewer recipients at a time.",
        ),
        (5, _) => advice(
            "The mail systems misunderstood each other.",
            "You cannot repair this; show this message to an administrator.",
        ),
        (6, 7..=10) => advice(
            "The other system cannot handle addresses in international characters.",
            "Use an address in plain letters, if you and the recipient have one.",
        ),
        (6, _) => advice(
            "The other system cannot handle a message of this kind.",
            "Send it again in a simpler form: plain text, without attachments.",
        ),
        (7, 8 | 9 | 13 | 14) => advice(
            "The other system wants its users to log in, or does not accept this login.",
            "Show this message to your administrator.",
        ),
        (7, 20..=29) => advice(
            "The other system could not verify that the message really comes from you.",
            "You cannot repair this; show this message to your administrator.",
        ),
        (7, 10 | 11 | 30) => advice(
            "The message can't be handed on in the protected way that is asked for.",
            "You cannot repair this; show this message to your administrator.",
        ),
        (7, _) => advice(
            "The other system refused the message by its rules, perhaps because it looks like spam.",
            "What it said may tell more. If the message is none, ask the recipient in another way to have it let through.",
        ),
        _ => advice(
            "The message was not accepted.",
            "What was said about it may tell more. If it does not help you, show this message to an administrator.",
        ),
    }
}
