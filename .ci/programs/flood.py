"""Thousands of messages to fifty domains, good and bad: at the end every one of them is accounted for."""

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

from harness import Failure, Postroad, check, expect, free_ports, maildir_messages, need
from harness.dnsmasq import Dnsmasq
from harness.peers import DROP, HANG, TAKE_AND_DROP, TAKE_AND_HANG, Peer, Peers, Sink
from programs.full_disk import SmallDisk

MESSAGES, SENDERS, KILLS, QUEUED = int(os.environ.get("N", 5000)), 16, 3, 20_000
CARRIERS = 100
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
        self.ledger, self.deadline, self.error = world.ledger, time.monotonic() + 120, None

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


def until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise Failure(f"after {seconds} s: {what()}")
        time.sleep(0.1)


def until_accepted(world, count):
    accepted = world.ledger.accepted
    until(lambda: len(accepted) >= count, 60, lambda: f"only {len(accepted)} messages were accepted")


def join(senders, seconds):
    deadline = time.monotonic() + seconds
    for sender in senders:
        sender.join(max(0, deadline - time.monotonic()))
    stuck = [sender.error for sender in senders if sender.is_alive()]
    expect(not stuck, f"{len(stuck)} senders could not hand their mail in within {seconds} s: {stuck[:3]}")


def expect_healthy_not_held_up(world, seconds):
    """Every message for a healthy domain arrives while other domains hang."""
    due = world.due(*HEALTHY)
    missing = lambda: due - {taken.recipient for taken in world.taken(*HEALTHY)}
    until(lambda: not missing(), seconds, lambda: f"{len(missing())} of {len(due)} messages for healthy domains have not arrived: {sorted(missing())[:5]}")


def bounces(world):
    """Who a bounce says got nothing, and how often; each must be in the mailbox of the sender."""
    found = collections.Counter()
    for account in world.accounts:
        for message in maildir_messages(account.maildir).values():
            named = re.findall(rb"^Final-Recipient: rfc822; ?(\S+)\r\n(?:[^\r].*\r\n)*?Action: (\S+)", message, re.M)
            expect(named, f"{account.address} got something that is no bounce: {message[:500]}")
            for recipient, action in named:
                recipient = recipient.decode()
                expect(action == b"failed", f"{recipient} was reported as {action}")
                sender, recipients = find(world, recipient)
                expect(sender == account and recipient in recipients, f"{account.address} got a bounce for {recipient}, who was not his")
                found[recipient] += 1
    return found


def find(world, recipient):
    ledger, token = world.ledger, token_of(recipient)
    known = ledger.accepted.get(token) or ledger.in_doubt.get(token)
    expect(known, f"nobody sent anything to {recipient}")
    return known


def archived(world):
    """How often each token is in the mailbox here that is a recipient of some mail."""
    subjects = [re.search(rb"^Subject: (\S+)", it, re.M)[1].decode() for it in maildir_messages(world.archive.maildir).values()]
    return collections.Counter(subjects)


def expect_contents(world, taken):
    for each in taken:
        expect(each.body == body(token_of(each.recipient)), f"{each.recipient} got something else than was sent: {each.body[:300]}")


def surplus(taken):
    """How often a host took something for a recipient once more, although its reply was not withheld."""
    seen = collections.defaultdict(list)
    for each in taken:
        if not each.hidden:
            seen[each.recipient].append(each.at)
    return {recipient: times for recipient, times in seen.items() if len(times) > 1}


