"""A real Dovecot on the same Maildir sees the same messages and flags, and its changes are seen."""

from harness import Mailbox, check, expect, octets, samples
from harness.dovecot import Dovecot
from harness.mailbox import without_trace

FLAGS = ["", "\\Seen", "\\Answered \\Seen", "\\Flagged", "\\Draft", "\\Deleted"]
KEYWORDS = ["$Forwarded", "Own-word \\Seen"]
FOLDERS = ["INBOX", "Work", "Work.2026", "R&AOk-union", "a b"]


def our_view(server, account, folder):
    with Mailbox(server, account, folder) as mailbox:
        return sorted((sorted(m.flags), without_trace(m.octets)) for m in mailbox.messages())


def uids(server, account, folder):
    with Mailbox(server, account, folder) as mailbox:
        return {m.uid: m.octets for m in mailbox.messages()}, mailbox.uidvalidity


def fill(server, account, inside):
    # Elsewhere Dovecot does not see which letter stands for which keyword.
    given = FLAGS + (KEYWORDS if inside else [])
    with Mailbox(server, account) as mailbox:
        for folder in FOLDERS:
            if folder != "INBOX":
                mailbox.ok(mailbox.imap.create(f'"{folder}"'))
            for number, (_, message) in enumerate(samples("a@example.net", account.address)):
                flags = given[number % len(given)]
                mailbox.ok(mailbox.imap.append(f'"{folder}"', f"({flags})", None, message))


INDEXES = [("elsewhere", False), ("in the Maildir", True)]


@check("sees the same folders, messages and flags; its indexes are {}", INDEXES)
def sees_the_same(server, _, inside):
    account = server.user()
    fill(server, account, inside)
    with Dovecot(server, account, inside) as dovecot:
        listed = b"\n".join(dovecot.imap().list()[1]).decode()
        for folder in FOLDERS:
            expect(folder in listed, f"Dovecot does not list {folder}:\n{listed}")
            expect(dovecot.view(folder) == our_view(server, account, folder), f"Dovecot sees {folder} differently")


@check("what it changes is seen, and UIDs stay what they were; its indexes are {}", INDEXES)
def its_changes_are_seen(server, _, inside):
    account = server.user()
    fill(server, account, inside)
    before, validity = uids(server, account, "INBOX")
    with Dovecot(server, account, inside) as dovecot:
        session = dovecot.imap()
        session.select()
        session.store("1", "+FLAGS", "(\\Flagged \\Answered)")
        session.store("2", "-FLAGS", "(\\Seen)")
        session.store("3", "+FLAGS", "(\\Deleted)")
        session.expunge()
        session.append("INBOX", "(\\Seen)", None, octets("d@example.net", account.address, b"by Dovecot\r\n"))
        session.create("Made-by-Dovecot")
        session.append("Made-by-Dovecot", None, None, octets("d@example.net", account.address, b"there\r\n"))
        session.logout()
        for folder in "INBOX", "Made-by-Dovecot":
            expect(dovecot.view(folder) == our_view(server, account, folder), f"{folder} is seen differently:\n{brief(dovecot.view(folder))}\n{brief(our_view(server, account, folder))}")
    after, validity_after = uids(server, account, "INBOX")
    expect(validity == validity_after, "UIDVALIDITY changed")
    changed = [uid for uid in after if uid in before and after[uid] != before[uid]]
    expect(not changed, f"UIDs {changed} mean something else now")
    expect(len(set(before) & set(after)) >= len(before) - 2, f"UIDs were given anew: {sorted(before)}, now {sorted(after)}")


def brief(view):
    return [(flags, message[-60:]) for flags, message in view]
