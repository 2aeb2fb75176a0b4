"""kill -9 in the middle of load: what was acknowledged is there, octet for octet, once, under its UID."""

import hashlib
import imaplib
import random
import re
import smtplib
import threading
import time

from harness import Mailbox, Postroad, check, expect, maildir_messages, octets
from harness.mailbox import without_trace
from programs.python import imap

ROUNDS, SENDERS, APPENDERS = 6, 8, 2
GONE = (OSError, EOFError, smtplib.SMTPException, imaplib.IMAP4.error, AttributeError)


def body(token):
    """A body of random length that can be told from every other."""
    return b"".join(b"%s %08x\r\n" % (token, number) for number in range(random.randrange(1, 400)))


def digest(message):
    return hashlib.sha256(message).hexdigest()


class Load(threading.Thread):
    """Sends until it is told to stop or the server is gone; remembers what was acknowledged."""

    def __init__(self, server, accounts, name):
        super().__init__(daemon=True)
        self.server, self.accounts, self.token = server, accounts, name
        self.sent, self.acknowledged, self.stop, self.error = set(), {}, threading.Event(), None

    def run(self):
        number = 0
        try:
            session = self.connect()
            while not self.stop.is_set():
                number += 1
                message = octets("load@example.net", "you@example.org", body(f"{self.token}.{number}".encode()))
                self.sent.add(digest(message))
                self.acknowledged[digest(message)] = self.send(session, message)
        except GONE as error:
            self.error = error


class Sender(Load):
    """Sends by SMTP, to one account or to both."""

    def connect(self):
        session = smtplib.SMTP("127.0.0.1", self.server.port["smtp"], timeout=20)
        session.ehlo()
        return session

    def send(self, session, message):
        recipients = random.choice([self.accounts[:1], self.accounts[1:], self.accounts])
        session.mail("load@example.net")
        for account in recipients:
            session.rcpt(account.address)
        code, answer = session.data(message)
        if code != 250:
            raise OSError(f"DATA was answered {code} {answer}")
        return [(account, None) for account in recipients]


class Appender(Load):
    """Appends by IMAP, and remembers the UID that it was told."""

    def connect(self):
        return imap(self.server, self.accounts[0])

    def send(self, session, message):
        status, answer = session.append("INBOX", None, None, message)
        if status != "OK":
            raise OSError(f"APPEND was answered {status} {answer}")
        return [(self.accounts[0], int(re.search(rb"APPENDUID \d+ (\d+)", answer[0])[1]))]


class Reader(threading.Thread):
    """Reads what there is while it arrives: a UID once shown must mean the same for ever."""

    def __init__(self, server, account):
        super().__init__(daemon=True)
        self.server, self.account, self.seen, self.stop = server, account, {}, threading.Event()

    def run(self):
        try:
            with Mailbox(self.server, self.account) as mailbox:
                while not self.stop.is_set():
                    start = max(self.seen, default=0) + 1
                    for row in mailbox.ok(mailbox.imap.uid("FETCH", f"{start}:*", "(UID BODY.PEEK[])")):
                        if isinstance(row, tuple):
                            self.seen[int(re.search(rb"UID (\d+)", row[0])[1])] = digest(without_trace(row[1]))
                    mailbox.imap.noop()
        except GONE:
            pass


def view(server, account):
    with Mailbox(server, account) as mailbox:
        return mailbox.uidvalidity, {m.uid: digest(without_trace(m.octets)) for m in mailbox.messages()}


def expect_all_there(server, accounts, loads, reader, before):
    acknowledged = {}
    for load in loads:
        acknowledged.update(load.acknowledged)
    sent = {d for load in loads for d in load.sent}
    views = {}
    for account in accounts:
        uidvalidity, now = view(server, account)
        views[account.address] = uidvalidity, now
        old_validity, old = before.get(account.address, (uidvalidity, {}))
        expect(uidvalidity == old_validity, f"UIDVALIDITY changed from {old_validity} to {uidvalidity}")
        changed = {uid for uid in old if now.get(uid) != old[uid]}
        expect(not changed, f"{len(changed)} UIDs no longer mean what they meant: {sorted(changed)[:5]}")
        here = list(now.values())
        expect(len(here) == len(set(here)), f"{len(here) - len(set(here))} messages are there twice")
        due = {d for d, places in acknowledged.items() if any(a == account for a, _ in places)}
        expect(due <= set(here), f"{account.address}: {len(due - set(here))} of {len(due)} acknowledged messages are lost")
        expect(set(here) - set(old.values()) <= sent, "there are messages that nobody sent")
        on_disk = [digest(without_trace(m)) for m in maildir_messages(account.maildir).values()]
        expect(sorted(on_disk) == sorted(here), f"the Maildir holds {len(on_disk)} messages, IMAP shows {len(here)}, or they differ")
    shown = views[reader.account.address][1]
    wrong = {uid for uid, d in reader.seen.items() if shown.get(uid) != d}
    expect(not wrong, f"{len(wrong)} UIDs that a client saw before mean something else now: {sorted(wrong)[:5]}")
    for d, places in acknowledged.items():
        for account, uid in places:
            expect(uid is None or views[account.address][1].get(uid) == d, f"APPENDUID {uid} is not what was appended")
    return len(acknowledged), views


@check(f"{ROUNDS} times in mid-load, with {SENDERS} SMTP and {APPENDERS} IMAP clients")
def survives():
    seed = random.randrange(10**9)
    random.seed(seed)
    print(f"     seed {seed}")
    server = Postroad(limits={"smtp_connections_per_address": 50})
    try:
        server.start()
        accounts = [server.user(), server.user()]
        total, before = 0, {}
        for round_ in range(ROUNDS):
            loads = [Sender(server, accounts, f"s{round_}.{n}") for n in range(SENDERS)]
            loads += [Appender(server, accounts, f"a{round_}.{n}") for n in range(APPENDERS)]
            reader = Reader(server, accounts[0])
            for thread in [*loads, reader]:
                thread.start()
            time.sleep(random.uniform(0.3, 1.5))
            server.kill()
            for thread in [*loads, reader]:
                thread.stop.set()
                thread.join(30)
                expect(not thread.is_alive(), "a client hung after the kill")
            server.start()
            count, before = expect_all_there(server, accounts, loads, reader, before)
            expect(count, f"nothing was acknowledged in round {round_}: {[load.error for load in loads]}")
            total += count
        leftovers = [f for account in accounts for f in (account.maildir / "tmp").iterdir()]
        print(f"     {total} messages were acknowledged, all found; {len(leftovers)} unfinished files in tmp")
    finally:
        server.close()