def account(world):
    """Accepted = delivered + bounced + queued, recipient by recipient."""
    taken = world.taken(*set(world.kinds) - {"absent"})
    expect_contents(world, taken)
    bounced, queued, delivered = bounces(world), world.queued(), {it.recipient for it in taken}
    refused = {it for host in world.hosts if host for it in host.refused} | world.due(*REFUSING)
    due = {it for _, recipients in world.ledger.accepted.values() for it in recipients if it != ARCHIVE}
    lost = due - delivered - set(bounced) - set(queued)
    expect(not lost, f"{len(lost)} of {len(due)} recipients are lost: {sorted(lost)[:10]}")
    hidden = {it.recipient for it in taken if it.hidden}
    both = (delivered - hidden) & set(bounced)
    expect(not both, f"{len(both)} recipients got the message and were reported as failed: {sorted(both)[:10]}")
    wrong = {it for it in set(bounced) - refused if world.kind(it) not in REFUSING + HOPELESS}
    expect(not wrong, f"{len(wrong)} recipients were reported as failed whom nobody refused: {sorted(wrong)[:10]}")
    silent = (refused & due) - set(bounced)
    expect(not silent, f"{len(silent)} recipients were refused, and nobody was told: {sorted(silent)[:10]}")
    expect_archived(world)
    copies = sum(it.hidden for it in taken)
    print(f"     {len(world.ledger.accepted)} messages for {len(due)} recipients: {len(delivered & due)} got theirs, "
          f"{len(set(bounced) & due)} bounced, {len(queued)} wait; {copies} replies were withheld")
    return taken, bounced


def expect_archived(world):
    here = archived(world)
    due = {token for token, (_, recipients) in world.ledger.accepted.items() if ARCHIVE in recipients}
    expect(due <= set(here), f"{len(due - set(here))} of {len(due)} messages for a mailbox here are lost")
    twice = [token for token, count in here.items() if count > 1]
    expect(not twice, f"{len(twice)} messages were filed twice here: {twice[:5]}")


def status(world, name):
    text = open(f"/proc/{world.server.process.pid}/status").read()
    return int(re.search(rf"^{name}:\s+(\d+)", text, re.M)[1])


def processor_seconds(world):
    fields = open(f"/proc/{world.server.process.pid}/stat").read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def descriptors(world):
    return len(os.listdir(f"/proc/{world.server.process.pid}/fd"))


def expect_at_rest(world, seconds=3):
    """While all that is left hangs, the server sleeps."""
    before, start = processor_seconds(world), time.monotonic()
    time.sleep(seconds)
    load = (processor_seconds(world) - before) / (time.monotonic() - start)
    print(f"     {load * 100:.1f} % of a processor while {world.waiting()} messages wait for hosts that hang")
    expect(load < 0.3, f"while all that is left waits, the server takes {load * 100:.0f} % of a processor")


def expect_nothing_kept(world, threads, open_files):
    """Threads and descriptors of connections that are over are gone."""
    def now():
        return status(world, "Threads"), descriptors(world)
    until(lambda: now()[0] <= threads + 2 and now()[1] <= open_files + 4, 20,
          lambda: f"{now()} threads and descriptors are there, at first ({threads}, {open_files})")


def expect_empty(world, seconds):
    until(lambda: world.waiting() == 0, seconds, lambda: f"{world.waiting()} messages are still in the spool: {list(world.queued().items())[:5]}")


