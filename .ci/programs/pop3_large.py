"""A POP3 maildrop of 100,000 messages: listed whole, read in places, halved, and the same after a restart."""

import os
import re
import time

from harness import Postroad, check, expect, octets
from programs.python import pop3

CONFIG = {"auth": {"cleartext": "loopback"}}
COUNT, KINDS, DOOMED = 100_000, 10, 5_000
TIME_OUT = 120


class Timed:
    """Prints how long what stands in it took; no figure is judged."""

    def __init__(self, what):
        self.what = what

    def __enter__(self):
        self.started = time.monotonic()

    def __exit__(self, *_):
        print(f"     {self.what}: {time.monotonic() - self.started:.2f} s", flush=True)


def fill(account):
    """Writes a few messages, and links them under all the other names; returns the octets of each kind."""
    folder = account.maildir / "cur"
    for part in "cur", "new", "tmp":
        (account.maildir / part).mkdir(parents=True, exist_ok=True)
    kinds = [octets("a@example.net", account.address, b"%d\r\n" % kind * (10 + 40 * kind), subject=f"kind {kind}") for kind in range(KINDS)]
    for number in range(COUNT):
        kind = number % KINDS
        file = folder / f"{1_600_000_000 + number}.M{number}P1.host:2,S"
        if number < KINDS:
            file.write_bytes(kinds[kind].replace(b"\r\n", b"\n"))
        else:
            os.link(folder / f"{1_600_000_000 + kind}.M{kind}P1.host:2,S", file)
    return kinds


def login(server, account, what):
    with Timed(f"login, {what}"):
        session = pop3(server, account, "plain")
        session.sock.settimeout(TIME_OUT)
        count = session.stat()[0]
    return session, count


def unique_ids(session):
    with Timed("UIDL"):
        return [line.split()[1] for line in session.uidl()[1]]


def retrieved(session, number):
    return b"\r\n".join(session.retr(number)[1]) + b"\r\n"


def pipelined(session, commands):
    """Sends all at once and reads an answer to each."""
    session.sock.sendall(b"".join(command + b"\r\n" for command in commands))
    return [session.file.readline() for _ in commands]


def expect_listed(session, kinds):
    count, size = session.stat()
    expect((count, size) == (COUNT, sum(map(len, kinds)) * COUNT // KINDS), f"STAT says {count} messages of {size} octets")
    with Timed("LIST"):
        listed = session.list()[1]
    for number, line in enumerate(listed, 1):
        told = line.split()
        expect(told[0] == b"%d" % number and int(told[1]) in map(len, kinds), f"LIST says {line} in line {number}")


def expect_readable(session, kinds):
    kind_of = {}
    with Timed("100 times RETR and TOP, all over the maildrop"):
        for number in range(1, COUNT, COUNT // 100):
            message = retrieved(session, number)
            expect(message in kinds, f"message {number} is {message[:300]}")
            kind_of[number] = kinds.index(message)
            top = session.top(number, 2)[1]
            expect(b"Subject: kind %d" % kind_of[number] in top and top[-2:] == [b"%d" % kind_of[number]] * 2, f"TOP {number} 2 is {top}")
    return kind_of


@check(f"{COUNT:,} messages: STAT, UIDL, LIST, TOP, RETR, DELE of {DOOMED:,}, QUIT, and the same after a restart")
def serves():
    server = Postroad(**CONFIG)
    try:
        server.start()
        account = server.user()
        with Timed("making the Maildir"):
            kinds = fill(account)
        session, count = login(server, account, "the first ever")
        expect(count == COUNT, f"{count} messages are there")
        expect_listed(session, kinds)
        before = unique_ids(session)
        expect(len(set(before)) == COUNT and all(re.fullmatch(rb"[!-~]{1,70}", each) for each in before), "the unique-ids are not unique, or no unique-ids")
        expect_readable(session, kinds)
        session.quit()

        server.stop()
        server.start()
        session, _ = login(server, account, "after a restart")
        expect(unique_ids(session) == before, "the unique-ids changed with the restart")
        with Timed(f"DELE of {DOOMED:,}"):
            answers = pipelined(session, [b"DELE %d" % number for number in range(2, 2 * DOOMED + 1, 2)])
        expect(all(answer.startswith(b"+OK") for answer in answers), f"{[a for a in answers if not a.startswith(b'+OK')][:3]}")
        with Timed("QUIT"):
            session.quit()

        session, count = login(server, account, "after DELE and QUIT")
        expect(count == COUNT - DOOMED, f"{count} messages are left")
        left = [each for number, each in enumerate(before, 1) if number % 2 or number > 2 * DOOMED]
        expect(unique_ids(session) == left, "the unique-ids of what is left changed")
        expect(retrieved(session, 1) in kinds, "the first message is another one")
        session.quit()
    finally:
        server.close()
