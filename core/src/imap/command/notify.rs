//! NOTIFY (RFC 5465 §8).

use super::fetch::item_list;
use super::mailbox::mailbox;
use crate::imap::scan::{Scanned, Scanner};
use crate::imap::types::{EventGroup, Mailbox, MailboxFilter, Notify, NotifyEvent};
use alloc::vec;
use alloc::vec::Vec;

/// `"NOTIFY" SP ("NONE" / "SET" [SP "STATUS"] SP event-groups)`, with at most `most` data items in an
/// event.
pub(super) fn parse(scanner: &mut Scanner<'_>, most: usize) -> Scanned<Notify> {
    let missing = "NOTIFY takes NONE or SET";
    scanner.space()?;
    if scanner.eat_name("NONE") {
        return Ok(Notify::None);
    }
    if !scanner.eat_name("SET") {
        return Err(missing.into());
    }
    scanner.space()?;
    let status = scanner.eat_name("STATUS");
    if status {
        scanner.space()?;
    }
    let mut groups = vec![parse_group(scanner, most)?];
    while scanner.eat(b' ') {
        groups.push(parse_group(scanner, most)?);
    }
    let of_selected = |group: &&EventGroup| is_of_selected(&group.filter);
    if groups.iter().filter(of_selected).count() > 1 {
        // RFC 5465 §6.1
        return Err("SELECTED and SELECTED-DELAYED can occur once".into());
    }
    Ok(Notify::Set { status, groups })
}

fn is_of_selected(filter: &MailboxFilter) -> bool {
    matches!(filter, MailboxFilter::Selected | MailboxFilter::SelectedDelayed)
}

/// `event-group = "(" filter-mailboxes SP events ")"`.
fn parse_group(scanner: &mut Scanner<'_>, most: usize) -> Scanned<EventGroup> {
    scanner.expect(b'(', "An event group is missing")?;
    let filter = parse_filter(scanner)?;
    scanner.space()?;
    let mut events = Vec::new();
    if !scanner.eat_name("NONE") {
        events = scanner.full_list("Events are missing", |scanner| parse_event(scanner, most))?;
    }
    scanner.expect(b')', "An event group has no closing parenthesis")?;
    check(&filter, &events)?;
    Ok(EventGroup { filter, events })
}

/// `filter-mailboxes`.
fn parse_filter(scanner: &mut Scanner<'_>) -> Scanned<MailboxFilter> {
    let missing = "There is no such filter of mailboxes";
    Ok(match scanner.name(missing)?.to_ascii_uppercase().as_str() {
        "SELECTED" => MailboxFilter::Selected,
        "SELECTED-DELAYED" => MailboxFilter::SelectedDelayed,
        "INBOXES" => MailboxFilter::Inboxes,
        "PERSONAL" => MailboxFilter::Personal,
        "SUBSCRIBED" => MailboxFilter::Subscribed,
        "SUBTREE" => MailboxFilter::Subtree(mailboxes(scanner)?),
        "MAILBOXES" => MailboxFilter::Mailboxes(mailboxes(scanner)?),
        _ => return Err(missing.into()),
    })
}

/// `SP one-or-more-mailbox`.
fn mailboxes(scanner: &mut Scanner<'_>) -> Scanned<Vec<Mailbox>> {
    scanner.space()?;
    match scanner.peek() {
        Some(b'(') => scanner.full_list("Mailbox names are missing", mailbox),
        _ => Ok(vec![mailbox(scanner)?]),
    }
}

/// `event`.
fn parse_event(scanner: &mut Scanner<'_>, most: usize) -> Scanned<NotifyEvent> {
    let name = scanner.atom("An event is missing")?;
    let known = NotifyEvent::ALL.into_iter().find(|event| event.name().eq_ignore_ascii_case(name));
    let mut event = known.unwrap_or_else(|| NotifyEvent::Other(name.into()));
    if let NotifyEvent::MessageNew(items) = &mut event {
        let mut ahead = *scanner;
        if ahead.eat(b' ') && ahead.peek() == Some(b'(') {
            *scanner = ahead;
            *items = item_list(scanner, most)?;
        }
    }
    Ok(event)
}

/// RFC 5465 §5, §6.1: which events need which, and what goes with the selected mailbox alone.
fn check(filter: &MailboxFilter, events: &[NotifyEvent]) -> Scanned<()> {
    use NotifyEvent::{FlagChange, MessageExpunge, MessageNew, Other};
    let has = |wanted: fn(&NotifyEvent) -> bool| events.iter().any(wanted);
    let (new, expunge) =
        (has(|it| matches!(it, MessageNew(_))), has(|it| matches!(it, MessageExpunge)));
    if new != expunge {
        return Err("MessageNew and MessageExpunge come together".into());
    }
    if has(|it| matches!(it, FlagChange)) && !new {
        return Err("FlagChange needs MessageNew and MessageExpunge".into());
    }
    let is_of_messages = |event: &NotifyEvent| {
        let named = [MessageExpunge.name(), FlagChange.name(), "AnnotationChange"];
        matches!(event, MessageNew(_) | Other(_)) || named.contains(&event.name())
    };
    if is_of_selected(filter) {
        if !events.iter().all(is_of_messages) {
            return Err("Of the selected mailbox only what happens to messages is told".into());
        }
    } else if has(|it| matches!(it, MessageNew(items) if !items.is_empty())) {
        return Err("Data items go with the selected mailbox alone".into());
    }
    Ok(())
}
