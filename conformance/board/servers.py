"""The servers on the board that nobody but the board starts: Postfix, Exim and OpenSMTPD from Debian.

Exim and OpenSMTPD exclude Postfix as packages, so `POSTROAD_DEBIAN_ROOT` names a folder into which theirs are unpacked (`dpkg -x`).
"""

import os
import pwd
import shutil
from pathlib import Path

from harness.check import expect, need
from harness.foreign import DOMAIN, Foreign
from harness.postfix import MASTER
from harness.process import run
from harness.server import make_certificate

POSTFIX = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.{domain}
mydestination =
mynetworks =
alias_maps =
local_recipient_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_dns_support_level = disabled
smtpd_relay_restrictions = reject_unauth_destination
smtpd_tls_security_level = may
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_error_sleep_time = 0
smtpd_client_connection_count_limit = 0
smtputf8_enable = yes
virtual_mailbox_domains = {domain}
virtual_mailbox_maps = regexp:{folder}/mailboxes
virtual_transport = discard:
default_transport = discard:
"""
EXIM = r"""
exim_user = nobody
exim_group = nogroup
primary_hostname = mx.{domain}
qualify_domain = {domain}
local_interfaces = <; 127.0.0.1.{smtp}
spool_directory = {folder}/spool
log_file_path = {folder}/log-%s
pid_file_path = {folder}/pid
keep_environment =
tls_certificate = {certificate}
tls_privatekey = {key}
tls_advertise_hosts = *
chunking_advertise_hosts = *
dsn_advertise_hosts = *
pipelining_advertise_hosts = *
smtp_accept_max = 0
smtp_accept_max_nonmail = 1000
smtputf8_advertise_hosts = *
acl_smtp_rcpt = rcpt
acl_smtp_vrfy = accept
queue_only
never_users =
begin acl
rcpt:
  accept domains = {domain}
         local_parts = \N^(u[0-9]+|postmaster)$\N
  deny message = No such user here
begin routers
all:
  driver = accept
  transport = nowhere
begin transports
nowhere:
  driver = appendfile
  file = /dev/null
  user = nobody
"""
OPENSMTPD = """
pki board cert "{certificate}"
pki board key "{key}"
smtp limit max-mails 1000
table users file:{folder}/users
listen on 127.0.0.1 port {smtp} tls pki board hostname mx.{domain}
action "local" maildir "{folder}/mail/%{{rcpt.user}}" virtual <users>
match from any for domain "{domain}" action "local"
"""
NUMBERED = 700


class Postfix(Foreign):
    speaks = ("smtp",)

    def command(self):
        need("postfix")
        for each in "conf", "queue", "data":
            (self.folder / each).mkdir()
        shutil.chown(self.folder / "data", "postfix")
        certificate, key = make_certificate(self.folder)
        (self.folder / "mailboxes").write_text(rf"/^(u[0-9]+|postmaster)@{DOMAIN}$/ it" + "\n")
        (self.folder / "conf" / "main.cf").write_text(POSTFIX.format(folder=self.folder, domain=DOMAIN, certificate=certificate, key=key))
        (self.folder / "conf" / "master.cf").write_text(MASTER.format(address="127.0.0.1", port=self.port["smtp"]))
        (self.folder / "conf" / "dynamicmaps.cf").write_text("")
        return ["postfix", "-c", str(self.folder / "conf"), "start-fg"]

    def version(self):
        return "Postfix " + run("postconf", "-dh", "mail_version").out.decode().strip()

    def __exit__(self, *_):
        run("postfix", "-c", self.folder / "conf", "stop", status=None)
        super().__exit__()


def apart(folder, users, command):
    """The command, run where the users that it was built for exist, and where nothing that it writes outside of `folder` stays."""
    for name, line in ("passwd", "{0}:x:{1}:{1}::/nonexistent:/usr/sbin/nologin\n"), ("group", "{0}:x:{1}:\n"):
        text = Path("/etc", name).read_text()
        (folder / name).write_text(text + "".join(line.format(user, 64000 + at) for at, user in enumerate(users)))
    root = os.environ.get("POSTROAD_DEBIAN_ROOT", "")
    script = f"""
        mount --bind {folder}/passwd /etc/passwd && mount --bind {folder}/group /etc/group
        mount -t tmpfs none /var/lib && mount -t tmpfs none /var/spool
        [ -z "{root}" ] || [ ! -d {root}/usr/libexec ] || mount --bind {root}/usr/libexec /usr/libexec
        mkdir -p /var/lib/opensmtpd/empty /var/spool/smtpd && chmod 711 /var/spool/smtpd /var/lib/opensmtpd/empty
        exec "$@"
    """
    return ["unshare", "--mount", "sh", "-c", script, "sh", *map(str, command)]


def unpacked(name):
    """A program of a package that is unpacked, not installed."""
    root = os.environ.get("POSTROAD_DEBIAN_ROOT", "/")
    path = Path(root) / "usr" / "sbin" / name
    expect(path.exists(), f"{path} does not exist; POSTROAD_DEBIAN_ROOT says where packages are unpacked")
    return path


class Exim(Foreign):
    speaks = ("smtp",)

    def command(self):
        certificate, key = make_certificate(self.folder)
        for each in certificate, key, self.folder:
            os.chown(each, pwd.getpwnam("nobody").pw_uid, 65534)
        file = self.folder / "exim.conf"
        file.write_text(EXIM.format(folder=self.folder, domain=DOMAIN, certificate=certificate, key=key, **self.port))
        command = [unpacked("exim4"), "-C", file, "-bdf"]
        return apart(self.folder, ["Debian-exim"], command)

    def version(self):
        ended = run(*apart(self.folder, ["Debian-exim"], [unpacked("exim4"), "-bV"]), status=None)
        return "Exim " + ended.text.split()[2]


class OpenSmtpd(Foreign):
    speaks = ("smtp",)

    def command(self):
        certificate, key = make_certificate(self.folder)
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", key, "-out", certificate)
        key.chmod(0o600)
        (self.folder / "mail").mkdir()
        shutil.chown(self.folder / "mail", "nobody")
        names = [f"u{number}" for number in range(1, NUMBERED)] + ["postmaster"]
        (self.folder / "users").write_text("".join(f"{name}@{DOMAIN} nobody\n" for name in names))
        file = self.folder / "smtpd.conf"
        file.write_text(OPENSMTPD.format(folder=self.folder, domain=DOMAIN, certificate=certificate, key=key, **self.port))
        file.chmod(0o600)
        return apart(self.folder, ["opensmtpd", "opensmtpq"], [unpacked("smtpd"), "-d", "-f", file])

    def version(self):
        ended = run(unpacked("smtpd"), "-h", status=None)
        return "OpenSMTPD " + (ended.out + ended.err).decode().split("version: OpenSMTPD ")[-1].split()[0]
