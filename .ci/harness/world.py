"""A server and fifty domains that it sends mail to, good and bad; and those who hand the mail in."""

import collections
import contextlib
import json
import os
import random
import re
import smtplib
import threading
import time
from dataclasses import dataclass, field

from .check import need
from .dnsmasq import Dnsmasq
from .peers import DROP, HANG, TAKE_AND_DROP, TAKE_AND_HANG, Peer, Peers, Sink
from .server import Postroad, free_ports

SENDERS = 16
GONE = (OSError, EOFError, smtplib.SMTPException)
ARCHIVE = "archive@example.org"
LATER = "450 4.2.0 not now"
NEVER = "550 5.1.1 no such user"

# What the hosts of the domains do, and how many there are of each kind.
SINKS = {
    "fine": (14, []),
    "slow": (2, ["-w", "1"]),
    "refuses RCPT": (2, ["-f", "RCPT"]),
    "refuses MAIL": (1, ["-f", "MAIL"]),
    "refuses DATA": (1, ["-f", "DATA"]),
    "down at first": (2, None),
    "defers at first": (2, ["-r", "RCPT"]),
}
MOODS = {
    "obedient": (6, {}),
    "moody": (6, {"rcpt": [(0.1, LATER)], "data": [(0.1, "451 4.3.0 not now")], "end": [(0.1, "452 4.3.1 no room")]}),
    "strict": (4, {"rcpt": [(0.2, NEVER)], "end": [(0.1, "554 5.7.1 I don't like it")]}),
    "nervous": (2, {stage: [(0.03, DROP)] for stage in ("greeting", "ehlo", "mail", "rcpt", "data", "end")}),
    "busy": (1, {"greeting": [(0.3, "421 4.3.2 busy")], "mail": [(0.1, "421 4.3.2 busy")]}),
    "forgetful": (3, {"end": [(0.05, TAKE_AND_DROP), (0.02, TAKE_AND_HANG)]}),
    "silent": (2, {"greeting": [(1, HANG)]}),
    "silent at DATA": (1, {"data": [(1, HANG)]}),
}
ABSENT = 1
HEALTHY = ("fine", "slow", "obedient")
REFUSING = ("refuses RCPT", "refuses MAIL", "refuses DATA")
HOPELESS = ("silent", "silent at DATA", "absent")
LIMITS = {
    "connect": 3, "client_greeting": 3, "client_hello": 3, "client_mail": 3, "client_rcpt": 3, "client_data": 3,
    "client_end": 3, "transactions": 100_000, "connections": 200,
}


def domain(number):
    return f"d{number:02}.example"


def body(token):
    return b"".join(b"%s line %d\r\n.%d\r\n" % (token.encode(), line, line) for line in range(15))


def token_of(recipient):
    return recipient.partition("+")[0]


@dataclass(frozen=True)
class Mail:
    """A message under its token; sent once more it has another one."""

    number: int
    attempt: int = 0

    @property
    def token(self):
        return f"m{self.number}a{self.attempt}"

    def recipients(self, domains):
        """One, two or three of them, of which one may have his mail here."""
        places = {3: [0, 7, 17], 5: [0, 0]}.get(self.number % 10, [0])
        found = [f"{self.token}+{k}@{domain((self.number + place) % domains)}" for k, place in enumerate(places)]
        return found + [ARCHIVE] if self.number % 10 == 7 else found

    def again(self):
        return Mail(self.number, self.attempt + 1)


@dataclass
class Ledger:
    """What the senders know."""

    accepted: dict = field(default_factory=dict)
    # Sent, but the answer was not heard.
    in_doubt: dict = field(default_factory=dict)
    put_off: collections.Counter = field(default_factory=collections.Counter)


class Sender(threading.Thread):
    """Submits mail on one connection, until there is no more; again, what was not acknowledged."""

    def __init__(self, world, account, letters):
        super().__init__(daemon=True)
        self.world, self.account, self.letters = world, account, letters
        self.ledger, self.deadline, self.error = world.ledger, time.monotonic() + 150, None

    def run(self):
        mail = None
        while time.monotonic() < self.deadline:
            try:
                with self.connect() as session:
                    while True:
                        mail = mail or self.letters.popleft()
                        mail = self.submit(session, mail)
            except IndexError:
                return
            except GONE as error:
                if mail and mail.token in self.ledger.in_doubt:
                    mail = mail.again()
                self.error = error
                time.sleep(0.05)

    def connect(self):
        session = smtplib.SMTP("127.0.0.1", self.world.server.port["submission"], timeout=30)
        session.ehlo()
        session.login(self.account.address, self.account.password)
        return session

    def submit(self, session, mail):
        """Hands a message in; gives it back if it was put off."""
        recipients = mail.recipients(self.world.domains)
        commands = [f"MAIL FROM:<{self.account.address}>", *(f"RCPT TO:<{it}>" for it in recipients), "DATA"]
        session.send("".join(f"{command}\r\n" for command in commands).encode())
        replies = [session.getreply() for _ in commands]
        if replies[-1][0] == 354:
            self.ledger.in_doubt[mail.token] = (self.account, recipients)
            session.send(self.octets(mail, recipients))
            replies = [session.getreply()]
        code, text = next((it for it in replies if it[0] not in (250, 354)), replies[-1])
        if code == 250:
            self.ledger.accepted[mail.token] = (self.account, recipients)
        elif 400 <= code < 500:
            self.ledger.put_off[f"{code} {text[:5].decode()}"] += 1
        else:
            raise OSError(f"{mail.token} was answered {code} {text}")
        # What was answered is no longer in doubt.
        self.ledger.in_doubt.pop(mail.token, None)
        if code == 250:
            return None
        session.rset()
        time.sleep(0.02)
        return mail

    def octets(self, mail, recipients):
        head = [f"From: {self.account.address}", f"To: {', '.join(recipients)}", f"Subject: {mail.token}",
                "Date: Mon, 04 May 2026 10:20:30 +0200", f"Message-ID: <{mail.token}@example.org>"]
        return "\r\n".join(head).encode() + b"\r\n\r\n" + re.sub(rb"(?m)^\.", b"..", body(mail.token)) + b".\r\n"


