"""A Dovecot of a check's own, on a Maildir that Postroad serves too."""

import imaplib
import os
import poplib
import subprocess
import time

from .check import expect, need
from .mailbox import without_trace
from .server import free_ports, listens

CONFIGURATION = """
protocols = imap pop3
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
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3_port}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
"""


class Dovecot:
    """A Dovecot of its own on an account's Maildir; its indexes inside, or elsewhere."""

    def __init__(self, server, account, inside):
        need("doveconf")
        self.folder = server.folder / f"dovecot-{account.address}"
        for each in "run", "state", "home", "index":
            (self.folder / each).mkdir(parents=True)
            os.chown(self.folder / each, 65534, 65534)
        self.maildir = account.maildir
        self.port, self.pop3_port = free_ports(2)
        elsewhere = "" if inside else f":INDEX={self.folder}/index:CONTROL={self.folder}/index"
        self.configuration = self.folder / "dovecot.conf"
        self.configuration.write_text(CONFIGURATION.format(
            folder=self.folder, port=self.port, pop3_port=self.pop3_port, maildir=self.maildir, elsewhere=elsewhere))

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
