"""Postroad and Dovecot, each on loopback with a store of its own, and what their processes take."""

import base64
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

NOBODY = 65534
USERS = [f"u{number}" for number in range(1, 100)]

DOVECOT = """
protocols = imap pop3
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
instance_name = postroad-bench-{imap}
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain
first_valid_uid = {nobody}
default_internal_user = nobody
default_internal_group = nogroup
default_login_user = nobody
default_client_limit = 4000
mail_location = maildir:~/Maildir
mail_max_userip_connections = 0
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
  args = uid={nobody} gid={nobody} home={folder}/mail/%u
}}
service anvil {{
  chroot =
}}
service imap {{
  process_limit = 2000
}}
service imap-login {{
  chroot =
  service_count = 0
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
"""

POSTROAD = """
hostname = "mail.bench.test"
data = "{folder}/data"
domains = ["bench.test"]

[listen]
imap = ["127.0.0.1:{imap}"]
pop3 = ["127.0.0.1:{pop3}"]

[auth]
cleartext = "loopback"
"""


class Server:
    """What both have in common."""

    def __init__(self, folder):
        self.folder = folder
        self.imap, self.pop3 = free_ports(2)
        self.process = None

    def start(self):
        with open(self.folder / "output", "ab") as output:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        deadline = time.monotonic() + 30
        while not all(listens(port) for port in (self.imap, self.pop3)):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{self.name} does not start:\n{(self.folder / 'output').read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def restart(self):
        self.stop()
        self.start()

    def own(self, user):
        """Gives a Maildir that was put there to the server."""

    def proportional_set(self):
        """KiB of memory of all its processes, where pages that are shared count in part (PSS)."""
        return sum(pss(pid) for pid in descendants(self.process.pid))


class Postroad(Server):
    name = "Postroad"

    def __init__(self, folder, program):
        super().__init__(folder)
        self.program, self.configuration = Path(program).absolute(), folder / "postroad.toml"
        self.configuration.write_text(POSTROAD.format(folder=folder, imap=self.imap, pop3=self.pop3))
        for user in USERS:
            subprocess.run([self.program, "user", "add", self.login(user), "--password-hash", hashed("pass"), "--config", self.configuration],
                           check=True, capture_output=True)

    def command(self):
        return [self.program, "serve", "--config", self.configuration]

    def login(self, user):
        return f"{user}@bench.test"

    def maildir(self, user):
        return self.folder / "data" / "mail" / "bench.test" / user


class Dovecot(Server):
    name = "Dovecot"

    def __init__(self, folder):
        super().__init__(folder)
        self.configuration = folder / "dovecot.conf"
        for part in "run", "state", "mail":
            (folder / part).mkdir()
        os.chown(folder / "mail", NOBODY, NOBODY)
        self.configuration.write_text(DOVECOT.format(folder=folder, imap=self.imap, pop3=self.pop3, nobody=NOBODY))

    def command(self):
        return ["/usr/sbin/dovecot", "-F", "-c", self.configuration]

    def login(self, user):
        return user

    def maildir(self, user):
        return self.folder / "mail" / user / "Maildir"

    def own(self, user):
        home = self.maildir(user).parent
        for path in [home, self.maildir(user), *(self.maildir(user) / part for part in ("cur", "new", "tmp"))]:
            os.chown(path, NOBODY, NOBODY)


def hashed(password):
    """As {SSHA}, which is quick: logins are no part of what is measured."""
    salt = b"saltsalt"
    return "{SSHA}" + base64.b64encode(hashlib.sha1(password.encode() + salt).digest() + salt).decode()


def make_folder(parent, name):
    folder = parent / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for each in [folder, *folder.parents]:
        if each.stat().st_uid == os.getuid() and each != Path("/"):
            each.chmod(each.stat().st_mode | 0o055)
    return folder


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
        return True
    except OSError:
        return False


def descendants(pid):
    found = [pid]
    for parent in found:
        try:
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += [int(word) for word in (task / "children").read_text().split()]
        except FileNotFoundError:
            pass
    return found


def pss(pid):
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        return int(text.partition("\nPss:")[2].split()[0])
    except (FileNotFoundError, ProcessLookupError, IndexError):
        return 0
