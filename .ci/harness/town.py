"""A Postroad among others: Postfix is the next domain's, another Postroad that behind it, and DNS leads to all."""

import base64
import json
import re
import shutil
import smtplib
import subprocess
import tempfile
from pathlib import Path

from .check import expect, need, wait_for
from .mailbox import Mailbox
from .names import Names
from .postfix import Postfix
from .server import Postroad, free_ports, listens

# Where mail comes in, all on one port: `[queue] port`.
HERE, POSTFIX, OTHER, SINK = "127.0.0.11", "127.0.0.1", "127.0.0.13", "127.0.0.14"
RECORDS = [
    "a MX 10 mail.a", f"mail.a A {HERE}",
    "b MX 10 mx.b", f"mx.b A {POSTFIX}",
    "c MX 10 mail.c", f"mail.c A {OTHER}",
    "sink MX 10 mx.sink", f"mx.sink A {SINK}",
]
QUEUED = re.compile(r"queued as (\w+)")


class Town(Postroad):
    """The server of `a.example`; `postfix` is that of `b.example`, `other` that of `c.example`.

    `residents` are the users of the latter: connections to it last, and do not hear of new ones.
    """

    def __init__(self, mailboxes=(), aliases=None, residents=()):
        self.mx_port, = free_ports(1)
        self.names = Names(*RECORDS)
        super().__init__(domain="a.example", address=HERE, port=self.mx_port, **self.leaving())
        self.other = self.another("c.example", address=OTHER, port=self.mx_port)
        self.residents = {name: self.other.user(name) for name in residents}
        self.postfix = Postfix("b.example", self.mx_port, self.names, mailboxes, aliases)

    def leaving(self, **queue):
        """How a server of this town is configured whose mail is to leave."""
        return {"dns": {"servers": [self.names.server]}, "queue": {"port": self.mx_port, "reserve": 0, **queue},
                "auth": {"cleartext": "loopback"}}

    def another(self, domain, address="127.0.0.1", port=None, queue=None, trust=None, **config):
        """A server of another domain, not yet started; `trust` is what `[tls] trust` names."""
        server = Postroad(domain=domain, address=address, port=port, **{**self.leaving(**(queue or {})), **config})
        if trust:
            server.config["tls"]["trust"] = str(trust)
            server.write_config()
        return server

    def start(self):
        try:
            self.names.start()
            self.postfix.start()
            self.other.start()
            return super().start()
        except BaseException:
            self.close()
            raise

    def close(self):
        for part in self.postfix, self.other, super(), self.names:
            part.close()


class Sink:
    """Postfix's `smtp-sink`: it takes all mail, and keeps it as it came."""

    def __init__(self, port, *words, address=SINK):
        need("smtp-sink")
        self.folder = Path(tempfile.mkdtemp(prefix="sink-"))
        self.place = port, address
        self.command = ["smtp-sink", "-u", "root", "-R", self.folder, "-d", "mail/%s.", *words, f"{address}:{port}", "100"]

    def __enter__(self):
        self.process = subprocess.Popen([str(word) for word in self.command], stdin=subprocess.DEVNULL)
        wait_for(lambda: listens(*self.place), lambda: "smtp-sink does not listen")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def mail(self):
        """What it was given, below the fields with which it tells of the envelope."""
        files = (self.folder / "mail").iterdir() if (self.folder / "mail").is_dir() else []
        return [file.read_bytes() for file in files]


def submit(server, sender, recipients, message, mail=(), rcpt=()):
    """Submits as a user of `server`, with parameters of MAIL and RCPT; gives the queue id."""
    recipients = [recipients] if isinstance(recipients, str) else recipients
    with smtplib.SMTP("localhost", server.port["submission"], timeout=60) as session:
        session.ehlo()
        response = base64.b64encode(f"\0{sender.address}\0{sender.password}".encode()).decode()
        code, answer = session.docmd("AUTH", f"PLAIN {response}")
        expect(code == 235, f"AUTH was answered {code} {answer}")
        return transact(session, sender.address, recipients, message, mail, rcpt)


def transact(session, sender, recipients, message, mail=(), rcpt=()):
    """One transaction; gives the queue id."""
    session.ehlo_or_helo_if_needed()
    session.command_encoding = "utf-8" if "SMTPUTF8" in mail else "ascii"
    answers = [session.mail(sender, list(mail)), *(session.rcpt(it, list(rcpt)) for it in recipients), session.data(message)]
    expect(all(code in (250, 251) for code, _ in answers), f"refused: {answers}")
    return QUEUED.search(answers[-1][1].decode())[1]


def arrivals(server, account, count=1, seconds=30):
    """The messages of an inbox, once there are so many, and no more."""
    with Mailbox(server, account) as inbox:
        found = []

        def arrived():
            found[:] = inbox.messages()
            return len(found) >= count

        wait_for(arrived, lambda: f"{account.address} has {len(found)} messages, not {count}", seconds)
    expect(len(found) == count, f"{account.address} has {len(found)} messages, not {count}: {[m.octets[:2000] for m in found]}")
    return [message.octets for message in found]


def queued(server):
    """What waits to leave."""
    return json.loads(server.command("queue", "list", "--json").out)


def wait_until_empty(server):
    wait_for(lambda: not queued(server), lambda: f"the queue is not empty: {queued(server)}")


def wait_for_action(server, id, action, seconds=30):
    """The one recipient of a message that waits, once `action` is what became of it."""
    def became():
        recipients = [it for message in queued(server) if message["id"] == id for it in message["recipients"]]
        return next((it for it in recipients if it.get("action") == action), None)

    return wait_for(became, lambda: f"{id} is not {action}: {queued(server)}", seconds)


def story(server, id):
    """The events of a message."""
    return json.loads(server.command("trace", id, "--json").out)
