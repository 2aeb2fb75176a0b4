#!/usr/bin/env python3
"""Measures Postroad beside Dovecot on the same messages, and prints medians and ratios.

    cargo build --release
    sudo conformance/benches/dovecot/compare.py target/release/postroad            # everything, half an hour
    sudo conformance/benches/dovecot/compare.py target/release/postroad --quick    # does it run? a minute
    sudo conformance/benches/dovecot/compare.py target/release/postroad --only mailbox,pop3 --rounds 4

It needs Debian's dovecot-imapd and dovecot-pop3d, whose services need not run, and root: Dovecot drops its
rights, and the page cache is dropped between runs where the system permits it (the first line says whether).
Put `--folder` on a real disk; some 3 GiB go there. Rounds go A B B A, so that a drift of the machine cancels;
the ratio is that of the medians, below 1 where Postroad is better. Both sync what they must before they answer.

What the lines are: `none` is without any index and with cold caches, `cold` with the index and cold caches
after a restart, `warm` at once again. `first` and `second` FETCH what has not, and has, been asked for before.
`growth` repeats the main lines at half and double the size: the ratio to the size before, 2 is linear.
"""

import argparse
import os
import select
import shutil
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from client import Imap, Pop3
from servers import USERS, Dovecot, Postroad, make_folder

DROP = Path("/proc/sys/vm/drop_caches")
LINE = b"The quick brown fox jumps over the lazy dog, number %d of message %d.\r\n"