class World:
    """A server, the domains that it sends to, and a DNS server that knows them."""

    def __init__(self, sinks=SINKS, moods=MOODS, absent=ABSENT, data=None, **queue):
        need("smtp-sink", "dnsmasq")
        seed = random.randrange(10**9)
        print(f"     seed {seed}")
        self.dice, self.ledger, self.started = random.Random(seed), Ledger(), time.monotonic()
        dns, self.port = free_ports(2)
        queue = {"port": self.port, "retry": ["1s", "2s", "3s"], "lifetime": "40s", "warn_after": "1h", **queue}
        self.server = Postroad(data=data, dns={"servers": [f"127.0.0.1:{dns}"]}, queue=queue, limits=LIMITS,
                               auth={"cleartext": "loopback"})
        self.server.folder.chmod(0o711)
        self.hosts, self.kinds, self.kills = [], [], []
        self.populate(sinks, moods, absent)
        self.domains = len(self.hosts)
        self.dns = Dnsmasq(dns, {domain(number): self.address(number) for number in range(self.domains)})

    def address(self, number):
        return f"127.0.1.{number + 1}"

    def populate(self, sinks, moods, absent):
        for kind, (count, words) in sinks.items():
            for _ in range(count):
                sink = Sink(self.server.folder, self.address(len(self.hosts)), self.port, *(words or []))
                self.settle(sink, kind)
        for kind, (count, mood) in moods.items():
            for _ in range(count):
                dice = random.Random(self.dice.random())
                self.settle(Peer(self.address(len(self.hosts)), self.port, mood, dice), kind)
        for _ in range(absent):
            self.settle(None, "absent")

    def settle(self, host, kind):
        self.hosts.append(host)
        self.kinds.append(kind)

    def of_kind(self, *kinds):
        return [host for host, kind in zip(self.hosts, self.kinds) if kind in kinds]

    @contextlib.contextmanager
    def open(self):
        sinks = [host for host in self.hosts if isinstance(host, Sink)]
        try:
            with self.dns, Peers([host for host in self.hosts if isinstance(host, Peer)]):
                for sink in sinks:
                    if sink not in self.of_kind("down at first"):
                        sink.start()
                self.server.start()
                self.accounts = [self.server.user() for _ in range(SENDERS)]
                self.archive = self.server.user(ARCHIVE.partition("@")[0])
                yield self
                self.server.stop()
        finally:
            for sink in sinks:
                sink.stop()
            self.server.close()

    def senders(self, count):
        """Senders of so many messages, at work."""
        letters = collections.deque(Mail(number) for number in range(count))
        self.started = time.monotonic()
        senders = [Sender(self, account, letters) for account in self.accounts]
        for sender in senders:
            sender.start()
        return senders

    def kill(self):
        self.server.kill()
        self.kills.append(time.monotonic())
        self.server.start()

    def recover(self):
        """The hosts that were down or full at first are so no more."""
        for sink in self.of_kind("down at first", "defers at first"):
            sink.restart()

    def seconds(self):
        return time.monotonic() - self.started

    def queued(self):
        """Recipients who are still waited for: from their address to their state."""
        listed = json.loads(self.server.command("queue", "list", "--json").out)
        return {it["to"]: it for entry in listed for it in entry["recipients"] if not it["settled"]}

    def waiting(self):
        """How many messages are in the spool."""
        return sum(name.endswith(".eml") for name in os.listdir(self.server.data / "spool"))

    def kind(self, recipient):
        """What kind of host the recipient's domain has; none, if he has his mail here."""
        return None if recipient == ARCHIVE else self.kinds[int(recipient.partition("@d")[2].partition(".")[0])]

    def due(self, *kinds):
        """Recipients of accepted mail in the domains of these kinds."""
        return {it for _, recipients in self.ledger.accepted.values() for it in recipients if self.kind(it) in kinds}

    def taken(self, *kinds):
        return [taken for host in self.of_kind(*kinds) for taken in host.taken()]
