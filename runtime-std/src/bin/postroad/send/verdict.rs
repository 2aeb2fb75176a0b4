//! What became of a message, in words for a person and in JSON for a program.

use super::access::{Access, Tls};
use super::errand::Outcome;
use crate::exit::{Exit, Failed};
use postroad_core::address::Mailbox;
use postroad_core::smtp::Reply;
use postroad_core::smtp::client::{Failure, Stage, Why};
use serde_json::{Value, json};

/// What the server said to those who get it: one line for each different reply.
pub fn accepted(access: &Access, outcome: &Outcome) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for reply in outcome.recipients.iter().flatten() {
        let line = format!("accepted by {}: {reply}", access.host);
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

/// Whether everybody gets it.
///
/// # Errors
/// Says who does not, why, and what can be done.
pub fn judge(
    access: &Access,
    recipients: &[&Mailbox],
    outcome: Result<Outcome, String>,
) -> Result<(), Failed> {
    let outcome = outcome.map_err(|why| Exit::Later.because(unreachable(access, &why)))?;
    match (refused(access, recipients, &outcome), Exit::of_all(&outcome.recipients)) {
        (Some(why), Some(exit)) => Err(exit.because(why)),
        _ => Ok(()),
    }
}

/// Nobody gets it, because there was no dialogue.
fn unreachable(access: &Access, why: &str) -> String {
    let advice = if access.is_own {
        "`postroad serve` starts this machine's server; --server names another."
    } else {
        "Is the name right, and does a server listen there? Then try again later."
    };
    format!("{why}\n  {advice}")
}

/// Who does not get it, why, and what can be done; nothing if everybody does.
fn refused(access: &Access, recipients: &[&Mailbox], outcome: &Outcome) -> Option<String> {
    let failures: Vec<&Failure> =
        outcome.recipients.iter().filter_map(|it| it.as_ref().err()).collect();
    let first = *failures.first()?;
    let alike = failures.len() == recipients.len() && failures.iter().all(|it| *it == first);
    let mut text = if alike {
        format!("{access}: nobody gets it: {first}")
    } else {
        let each = recipients.iter().zip(&outcome.recipients);
        let each = each.filter_map(|(recipient, outcome)| {
            outcome.as_ref().err().map(|failure| format!("{recipient} does not get it: {failure}"))
        });
        each.collect::<Vec<_>>().join("\n  ")
    };
    if let Some(advice) = advice(access, first) {
        text.push_str("\n  ");
        text.push_str(advice);
    }
    if failures.iter().any(|failure| failure.is_unknown()) {
        text.push_str(
            "\n  The server may have taken it all the same; sending again may double it.",
        );
    }
    Some(text)
}

/// What can be done about a failure.
fn advice(access: &Access, failure: &Failure) -> Option<&'static str> {
    Some(match (&failure.why, failure.stage) {
        (Why::Tls(failed), _) if failed.0.contains("certificate") => {
            "--ca FILE names a certificate to trust; --insecure trusts whoever answers."
        }
        (Why::Tls(_), _) if access.tls == Tls::Implicit => {
            "Perhaps this port begins in the clear: --tls require."
        }
        (Why::NoTls, _) => "Another port may begin with TLS: 465, --tls implicit.",
        (Why::NoMechanism, _) if access.tls == Tls::None => {
            "A password goes to another machine by TLS alone: --tls require."
        }
        (Why::Timeout | Why::Lost, Stage::Greeting) if access.tls != Tls::Implicit => {
            "Perhaps this port begins with TLS: --tls implicit."
        }
        (Why::Reply(_), Stage::Auth) => "Check the user's name and the password.",
        (Why::Reply(Reply { code: 530, .. }), _) => {
            "The server wants to know who you are: --user, or `user` in sendmail.toml."
        }
        (Why::Reply(reply), Stage::Rcpt) if access.login.is_none() && is_relaying(reply) => {
            "The server passes mail on for those who log in: --user, or `user` in sendmail.toml."
        }
        _ if failure.is_permanent() => return None,
        (Why::Reply(_), _) => "This may pass: try again later.",
        _ => return None,
    })
}

/// Whether a reply is about relaying (RFC 3463 §3.8: X.7.1 is a refusal by policy).
fn is_relaying(reply: &Reply) -> bool {
    let policy = reply.enhanced.is_some_and(|code| (code.subject, code.detail) == (7, 1));
    policy || reply.text.to_ascii_lowercase().contains("relay")
}

/// All of it for a program.
pub fn json(access: &Access, recipients: &[&Mailbox], outcome: &Result<Outcome, String>) -> Value {
    let peer = outcome.as_ref().ok().and_then(|outcome| outcome.peer.as_ref());
    let tls = peer.and_then(|peer| peer.tls.as_ref());
    let row = |(place, recipient): (usize, &&Mailbox)| {
        let address = recipient.to_string();
        match outcome.as_ref().map(|outcome| &outcome.recipients[place]) {
            Ok(Ok(reply)) => json!({ "address": address, "accepted": true, "reply": words(reply) }),
            Ok(Err(failure)) => json!({
                "address": address,
                "accepted": false,
                "permanent": failure.is_permanent(),
                "status": failure.enhanced().to_string(),
                "stage": failure.stage.to_string(),
                "reason": failure.why.to_string(),
                "reply": failure.reply().map(words),
            }),
            // RFC 3463 §3.5: X.4.1 is no answer from the host.
            Err(why) => json!({
                "address": address,
                "accepted": false,
                "permanent": false,
                "status": "4.4.1",
                "stage": "connection",
                "reason": why,
                "reply": null,
            }),
        }
    };
    json!({
        "server": access.to_string(),
        "tls": tls.map(|tls| tls.version),
        "recipients": recipients.iter().enumerate().map(row).collect::<Value>(),
    })
}

fn words(reply: &Reply) -> Value {
    let enhanced = reply.enhanced.map(|code| code.to_string());
    json!({ "code": reply.code, "status": enhanced, "text": reply.text })
}
