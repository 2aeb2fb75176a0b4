"""Several sessions on one mailbox: each is told of what the others do, and all end with the same view."""

import hashlib
import random
import re
import threading

from harness import Mailbox, check, expect, octets
from harness.local import append
from programs.python import imap


def told(session, *command):
    """The untagged responses to a command, in order, as lines."""
    tag = b"told%d" % random.randrange(10**9)
    session.send(tag + b" " + b" ".join(word if isinstance(word, bytes) else word.encode() for word in command) + b"\r\n")
    lines = []
    while not (line := session.readline()).startswith(tag):
        expect(line, "the connection was closed")
        lines.append(line.strip())
    gone = b"NO [EXPUNGEISSUED]" in line  # RFC 5530: another session has expunged it
    expect(line.split()[1] == b"OK" or gone, f"{command}: {line}")
    return lines


def two_sessions(server, messages=3):
    account = server.user()
    for number in range(messages):
        append(server, account, "INBOX", octets("a@example.net", account.address, b"%d\r\n" % number))
    first, second = imap(server, account), imap(server, account)
    for session in first, second:
        session.select()
    return account, first, second


@check("a new message is told at the next command")
def tells_of_new(server):
    account, first, _ = two_sessions(server)
    append(server, account, "INBOX", octets("a@example.net", account.address, b"new\r\n"))
    expect(b"* 4 EXISTS" in told(first, "NOOP"), "EXISTS was not told")


@check("flags that another session sets are told")
def tells_of_flags(server):
    _, first, second = two_sessions(server)
    told(second, "STORE 2 +FLAGS (\\Flagged $Work)")
    lines = told(first, "NOOP")
    expect(any(line.startswith(b"* 2 FETCH") and b"$Work" in line and b"\\Flagged" in line for line in lines), f"{lines}")


@check("an expunge is held back during FETCH, STORE and SEARCH (RFC 3501 §7.4.1), and told at NOOP")
def holds_expunge_back(server):
    _, first, second = two_sessions(server)
    told(second, "STORE 1 +FLAGS.SILENT (\\Deleted)")
    expect(told(second, "EXPUNGE")[0] == b"* 1 EXPUNGE", "EXPUNGE")
    for command in "FETCH 2:3 FLAGS", "STORE 3 +FLAGS (\\Seen)", "SEARCH ALL":
        lines = told(first, command)
        expect(not any(b"EXPUNGE" in line for line in lines), f"{command}: {lines}")
    lines = told(first, "NOOP")
    expect(lines.count(b"* 1 EXPUNGE") == 1, f"NOOP: {lines}")
    expect(b"* SEARCH 1 2" in told(first, "SEARCH ALL"), "the view is not what was told")


@check("a session may still read a message that another has expunged, or is told NO; nothing breaks")
def reads_expunged(server):
    _, first, second = two_sessions(server)
    told(second, "STORE 1 +FLAGS.SILENT (\\Deleted)")
    told(second, "EXPUNGE")
    status, _ = first.fetch("1:3", "(UID BODY.PEEK[])")
    expect(status in ("OK", "NO"), f"FETCH of an expunged message: {status}")
    told(first, "NOOP")
    expect(len(told(first, "FETCH 1:* UID")) == 2, "the view is not what was told")


@check("RECENT is told to one session only")
def recent_once(server):
    account = server.user()
    append(server, account, "INBOX", octets("a@example.net", account.address, b"x\r\n"))
    first, second = imap(server, account), imap(server, account)
    recent = [b"* 1 RECENT" in told(session, "SELECT INBOX") for session in (first, second)]
    expect(recent == [True, False], f"told to the first and second session: {recent}")


class Worker(threading.Thread):
    """A session that changes the mailbox at random, and keeps the view that it is told."""

    def __init__(self, server, account, seed):
        super().__init__()
        self.server, self.account, self.random = server, account, random.Random(seed)
        self.session = imap(server, account)
        self.count, self.error = 0, None
        self.do("SELECT INBOX")

    def do(self, *command):
        for line in told(self.session, *command):
            if match := re.fullmatch(rb"\* (\d+) EXISTS", line):
                expect(int(match[1]) >= self.count, f"EXISTS shrank from {self.count} to {match[1]}")
                self.count = int(match[1])
            elif match := re.fullmatch(rb"\* (\d+) EXPUNGE", line):
                expect(1 <= int(match[1]) <= self.count, f"EXPUNGE {match[1]} of {self.count}")
                self.count -= 1

    def run(self):
        try:
            for _ in range(60):
                self.random.choice([self.append, self.flag, self.copy, self.expunge, self.noop])()
            self.noop()
        except Exception as error:
            self.error = error

    def append(self):
        message = octets("a@example.net", "b@example.net", b"%d\r\n" % self.random.randrange(10**9))
        self.do("APPEND", "INBOX", b"{%d+}\r\n%s" % (len(message), message))

    def flag(self):
        if self.count:
            self.do(f"STORE {self.random.randint(1, self.count)} +FLAGS ({self.random.choice(['$A', '$B', chr(92) + 'Seen'])})")

    def copy(self):
        if self.count:
            self.do(f"UID COPY 1:{self.random.randint(1, 20)} INBOX")

    def expunge(self):
        if self.count > 4:
            self.do(f"STORE {self.random.randint(1, self.count)} +FLAGS.SILENT (\\Deleted)")
            self.do("EXPUNGE")

    def noop(self):
        self.do("NOOP")

    def view(self):
        self.noop()
        rows = told(self.session, "FETCH 1:* (UID FLAGS)") if self.count else []
        uids = [(re.search(rb"UID (\d+)", row)[1], frozenset(re.search(rb"FLAGS \(([^)]*)", row)[1].split()) - {b"\\Recent"}) for row in rows]
        expect(len(uids) == self.count, f"{self.count} messages were told of, {len(uids)} are there")
        return uids


@check("four sessions that change one mailbox at random end with one view, seed {}", [1, 2, 3])
def all_agree(server, seed):
    account = server.user()
    for number in range(8):
        append(server, account, "INBOX", octets("a@example.net", account.address, b"%d\r\n" % number))
    workers = [Worker(server, account, seed * 100 + number) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
        expect(not worker.is_alive(), "a session did not end within two minutes")
        expect(worker.error is None, f"{worker.error!r}")
    views = [worker.view() for worker in workers]
    expect(all(view == views[0] for view in views), "the sessions' views differ:\n" + "\n".join(map(str, views)))
    with Mailbox(server, account) as fresh:
        again = [(b"%d" % m.uid, frozenset(f.encode() for f in m.flags)) for m in fresh.messages()]
        digests = {hashlib.sha256(m.octets).digest() for m in fresh.messages()}
    expect(again == views[0], f"a new session sees\n{again}\nnot\n{views[0]}")
    expect(digests, "nothing is left")
