"""A client in IDLE hears of mail within a second, however it was delivered."""

import os
import smtplib
import time

from harness import check, expect, octets
from programs.python import imap

WITHIN = 1.0


class Idle:
    """A session in IDLE."""

    def __init__(self, server, account):
        self.session = imap(server, account)
        self.session.select()
        self.session.send(b"idle1 IDLE\r\n")
        self.expect_line(lambda line: line.startswith(b"+"), 10)

    def expect_line(self, wanted, seconds):
        started = time.monotonic()
        self.session.sock.settimeout(seconds + 5)
        while not wanted(line := self.session.readline()):
            expect(line, "the connection was closed")
        took = time.monotonic() - started
        expect(took <= seconds, f"{line} came after {took:.2f} s")

    def done(self):
        self.session.send(b"DONE\r\n")
        self.expect_line(lambda line: line.startswith(b"idle1 OK"), 10)
        self.session.logout()


def by_smtp(server, account, message):
    with smtplib.SMTP("localhost", server.port["smtp"], timeout=30) as session:
        session.sendmail("a@example.net", account.address, message)


def by_another_program(server, account, message):
    name = f"{time.time_ns()}.elsewhere"
    (account.maildir / "tmp" / name).write_bytes(message)
    os.rename(account.maildir / "tmp" / name, account.maildir / "new" / name)


def by_append(server, account, message):
    session = imap(server, account)
    session.append("INBOX", None, None, message)
    session.logout()


def exists(count):
    return lambda line: line.strip() == b"* %d EXISTS" % count


@check("hears of mail delivered {} within a second, three times over",
       [("by SMTP", by_smtp), ("by another program into the Maildir", by_another_program), ("by APPEND", by_append)])
def hears(server, _, deliver):
    account = server.user()
    idle = Idle(server, account)
    for count in range(1, 4):
        deliver(server, account, octets("a@example.net", account.address, b"news\r\n"))
        idle.expect_line(exists(count), WITHIN)
        time.sleep(0.01)
    idle.done()


@check("hears within a second of flags and of an expunge, by another session and by another program")
def hears_changes(server):
    account = server.user()
    for _ in range(2):
        by_append(server, account, octets("a@example.net", account.address, b"x\r\n"))
    idle = Idle(server, account)
    other = imap(server, account)
    other.select()
    other.store("1", "+FLAGS", "\\Flagged")
    idle.expect_line(lambda line: line.startswith(b"* 1 FETCH") and b"\\Flagged" in line, WITHIN)
    other.store("1", "+FLAGS", "\\Deleted")
    other.expunge()
    idle.expect_line(lambda line: line.strip() == b"* 1 EXPUNGE", WITHIN)
    other.logout()
    file, = [file for part in ("new", "cur") for file in (account.maildir / part).iterdir()]
    os.rename(file, account.maildir / "cur" / (file.name.partition(":")[0] + ":2,S"))
    idle.expect_line(lambda line: line.startswith(b"* 1 FETCH") and b"\\Seen" in line, WITHIN)
    next((account.maildir / "cur").iterdir()).unlink()
    idle.expect_line(lambda line: line.strip() == b"* 1 EXPUNGE", WITHIN)
    idle.done()


@check("fifty sessions in IDLE on one mailbox all hear within a second")
def all_hear(server):
    account = server.user()
    sessions = [Idle(server, account) for _ in range(50)]
    by_smtp(server, account, octets("a@example.net", account.address, b"news\r\n"))
    deadline = time.monotonic() + WITHIN
    for idle in sessions:
        idle.expect_line(exists(1), max(0.05, deadline - time.monotonic()))
    for idle in sessions:
        idle.done()
