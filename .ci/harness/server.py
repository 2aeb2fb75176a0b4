"""A Postroad server of a check's own: on free ports of the loopback, in a temporary folder."""

import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from .check import Failure, expect
from .process import run

SERVICES = ("smtp", "submission", "submissions", "lmtp", "imap", "imaps", "pop3", "pop3s")
DOMAIN = "example.org"
PASSWORD = "Wren-4417-q"


@dataclass(frozen=True)
class Account:
    """A user of a server."""

    address: str
    password: str
    maildir: Path


class Postroad:
    """A server, its configuration, users and data.

    Further configuration is given as TOML tables, such as `limits={"message": 1000}`.
    """

    numbers = itertools.count(1)

    def __init__(self, data=None, log_format=None, **config):
        self.folder = Path(tempfile.mkdtemp(prefix="postroad-"))
        self.data = Path(data) if data else self.folder / "data"
        self.certificate, self.key = make_certificate(self.folder)
        self.port = dict(zip(SERVICES, free_ports(len(SERVICES))))
        self.lmtp_socket = self.folder / "lmtp"
        self.log_format = log_format
        self.config = {
            "hostname": f"mail.{DOMAIN}",
            "data": str(self.data),
            "domains": [DOMAIN],
            "listen": {name: [f"127.0.0.1:{port}"] for name, port in self.port.items()},
            "tls": {"certificate": str(self.certificate), "key": str(self.key)},
            **config,
        }
        self.config["listen"]["lmtp"].append(str(self.lmtp_socket))
        self.config_file = self.folder / "postroad.toml"
        self.log = self.folder / "log"
        self.log_read = 0
        self.process = None
        self.write_config()

    def write_config(self):
        self.config_file.write_text(toml(self.config))

    def start(self):
        """Starts the server, and waits until every port answers."""
        command = [program(), "serve", "--config", str(self.config_file)]
        if self.log_format:
            command += ["--log-format", self.log_format]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder)
        deadline = time.monotonic() + 20
        waiting = set(self.port.values())
        while waiting:
            expect(self.process.poll() is None, f"the server ended with {self.process.returncode} at its start:\n{self.news()}")
            expect(time.monotonic() < deadline, f"after 20 s the server does not listen on {waiting}")
            waiting = {port for port in waiting if not listens(port)}
            time.sleep(0.02)
        return self

    def stop(self):
        """SIGTERM; the server must end with 0."""
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failure("30 s after SIGTERM the server still ran") from None
        expect(status == 0, f"at SIGTERM the server ended with {status}, not 0")

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def close(self):
        """Stops the server and removes its folder; fails if it panicked at any time."""
        try:
            if self.process and self.process.poll() is None:
                self.stop()
            log = self.log.read_text(errors="replace") if self.log.exists() else ""
            expect("panicked" not in log, f"the server panicked:\n{log[-4000:]}")
        finally:
            if self.process and self.process.poll() is None:
                self.kill()
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    def news(self):
        """What was logged since this was last asked."""
        if not self.log.exists():
            return ""
        with open(self.log, "rb") as log:
            log.seek(self.log_read)
            text = log.read()
        self.log_read += len(text)
        return text.decode(errors="replace")

    def command(self, *words, **options):
        """Runs another subcommand of `postroad` on this server's configuration."""
        return run(program(), *words, "--config", self.config_file, **options)

    def user(self, name=None, password=PASSWORD):
        """Adds a user."""
        name = name or f"user{next(self.numbers)}"
        address = f"{name}@{DOMAIN}"
        self.command("user", "add", address, "--password-stdin", input=password.encode() + b"\n")
        return Account(address, password, self.data / "mail" / DOMAIN / name)


def program():
    """The release build of `postroad`."""
    path = Path(os.environ.get("POSTROAD_PROGRAM") or target() / "release" / "postroad").absolute()
    expect(path.exists(), f"{path} does not exist: run `cargo build --release`")
    return str(path)


def target():
    return Path(os.environ.get("CARGO_TARGET_DIR") or Path(__file__).parents[2] / "target")


def free_ports(count):
    """Ports of the loopback on which nothing listens."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
        return True
    except OSError:
        return False


def make_certificate(folder):
    """A self-signed certificate for localhost, which programs are told to trust."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-days", "2", "-subj", "/CN=localhost", "-keyout", key, "-out", certificate,
        "-addext", f"subjectAltName=DNS:localhost,DNS:mail.{DOMAIN},IP:127.0.0.1")
    return certificate, key


def toml(tables):
    """The tables as TOML, whose strings, lists and numbers are also JSON's."""
    plain = [f"{json.dumps(k)} = {toml_value(v)}" for k, v in tables.items() if not isinstance(v, dict)]
    for name, table in tables.items():
        if isinstance(table, dict):
            plain += [f"\n[{name}]"] + [f"{json.dumps(k)} = {toml_value(v)}" for k, v in table.items()]
    return "\n".join(plain) + "\n"


def toml_value(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {toml_value(v)}" for k, v in value.items()) + "}"
    return json.dumps(value)