def message(number, lines=50):
    head = (b"From: Ann %d <ann@example.net>\r\nTo: Bob <bob@example.org>\r\nSubject: message number %d\r\n"
            b"Date: Mon, 04 May 2026 10:20:30 +0200\r\nMessage-ID: <%d@example.net>\r\nMIME-Version: 1.0\r\n" % (number, number, number))
    if number % 3:
        return head + b"\r\n" + b"".join(LINE % (line, number) for line in range(lines))
    part = b"--=-x\r\nContent-Type: text/plain\r\n\r\n" + b"".join(LINE % (line, number) for line in range(lines // 2))
    return head + b"Content-Type: multipart/mixed; boundary=\"=-x\"\r\n\r\n" + part * 2 + b"--=-x--\r\n"


def drop_caches():
    os.sync()
    try:
        DROP.write_text("3")
        return True
    except OSError:
        return False


class Comparison:
    """The two servers, the messages, and the figures so far."""

    def __init__(self, folder, program):
        self.folder, self.users = folder, iter(USERS)
        self.postroad = Postroad(make_folder(folder, "postroad"), program)
        self.dovecot = Dovecot(make_folder(folder, "dovecot"))
        self.figures, self.units = defaultdict(lambda: defaultdict(list)), {}

    def template(self, count):
        """A Maildir's `cur` with so many messages, made once."""
        cur = self.folder / f"messages-{count}"
        if not cur.exists():
            cur.mkdir()
            for number in range(count):
                octets = message(number)
                (cur / f"{1_700_000_000 + number}.M{number}P1.bench:2,S").write_bytes(octets.replace(b"\r\n", b"\n"))
            for file in cur.iterdir():
                os.chown(file, 65534, 65534)
        return cur

    def account(self, server, count):
        """A user whose mailbox holds so many messages, and no index."""
        user = next(self.users)
        maildir = server.maildir(user)
        shutil.rmtree(maildir, ignore_errors=True)
        for part in "new", "tmp":
            (maildir / part).mkdir(parents=True)
        shutil.copytree(self.template(count), maildir / "cur", copy_function=os.link)
        server.own(user)
        return user

    def note(self, line, server, value, unit="ms"):
        self.figures[line][server.name].append(value)
        self.units[line] = unit

    def time(self, line, server, action, *arguments):
        started = time.monotonic()
        action(*arguments)
        self.note(line, server, (time.monotonic() - started) * 1000)

    def rounds(self, count, workload, *arguments):
        """A B B A …; each side runs alone."""
        self.users = iter(USERS)
        for number in range(count):
            for server in [self.postroad, self.dovecot][::-1 if number % 2 else 1]:
                print(f"{workload.__name__} {arguments}, round {number + 1} of {count}: {server.name}", file=sys.stderr)
                server.start()
                try:
                    workload(self, server, *arguments)
                finally:
                    server.stop()

    def report(self):
        print(f"\n{'':44}{'Postroad':>12}{'Dovecot':>12}{'ratio':>8}")
        for line, sides in self.figures.items():
            ours, theirs = (statistics.median(sides[name]) for name in ("Postroad", "Dovecot"))
            print(f"{line:44}{ours:12.1f}{theirs:12.1f}{ours / max(theirs, 1e-9):8.2f}  {self.units[line]}")


# The workloads.


def selects(compare, server, count, label):
    user = compare.account(server, count)
    drop_caches()
    session = Imap(server, user)
    compare.time(f"SELECT of {label}, none", server, session.run, "SELECT INBOX")
    compare.time(f"FETCH FLAGS of {label}, first", server, session.run, "FETCH 1:* (UID FLAGS)")
    session.run("UNSELECT")
    session.close()
    server.restart()
    drop_caches()
    session = Imap(server, user)
    compare.time(f"SELECT of {label}, cold", server, session.run, "SELECT INBOX")
    session.run("UNSELECT")
    compare.time(f"SELECT of {label}, warm", server, session.run, "SELECT INBOX")
    return user, session


def mailbox(compare, server, count, changes):
    label = f"{count:,}"
    _, session = selects(compare, server, count, label)
    for what, items in ("FLAGS", "(UID FLAGS)"), ("ENVELOPE", "(UID ENVELOPE)"), ("BODYSTRUCTURE", "(UID BODYSTRUCTURE)"):
        for turn in ("first", "second") if what != "FLAGS" else ("second",):
            compare.time(f"FETCH {what} of {label}, {turn}", server, session.run, f"FETCH 1:* {items}")
    compare.time(f"FETCH BODY[] of {label}", server, session.run, "FETCH 1:* (UID BODY.PEEK[])")
    compare.time(f"SEARCH TEXT in {label}", server, session.run, 'SEARCH TEXT "number 7 of message 4711"')
    compare.time(f"STORE over {label}", server, session.run, "STORE 1:* +FLAGS.SILENT (\\Flagged)")
    session.run("CREATE Other")
    letters = [b"APPEND INBOX {%d+}\r\n%s" % (len(octets), octets) for octets in (message(number) for number in range(changes))]
    compare.time(f"APPEND of {changes:,}", server, session.run_all, letters)
    compare.time(f"COPY of {changes:,}", server, session.run, f"COPY 1:{changes} Other")
    compare.time(f"MOVE of {changes:,}", server, session.run, f"MOVE 1:{changes} Other")
    session.close()


def large(compare, server, count):
    _, session = selects(compare, server, count, f"{count:,}")
    session.close()


def pop3(compare, server, count):
    user = compare.account(server, count)
    drop_caches()
    for turn in "first", "second":
        started = time.monotonic()
        session = Pop3(server, user)
        session.retrieve(count)
        session.close()
        compare.note(f"POP3 login, RETR of {count:,}, {turn}", server, (time.monotonic() - started) * 1000)


def idle(compare, server, count):
    user = compare.account(server, 100)
    other = Imap(server, user)
    other.run("SELECT INBOX")
    other.run("UNSELECT")
    before = server.proportional_set()
    sessions = []
    for _ in range(count):
        session = Imap(server, user)
        session.run("SELECT INBOX")
        session.idle()
        sessions.append(session)
    time.sleep(1)
    compare.note(f"PSS of an idle session, of {count:,}", server, (server.proportional_set() - before) / count, "KiB")
    for _ in range(3):
        wake(compare, server, sessions, other)
    for session in [*sessions, other]:
        session.close()


def wake(compare, server, sessions, other):
    """From APPEND until every session has heard of EXISTS."""
    poll, waiting = select.epoll(), {}
    for session in sessions:
        poll.register(session.socket, select.EPOLLIN)
        waiting[session.socket.fileno()] = session
    octets = message(1)
    started = time.monotonic()
    other.run(b"APPEND INBOX {%d+}\r\n%s" % (len(octets), octets))
    while waiting:
        ready = poll.poll(60)
        if not ready:
            raise SystemExit(f"{server.name}: {len(waiting)} sessions heard nothing for 60 s")
        for descriptor, _ in ready:
            if descriptor in waiting and b"EXISTS" in waiting[descriptor].socket.recv(1 << 16):
                poll.unregister(descriptor)
                del waiting[descriptor]
    compare.note(f"waking {len(sessions):,} idle sessions", server, (time.monotonic() - started) * 1000)
    poll.close()
    time.sleep(1)
    for session in sessions:
        session.socket.setblocking(False)
        try:
            session.socket.recv(1 << 16)
        except BlockingIOError:
            pass
        session.socket.settimeout(600)


def growth(compare, sizes):
    """How the main lines grow from size to size."""
    lines = ["SELECT of {}, none", "SELECT of {}, cold", "SELECT of {}, warm", "FETCH FLAGS of {}, second", "FETCH ENVELOPE of {}, first",
             "FETCH BODY[] of {}", "SEARCH TEXT in {}", "STORE over {}"]
    print(f"\n{'growth':32}" + "".join(f"{name + f' {low:,} → {high:,}':>32}" for low, high in zip(sizes, sizes[1:]) for name in ("Postroad", "Dovecot")))
    for line in lines:
        row = []
        for low, high in zip(sizes, sizes[1:]):
            for name in "Postroad", "Dovecot":
                small, big = (statistics.median(compare.figures[line.format(f"{size:,}")][name]) for size in (low, high))
                row.append(f"{big / max(small, 1e-9):32.2f}")
        print(f"{line.replace(' of {}', '').replace(' in {}', '').replace(' over {}', ''):32}" + "".join(row))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("postroad", help="the release build")
    parser.add_argument("--quick", action="store_true", help="small sizes and two rounds: only shows that it runs")
    parser.add_argument("--only", default="mailbox,large,pop3,idle,growth", help="which of these, with commas between")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--folder", type=Path, help="where the stores are made; by default a temporary folder")
    arguments = parser.parse_args()
    parent = arguments.folder or Path(tempfile.mkdtemp(prefix="postroad-bench-", dir="/var/tmp"))
    count, hundred, changes, sessions = (400, 2_000, 100, 50) if arguments.quick else (10_000, 100_000, 1_000, 1_000)
    rounds, wanted = 2 if arguments.quick else arguments.rounds, arguments.only.split(",")
    print(f"the page cache can{'' if drop_caches() else 'not'} be dropped; {os.cpu_count()} processors; {rounds} rounds", flush=True)
    compare = Comparison(parent, arguments.postroad)
    try:
        if "mailbox" in wanted or "growth" in wanted:
            compare.rounds(rounds, mailbox, count, changes)
        if "growth" in wanted:
            for size in count // 2, count * 2:
                compare.rounds(2, mailbox, size, changes)
        if "large" in wanted:
            compare.rounds(rounds, large, hundred)
        if "pop3" in wanted:
            compare.rounds(rounds, pop3, changes)
        if "idle" in wanted:
            compare.rounds(2, idle, sessions)
        compare.report()
        if "growth" in wanted:
            growth(compare, [count // 2, count, count * 2])
    finally:
        if not arguments.folder:
            shutil.rmtree(parent, ignore_errors=True)


main()
