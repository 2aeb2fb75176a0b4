"""A Postfix of a check's own: its configuration, queue, mail and log stand in a temporary folder."""

import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from .authority import Authority
from .check import expect, need, wait_for
from .mailbox import crlf, without_trace
from .process import run
from .server import listens

# The only address of the loopback that Postfix takes for one of an interface.
ADDRESS = "127.0.0.1"
# What writes the mailboxes.
OWNER = "nobody"

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log/mail
maillog_file_prefixes = {folder}
mail_owner = postfix
setgid_group = postdrop
myhostname = {hostname}
mydomain = {domain}
mydestination =
alias_maps =
local_recipient_maps =
mynetworks =
inet_interfaces = {address}
inet_protocols = ipv4
smtp_tcp_port = {port}
smtp_tls_security_level = may
smtp_tls_loglevel = 1
smtpd_tls_security_level = may
smtpd_tls_loglevel = 1
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_received_header = yes
smtpd_relay_restrictions = reject_unauth_destination
smtpd_error_sleep_time = 0
smtpd_client_connection_rate_limit = 0
virtual_mailbox_domains = {domain}
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = texthash:{folder}/mailboxes
virtual_alias_maps = texthash:{folder}/aliases
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 100
virtual_mailbox_limit = 0
message_size_limit = 104857600
mailbox_size_limit = 0
queue_minfree = 0
in_flow_delay = 0
minimal_backoff_time = 2s
maximal_backoff_time = 2s
queue_run_delay = 2s
"""

MASTER = """
{address}:{port} inet n - n - - smtpd
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp      unix  - - n - - smtp
relay     unix  - - n - - smtp
showq     unix  n - n - - showq
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
virtual   unix  - n n - - virtual
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """The mail exchanger of `domain` at 127.0.0.1, port `port`; it goes by the DNS server `names`, and
    finds other hosts on the same port. `mailboxes` are local-parts, `aliases` lead from one to an
    address. Its certificate is signed by its own authority.
    """

    def __init__(self, domain, port, names, mailboxes=(), aliases=None):
        need("postfix", "unshare")
        self.domain, self.port, self.hostname = domain, port, f"mx.{domain}"
        self.folder = Path(tempfile.mkdtemp(prefix="postfix-"))
        self.folder.chmod(0o755)
        self.process = None
        self.make_folders()
        self.authority = Authority(self.folder / "tls")
        certificate, key = self.authority.issue(self.hostname)
        owner = pwd.getpwnam(OWNER)
        values = dict(folder=self.folder, domain=domain, hostname=self.hostname, address=ADDRESS, port=port,
                      certificate=certificate, key=key, uid=owner.pw_uid, gid=owner.pw_gid)
        self.write("conf/main.cf", MAIN.format(**values))
        self.write("conf/master.cf", MASTER.format(**values))
        self.write("conf/dynamicmaps.cf", "")
        self.write("mailboxes", "".join(f"{name}@{domain} {name}/\n" for name in mailboxes))
        self.write("aliases", "".join(f"{name}@{domain} {to}\n" for name, to in (aliases or {}).items()))
        self.write("resolv.conf", f"nameserver {names.address}\n")

    def make_folders(self):
        for name in "conf", "queue", "data", "log", "mail", "tls":
            (self.folder / name).mkdir()
        shutil.chown(self.folder / "data", "postfix")
        shutil.chown(self.folder / "mail", OWNER)

    def write(self, name, text):
        (self.folder / name).write_text(text)

    def start(self):
        """Starts it where `/etc/resolv.conf` is its own, for nothing else names a DNS server to it."""
        script = 'mount --bind "$0/resolv.conf" /etc/resolv.conf && exec postfix -c "$0/conf" start-fg'
        with open(self.folder / "output", "wb") as output:
            self.process = subprocess.Popen(["unshare", "--mount", "sh", "-c", script, str(self.folder)],
                                            stdin=subprocess.DEVNULL, stdout=output, stderr=output)

        def answers():
            expect(self.process.poll() is None, f"Postfix ended with {self.process.returncode}:\n{self.log()}")
            return listens(self.port, ADDRESS)

        wait_for(answers, lambda: f"Postfix does not listen:\n{self.log()}")
        return self

    def stop(self):
        run("postfix", "-c", self.folder / "conf", "stop")
        self.process.wait(20)

    def mail(self, name):
        """The messages in a mailbox, without what delivery wrote above them."""
        folder = self.folder / "mail" / name / "new"
        files = sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime_ns) if folder.is_dir() else []
        return [without_trace(crlf(file.read_bytes())) for file in files]

    def log(self):
        return "".join((self.folder / name).read_text(errors="replace")
                       for name in ("output", "log/mail") if (self.folder / name).exists())

    def close(self):
        try:
            if self.process and self.process.poll() is None:
                self.stop()
        finally:
            if self.process and self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()