@check(f"{MESSAGES} messages to 50 domains, some of which refuse, defer, hang or forget: none is lost, none comes twice")
def accounts_for_all():
    world = World()
    with world.open():
        threads, open_files = status(world, "Threads"), descriptors(world)
        senders = world.senders(MESSAGES)
        until_accepted(world, MESSAGES // 2)
        world.recover()
        join(senders, 120)
        handed_in = world.seconds()
        expect_healthy_not_held_up(world, 30)
        arrived = world.seconds()
        print(f"     {MESSAGES / handed_in:.0f} messages/s handed in; all for healthy domains there after {arrived:.1f} s: "
              f"{len(world.due(*HEALTHY)) / arrived:.0f}/s of them end to end")
        expect_at_rest(world)
        expect_empty(world, 90)
        taken, bounced = account(world)
        twice = surplus(taken)
        expect(not twice, f"{len(twice)} recipients got the message twice: {sorted(twice)[:5]}")
        expect(max(bounced.values()) == 1, f"{[it for it in bounced if bounced[it] > 1][:5]} were reported twice")
        expect_nothing_kept(world, threads, open_files)


@check(f"the same with {KILLS} times kill -9: none is lost, and only what was under way comes twice")
def survives_kills():
    world = World()
    with world.open():
        senders = world.senders(MESSAGES)
        for kill in range(KILLS):
            until_accepted(world, MESSAGES * (kill + 1) // (KILLS + 1))
            world.kill()
        world.recover()
        join(senders, 120)
        expect_healthy_not_held_up(world, 30)
        expect_empty(world, 90)
        taken, bounced = account(world)
        twice = surplus(taken)
        many = sum(len(times) - 1 for times in twice.values())
        reports = sum(count - 1 for count in bounced.values())
        print(f"     {many} came twice, {reports} were reported twice; {len(world.ledger.in_doubt)} were in doubt at a kill")
        expect(many <= CARRIERS * KILLS, f"{many} messages came twice, of at most {CARRIERS} that were under way at each kill")
        expect_straddling(world, twice)
        expect(reports == 0, f"{reports} recipients were reported twice")


def expect_straddling(world, twice):
    """Between two copies of a message there was a kill."""
    for recipient, times in twice.items():
        for first, second in zip(times, times[1:]):
            expect(first == 0 or any(first < kill < second for kill in world.kills), f"{recipient} got the message twice without need: {times}")


@check("1,000 messages while the disk is full for a while: put off with 452 4.3.1, none is lost")
def survives_full_disk():
    world = World({"fine": (5, [])}, {"obedient": (4, {}), "moody": MOODS["moody"]}, 0, reserve=0)
    disk = SmallDisk(world.server.data)
    with disk, world.open():
        senders = world.senders(1_000)
        until_accepted(world, 300)
        disk.fill()
        until(lambda: world.ledger.put_off["452 4.3.1"] >= 50, 30, lambda: f"the disk is full, and mail was put off: {world.ledger.put_off}")
        disk.free()
        join(senders, 60)
        expect(set(world.ledger.put_off) == {"452 4.3.1"}, f"mail was put off with other words: {world.ledger.put_off}")
        expect_empty(world, 60)
        taken, _ = account(world)
        twice = surplus(taken)
        print(f"     put off: {dict(world.ledger.put_off)}; {len(twice)} came twice")
        expect(all(len(times) == 2 for times in twice.values()), "some came more than twice")


@check(f"{QUEUED} messages that wait are back in the schedule 5 s after a start, each in 400 octets of memory")
def starts_with_many():
    world = World({}, {}, 1, lifetime="5d", retry=["1h"])
    with world.open():
        world.server.stop()
        world.server.start()
        empty = status(world, "RssAnon")
        join(world.senders(QUEUED), 120)
        print(f"     {QUEUED / world.seconds():.0f} messages/s handed in; {status(world, 'RssAnon') - empty} KiB more than at first")
        expect(len(world.ledger.accepted) == QUEUED, f"{len(world.ledger.accepted)} were accepted")
        world.server.kill()
        world.server.news()
        started = time.monotonic()
        world.server.start()
        log = ""

        def read():
            nonlocal log
            log += world.server.news()
            return "spool-read" in log
        until(read, 30, lambda: "the spool was not read")
        seconds = time.monotonic() - started
        line = next(line for line in log.splitlines() if "spool-read" in line)
        expect(f"messages={world.waiting()}" in line, f"{world.waiting()} messages are in the spool, and the server says: {line}")
        each = (status(world, "RssAnon") - empty) * 1024 / world.waiting()
        print(f"     read in {seconds:.1f} s; {each:.0f} octets for each")
        expect(seconds < 5, f"reading the spool took {seconds:.1f} s")
        expect(each < 400, f"a message that waits takes {each:.0f} octets")
