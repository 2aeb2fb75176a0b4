"""Other people's servers, each on free ports of the loopback with its state in a temporary folder, for transcripts to be run against.

`{}` in a user's name stands for a number: every transcript that needs an account has a new one.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from .check import expect, wait_for
from .dovecot import configure
from .process import run
from .server import free_ports, listens, make_certificate

DOMAIN = "example.org"

DOVECOT = """
protocols = imap pop3 lmtp
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
auth_mechanisms = plain login
auth_failure_delay = 0
mail_max_userip_connections = 0
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
"""


class Foreign:
    """A server: what it speaks where, and who may log in."""

    user, speaks = f"u{{}}@{DOMAIN}:pass", ()

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="foreign-"))
        self.folder.chmod(0o755)
        self.port = dict(zip(self.speaks, free_ports(len(self.speaks))))
        self.process = None

    def command(self):
        """Writes the configuration; the command that serves in the foreground."""
        raise NotImplementedError

    def version(self):
        raise NotImplementedError

    def __enter__(self):
        command = self.command()
        self.output = open(self.folder / "output", "wb")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.output, cwd=self.folder)

        def answers():
            expect(self.process.poll() is None, f"it ended with {self.process.returncode}:\n{self.log()}")
            return all(listens(port) for port in self.port.values())

        try:
            wait_for(answers, lambda: f"it does not listen:\n{self.log()}")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.output.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self):
        return "".join(file.read_text(errors="replace")[-3000:] for file in (self.folder / "output", self.folder / "log") if file.is_file())

    def words(self):
        """The options of `postroad-conformance run`."""
        places = [word for name, port in self.port.items() for word in (f"--{name}", f"127.0.0.1:{port}")]
        return [*places, "--user", self.user]


class Aiosmtpd(Foreign):
    """aiosmtpd from PyPI, which takes every message and keeps none."""

    speaks = ("smtp",)

    def python(self):
        tools = os.environ.get("POSTROAD_PYTHON_TOOLS")
        return str(Path(tools) / "bin" / "python") if tools else sys.executable

    def command(self):
        return [self.python(), "-m", "aiosmtpd", "-n", "-l", f"127.0.0.1:{self.port['smtp']}", "-c", "aiosmtpd.handlers.Sink"]

    def version(self):
        script = "from importlib.metadata import version; print(version('aiosmtpd'))"
        return "aiosmtpd " + run(self.python(), "-c", script).out.decode().strip()


class Dovecot(Foreign):
    """Dovecot from Debian, on Maildirs."""

    speaks = ("imap", "pop3", "lmtp")

    def command(self):
        certificate, key = make_certificate(self.folder)
        more = DOVECOT.format(certificate=certificate, key=key, lmtp=self.port["lmtp"])
        return configure(self.folder, f"{self.folder}/mail/%u", self.port["imap"], self.port["pop3"], more)

    def version(self):
        return "Dovecot " + run("/usr/sbin/dovecot", "--version").out.decode().split()[0]
