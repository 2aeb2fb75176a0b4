use super::*;

#[test]
fn names_come_and_go() {
    check(
        Dialogue::logged_in,
        &[
            ("a CREATE Work", "a OK [MAILBOXID (F$"),
            ("b CREATE Work", "b NO [ALREADYEXISTS] $"),
            ("c CREATE INBOX", "c NO [ALREADYEXISTS] $"),
            ("d CREATE a..b", "d NO [CANNOT] Invalid mailbox name: a part of the name is empty"),
            ("e CREATE \"a/b\"", "e NO [CANNOT] Invalid mailbox name: $"),
            ("f CREATE \"a*\"", "f NO [CANNOT] Invalid mailbox name: $"),
            ("g CREATE x (USE (\\All))", "g NO [USEATTR] $"),
            ("g CREATE x (USE (\\Sent \\Trash))", "g NO [USEATTR] $"),
            ("h RENAME Work Play", "h OK RENAME completed"),
            ("i RENAME Work Play", "i NO [NONEXISTENT] $"),
            ("j DELETE Work", "j NO [NONEXISTENT] $"),
            ("k DELETE INBOX", "k NO [CANNOT] $"),
            ("l DELETE Play", "l OK DELETE completed"),
            ("m SELECT Play", "m NO [NONEXISTENT] No such mailbox"),
            ("n STATUS Play (MESSAGES)", "n NO [NONEXISTENT] $"),
        ],
    );
}

#[test]
fn selecting() {
    check(
        Dialogue::logged_in,
        &[
            (
                "a SELECT INBOX",
                "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
                 * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags that last
                 * 0 EXISTS
                 * 0 RECENT
                 * OK [UIDVALIDITY $
                 * OK [UIDNEXT 1] Next UID
                 * OK [HIGHESTMODSEQ 1] Highest mod-sequence
                 * OK [MAILBOXID (F$
                 a OK [READ-WRITE] SELECT completed",
            ),
            ("b APPEND INBOX {3+}\nabc", "* 1 EXISTS\n* 1 RECENT\nb OK [APPENDUID $"),
            (
                "c EXAMINE INBOX",
                "* OK [CLOSED] The mailbox before is closed
                 * FLAGS $
                 * OK [PERMANENTFLAGS ()] Flags that last
                 * 1 EXISTS
                 * 0 RECENT
                 * OK [UNSEEN 1] First unseen message
                 * OK [UIDVALIDITY $
                 * OK [UIDNEXT 2] Next UID
                 * OK [HIGHESTMODSEQ 1700000000000000] Highest mod-sequence
                 * OK [MAILBOXID (F$
                 c OK [READ-ONLY] EXAMINE completed",
            ),
            ("d STORE 1 FLAGS (\\Seen)", "d NO [READ-ONLY] $"),
            ("e EXPUNGE", "e NO [READ-ONLY] $"),
            ("f CHECK", "f OK CHECK completed"),
            ("g CLOSE", "g OK CLOSE completed"),
            ("h CHECK", "h BAD [CLIENTBUG] Select a mailbox first"),
            ("i SELECT nowhere", "i NO [NONEXISTENT] No such mailbox"),
            ("j SELECT INBOX", "* $\n* $\n* $\n* $\n* $\n* $\n* $\n* $\n* $\nj OK $"),
            ("k SELECT nowhere", "* OK [CLOSED] $\nk NO [NONEXISTENT] No such mailbox"),
            ("l FETCH 1 FLAGS", "l BAD [CLIENTBUG] Select a mailbox first"),
            ("m SELECT INBOX", "* $\n* $\n* $\n* $\n* $\n* $\n* $\n* $\n* $\nm OK $"),
            ("n UNSELECT", "n OK UNSELECT completed"),
            ("o UNSELECT", "o BAD [CLIENTBUG] Select a mailbox first"),
            (
                "p STATUS inbox (MESSAGES RECENT UIDNEXT UNSEEN)",
                "* STATUS INBOX (MESSAGES 1 RECENT 0 UIDNEXT 2 UNSEEN 1)
                 p OK STATUS completed",
            ),
        ],
    );
}

#[test]
fn a_selected_mailbox_that_is_deleted_is_no_longer_selected() {
    check(
        Dialogue::logged_in,
        &[
            ("a CREATE Work", "a OK [MAILBOXID (F$"),
            ("b SELECT Work", "* $\n* $\n* $\n* $\n* $\n* $\n* $\n* $\nb OK $"),
            ("c DELETE Work", "c OK DELETE completed"),
            ("d CHECK", "d BAD [CLIENTBUG] Select a mailbox first"),
        ],
    );
}
