use super::*;

#[test]
fn levels_wildcards_and_special_uses() {
    check(
        Dialogue::logged_in,
        &[
            ("a CREATE Work.Mars.Rover", "a OK [MAILBOXID (F$"),
            ("a CREATE \"Work-Shop\"", "a OK [MAILBOXID (F$"),
            ("a CREATE Sent (USE (\\Sent))", "a OK [MAILBOXID (F$"),
            ("a CREATE Entw&APw-rfe.", "a OK [MAILBOXID (F$"),
            (
                "b LIST \"\" *",
                "* LIST (\\HasNoChildren) \".\" Entw&APw-rfe
                 * LIST (\\HasNoChildren) \".\" INBOX
                 * LIST (\\HasNoChildren \\Sent) \".\" Sent
                 * LIST (\\HasChildren) \".\" Work
                 * LIST (\\HasNoChildren) \".\" Work-Shop
                 * LIST (\\HasChildren) \".\" Work.Mars
                 * LIST (\\HasNoChildren) \".\" Work.Mars.Rover
                 b OK LIST completed",
            ),
            (
                "c LIST \"\" %",
                "* LIST (\\HasNoChildren) \".\" Entw&APw-rfe
                 * LIST (\\HasNoChildren) \".\" INBOX
                 * LIST (\\HasNoChildren \\Sent) \".\" Sent
                 * LIST (\\HasChildren) \".\" Work
                 * LIST (\\HasNoChildren) \".\" Work-Shop
                 c OK LIST completed",
            ),
            (
                "d LIST Work. %",
                "* LIST (\\HasChildren) \".\" Work.Mars
                 d OK LIST completed",
            ),
            (
                "e LIST \"\" inbox",
                "* LIST (\\HasNoChildren) \".\" INBOX
                 e OK LIST completed",
            ),
            (
                "f LIST \"\" \"\"",
                "* LIST (\\Noselect) \".\" \"\"
                 f OK LIST completed",
            ),
            ("g LIST \"\" Nowhere", "g OK LIST completed"),
            (
                "h NAMESPACE",
                "* NAMESPACE ((\"\" \".\")) ((\"user.\" \".\")) NIL\nh OK NAMESPACE completed",
            ),
        ],
    );
}

#[test]
fn subscriptions() {
    check(
        Dialogue::logged_in,
        &[
            ("a CREATE Work.Mars", "a OK [MAILBOXID (F$"),
            ("a SUBSCRIBE Work.Mars", "a OK SUBSCRIBE completed"),
            ("a SUBSCRIBE INBOX", "a OK SUBSCRIBE completed"),
            (
                "b LSUB \"\" *",
                "* LSUB () \".\" INBOX
                 * LSUB () \".\" Work.Mars
                 b OK LSUB completed",
            ),
            (
                "c LSUB \"\" %",
                "* LSUB () \".\" INBOX
                 * LSUB (\\Noselect) \".\" Work
                 c OK LSUB completed",
            ),
            ("d DELETE Work.Mars", "d OK DELETE completed"),
            (
                "e LSUB Work. *",
                "* LSUB (\\Noselect) \".\" Work.Mars
                 e OK LSUB completed",
            ),
            ("f UNSUBSCRIBE Work.Mars", "f OK UNSUBSCRIBE completed"),
            ("g LSUB Work. *", "g OK LSUB completed"),
        ],
    );
}

#[test]
fn a_pattern_longer_than_any_name_is_refused() {
    let mut dialogue = Dialogue::logged_in(&memory());
    let pattern = "%".repeat(1000);
    let heard = dialogue.say(alloc::format!("a LIST \"\" {pattern}\r\n"));
    assert_eq!(heard, "a NO [LIMIT] The pattern is too long\r\n");
}

#[test]
fn many_mailboxes_are_told_as_room_comes() {
    let memory = memory();
    let mut dialogue = Dialogue::logged_in(&memory);
    for number in 0..3_000 {
        dialogue.say(alloc::format!("a CREATE a-rather-long-mailbox-name-{number}\r\n"));
    }
    dialogue.sip = Some(1000);
    let heard = dialogue.say("b LIST \"\" *\r\n");
    assert_eq!(heard.lines().count(), 3_002);
    assert!(heard.ends_with("b OK LIST completed\r\n"));
}
