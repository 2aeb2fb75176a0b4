"""A real Dovecot on the same Maildir sees the same messages and flags, and its changes are seen."""

import imaplib
import os
import subprocess
import time

from harness import Mailbox, check, expect, free_ports, need, octets, samples
from harness.mailbox import without_trace
from harness.server import listens

CONFIGURATION = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
instance_name = postroad-check-{port}
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain
first_valid_uid = 65534
default_internal_user = nobody
default_internal_group = nogroup
default_login_user = nobody
mail_location = maildir:{maildir}{elsewhere}
mail_fsync = never
namespace inbox {{
  inbox = yes
  separator = .
}}
passdb {{
  driver = static
  args = password=pass
}}
userdb {{
  driver = static
  args = uid=65534 gid=65534 home={folder}/home
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
"""

FLAGS = ["", "\\Seen", "\\Answered \\Seen", "\\Flagged", "\\Draft", "\\Deleted"]
FOLDERS = ["INBOX", "Work", "Work.2026", "R&AOk-union", "a b"]


class Dovecot:
    """A Dovecot of its own on an account's Maildir; its indexes inside, or elsewhere."""

    def __init__(self, server, account, inside):
        need("doveconf")
        self.folder = server.folder / f"dovecot-{account.address}"
        for each in "run", "state", "home", "index":
            (self.folder / each).mkdir(parents=True)
            os.chown(self.folder / each, 65534, 65534)
        self.maildir = account.maildir
        self.port, = free_ports(1)
        elsewhere = "" if inside else f":INDEX={self.folder}/index:CONTROL={self.folder}/index"
        self.configuration = self.folder / "dovecot.conf"
        self.configuration.write_text(CONFIGURATION.format(
            folder=self.folder, port=self.port, maildir=self.maildir, elsewhere=elsewhere))

    def __enter__(self):
        self.own()
        self.process = subprocess.Popen(["/usr/sbin/dovecot", "-F", "-c", self.configuration], stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while not listens(self.port):
            expect(time.monotonic() < deadline and self.process.poll() is None, "Dovecot does not start")
            time.sleep(0.05)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)

    def own(self):
        """Gives the Maildir to the user that Dovecot reads as."""
        for path in [self.maildir, *self.maildir.rglob("*")]:
            os.chown(path, 65534, 65534)
        for path in list(self.maildir.parents)[:6]:
            if "postroad-" in str(path):
                path.chmod(path.stat().st_mode | 0o055)

    def imap(self):
        self.own()
        session = imaplib.IMAP4("127.0.0.1", self.port, timeout=30)
        session.login("anyone", "pass")
        return session

    def view(self, folder):
        """A folder as Dovecot sees it: flags and octets of every message."""
        session = self.imap()
        status, answer = session.select(f'"{folder}"', readonly=True)
        expect(status == "OK", f"Dovecot cannot select {folder}: {answer}\n{(self.folder / 'log').read_text()[-2000:]}")
        rows = session.uid("FETCH", "1:*", "(FLAGS BODY.PEEK[])")[1]
        view = [(flags_of(row[0]), without_trace(row[1])) for row in rows if isinstance(row, tuple)]
        session.logout()
        return sorted(view)


def flags_of(line):
    return sorted(set(line.partition(b"FLAGS (")[2].partition(b")")[0].decode().split()) - {"\\Recent"})


def our_view(server, account, folder):
    with Mailbox(server, account, folder) as mailbox:
        return sorted((sorted(m.flags), without_trace(m.octets)) for m in mailbox.messages())


def uids(server, account, folder):
    with Mailbox(server, account, folder) as mailbox:
        return {m.uid: m.octets for m in mailbox.messages()}, mailbox.uidvalidity


def fill(server, account):
    with Mailbox(server, account) as mailbox:
        for folder in FOLDERS:
            if folder != "INBOX":
                mailbox.ok(mailbox.imap.create(f'"{folder}"'))
            for number, (_, message) in enumerate(samples("a@example.net", account.address)):
                flags = FLAGS[number % len(FLAGS)]
                mailbox.ok(mailbox.imap.append(f'"{folder}"', f"({flags})", None, message))


INDEXES = [("elsewhere", False), ("in the Maildir", True)]


@check("sees the same folders, messages and flags; its indexes are {}", INDEXES)
def sees_the_same(server, _, inside):
    account = server.user()
    fill(server, account)
    with Dovecot(server, account, inside) as dovecot:
        listed = b"\n".join(dovecot.imap().list()[1]).decode()
        for folder in FOLDERS:
            expect(folder in listed, f"Dovecot does not list {folder}:\n{listed}")
            expect(dovecot.view(folder) == our_view(server, account, folder), f"Dovecot sees {folder} differently")


@check("what it changes is seen, and UIDs stay what they were; its indexes are {}", INDEXES)
def its_changes_are_seen(server, _, inside):
    account = server.user()
    fill(server, account)
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
