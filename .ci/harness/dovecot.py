"""A Dovecot of a check's own, on a Maildir that Postroad serves too."""

import imaplib
import os
import poplib
import subprocess
import time

from .check import expect, need
from .mailbox import without_trace
from .server import free_ports, listens

NOBODY = 65534

CONFIGURATION = """
protocols = imap pop3
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
instance_name = postroad-check-{imap}
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain
first_valid_uid = 65534
default_internal_user = nobody
default_internal_group = nogroup
default_login_user = nobody
mail_location = maildir:{mail}
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
  args = uid=65534 gid=65534 home={folder}/home/%u
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
{more}
"""


def configure(folder, mail, imap, pop3, more=""):
    """Makes Dovecot's folders and configuration; the command that serves in the foreground."""
    need("doveconf")
    for each in "run", "state", "home", "mail":
        (folder / each).mkdir(parents=True)
        os.chown(folder / each, NOBODY, NOBODY)
    file = folder / "dovecot.conf"
    file.write_text(CONFIGURATION.format(folder=folder, mail=mail, imap=imap, pop3=pop3, more=more))
    return ["/usr/sbin/dovecot", "-F", "-c", str(file)]


class Dovecot:
    """A Dovecot of its own on an account's Maildir; its indexes inside, or elsewhere."""

    def __init__(self, server, account, inside):
        self.folder = server.folder / f"dovecot-{account.address}"
        self.maildir = account.maildir
        self.port, self.pop3_port = free_ports(2)
        index = self.folder / "mail"
        elsewhere = "" if inside else f":INDEX={index}:CONTROL={index}"
        self.command = configure(self.folder, f"{self.maildir}{elsewhere}", self.port, self.pop3_port)

    def __enter__(self):
        self.own()
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL)
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
            os.chown(path, NOBODY, NOBODY)
        for path in list(self.maildir.parents)[:6]:
            if "postroad-" in str(path):
                path.chmod(path.stat().st_mode | 0o055)

    def imap(self):
        self.own()
        session = imaplib.IMAP4("127.0.0.1", self.port, timeout=30)
        session.login("anyone", "pass")
        return session

    def pop3(self):
        self.own()
        session = poplib.POP3("127.0.0.1", self.pop3_port, timeout=30)
        session.user("anyone")
        session.pass_("pass")
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
