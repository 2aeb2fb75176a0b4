"""A store that Dovecot has written is taken over: every UID, UIDVALIDITY, keyword and unique-id is what it was."""

import imaplib
import re
import shutil

from harness import Postroad, check, expect, octets
from harness.dovecot import Dovecot, flags_of
from programs.python import imap, pop3

CONFIG = {"auth": {"cleartext": "loopback"}}
FOLDERS = ["INBOX", "Work", "Work.2026", "Work.2026.May", "R&AOk-union", "a b"]
FLAGS = ["", "\\Seen", "\\Answered \\Seen $Forwarded", "\\Flagged Junk", "Own-word", "\\Draft $label1 Own-word", "\\Seen $MDNSent"]


def fill(session, address):
    """Mailboxes with gaps among their UIDs, as years of use leave them."""
    for folder in FOLDERS:
        if folder != "INBOX":
            session.create(f'"{folder}"')
        for number in range(12):
            flags = FLAGS[number % len(FLAGS)]
            session.append(f'"{folder}"', f"({flags})", None, octets("a@example.net", address, b"%s %d\r\n" % (folder.encode(), number)))
        session.select(f'"{folder}"')
        session.store("3,7:8", "+FLAGS", "(\\Deleted)")
        session.expunge()
        session.store("2", "+FLAGS", "(Later)")
        session.close()
    for folder in FOLDERS[1:4]:
        session.subscribe(f'"{folder}"')


def seen(session):
    """What a client knows of an account: of each mailbox UIDVALIDITY, and of each UID flags and octets; its subscriptions."""
    view = {}
    for folder in FOLDERS:
        status, answer = session.select(f'"{folder}"', readonly=True)
        expect(status == "OK", f"{folder} cannot be selected: {answer}")
        validity, = session.response("UIDVALIDITY")[1]
        rows = session.uid("FETCH", "1:*", "(UID FLAGS INTERNALDATE BODY.PEEK[])")[1]
        view[folder] = validity, {
            int(re.search(rb"UID (\d+)", row[0])[1]): (flags_of(row[0]), imaplib.Internaldate2tuple(row[0]), row[1])
            for row in rows if isinstance(row, tuple)}
    subscribed = sorted(re.search(rb'"?([^" ]+|[^"]+)"?$', line)[1] for line in session.lsub()[1])
    return view, subscribed


def written_by_dovecot(server):
    """An account whose store Dovecot alone has written; what IMAP and POP3 clients knew of it; the next UID of INBOX."""
    account = server.user()
    shutil.rmtree(account.maildir, ignore_errors=True)
    account.maildir.mkdir(parents=True)
    with Dovecot(server, account, inside=True) as dovecot:
        session = dovecot.imap()
        fill(session, account.address)
        view = seen(session)
        session.select("INBOX", readonly=True)
        next_uid = int(session.response("UIDNEXT")[1][0])
        session.logout()
        maildrop = dovecot.pop3()
        unique = [line.split()[1] for line in maildrop.uidl()[1]]
        maildrop.quit()
    return account, view, unique, next_uid


def expect_same_view(before, after):
    for folder in FOLDERS:
        (validity, messages), (new_validity, new_messages) = before[0][folder], after[0][folder]
        expect(validity == new_validity, f"UIDVALIDITY of {folder} was {validity} and is {new_validity}")
        expect(list(messages) == list(new_messages), f"UIDs of {folder} were {list(messages)} and are {list(new_messages)}")
        for uid, what in messages.items():
            expect(what == new_messages[uid], f"{folder} {uid} was {what} and is {new_messages[uid]}")
    expect(before[1] == after[1], f"subscribed was {before[1]}, and is {after[1]}")


@check("IMAP clients notice nothing: UIDs, UIDVALIDITY, flags, keywords, dates, octets and subscriptions stay")
def imap_notices_nothing(server):
    account, before, _, next_uid = written_by_dovecot(server)
    session = imap(server, account)
    expect_same_view(before, seen(session))
    answer = session.append("INBOX", None, None, octets("a@example.net", account.address, b"later\r\n"))[1][0]
    uid = int(re.search(rb"APPENDUID \d+ (\d+)", answer)[1])
    expect(uid >= next_uid, f"a new message got UID {uid}, which is below the {next_uid} that was next")
    session.logout()


@check("POP3 clients download nothing again: every unique-id stays")
def pop3_notices_nothing(server):
    account, _, before, _ = written_by_dovecot(server)
    session = pop3(server, account)
    after = [line.split()[1] for line in session.uidl()[1]]
    session.quit()
    expect(before == after, f"the unique-ids were {before[:3]}… and are {after[:3]}…")


@check("what was taken over stays so after a restart, and after new messages")
def stays_after_restart():
    server = Postroad(**CONFIG)
    try:
        server.start()
        account, before, unique, _ = written_by_dovecot(server)
        session = imap(server, account)
        expect_same_view(before, seen(session))
        session.append("Work", None, None, octets("a@example.net", account.address, b"later\r\n"))
        session.logout()
        server.stop()
        server.start()
        session = imap(server, account)
        after = seen(session)
        newest = max(after[0]["Work"][1])
        del after[0]["Work"][1][newest]
        expect_same_view(before, after)
        session.logout()
        session = pop3(server, account)
        expect(unique == [line.split()[1] for line in session.uidl()[1]], "the unique-ids changed")
        session.quit()
    finally:
        server.close()
