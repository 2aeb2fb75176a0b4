"""A user's own side of a synchronization: a local Maildir, and a server's mailbox, both changed."""

import os
from dataclasses import dataclass
from pathlib import Path

from .check import expect
from .mail import octets
from .mailbox import Mailbox, crlf, expect_same, without_trace


@dataclass
class LocalMaildir:
    """A folder of a Maildir on the user's machine."""

    root: Path

    def make(self):
        for part in ("cur", "new", "tmp"):
            (self.root / part).mkdir(parents=True, exist_ok=True)
        return self

    def files(self):
        return [file for part in ("new", "cur") for file in sorted((self.root / part).iterdir())]

    def contents(self):
        return [without_own_fields(crlf(file.read_bytes())) for file in self.files()]

    def add(self, message, name):
        (self.root / "cur" / f"1700000000.{name}.local:2,").write_bytes(message.replace(b"\r\n", b"\n"))

    def find(self, message):
        return next(file for file in self.files() if without_own_fields(crlf(file.read_bytes())) == message)

    def flag(self, message, flags):
        file = self.find(message)
        name = file.name.partition(":")[0]
        os.rename(file, self.root / "cur" / f"{name}:2,{flags}")

    def flags(self, message):
        return self.find(message).name.partition(":2,")[2]


def without_own_fields(message):
    """The message without trace fields and without what a synchronizer marks its copies with."""
    head, blank, body = without_trace(message).partition(b"\r\n\r\n")
    fields = [f for f in head.split(b"\r\n") if not f.startswith((b"X-TUID:", b"X-OfflineIMAP:"))]
    return b"\r\n".join(fields) + blank + body


def append(server, account, folder, message, flags=""):
    with Mailbox(server, account) as mailbox:
        mailbox.ok(mailbox.imap.append(folder, f"({flags})", None, message))


def store(server, account, folder, message, flags):
    """Adds flags to a message of the server's, and expunges if that marks it as deleted."""
    with Mailbox(server, account, folder) as mailbox:
        uid = next(m.uid for m in mailbox.messages() if without_own_fields(m.octets) == message)
        mailbox.ok(mailbox.imap.select(folder))
        mailbox.ok(mailbox.imap.uid("STORE", str(uid), "+FLAGS", f"({flags})"))
        if "\\Deleted" in flags:
            mailbox.ok(mailbox.imap.expunge())


def server_flags(server, account, folder, message):
    with Mailbox(server, account, folder) as mailbox:
        return next(m.flags for m in mailbox.messages() if without_own_fields(m.octets) == message)


def expect_same_on_both_sides(server, account, folder, local, messages):
    with Mailbox(server, account, folder) as mailbox:
        expect_same(messages, [without_own_fields(m.octets) for m in mailbox.messages()], f"{folder} on the server")
    expect_same(messages, local.contents(), f"{folder} on the user's machine")


def synchronize_both_ways(server, account, local, synchronize):
    """Changes both sides between runs of `synchronize`, and expects each change on the other side.

    `local` tells the local Maildir of a mailbox's name.
    """
    def make(body):
        return octets("a@example.net", account.address, body)

    here, there, later = make(b"written here\r\n"), make(b"written there\r\n.\r\n"), make(b"later\r\n")
    doomed_here, doomed_there = make(b"deleted here\r\n"), make(b"deleted there\r\n")
    with Mailbox(server, account) as mailbox:
        mailbox.ok(mailbox.imap.create('"Work"'))
    for message in there, doomed_here, doomed_there:
        append(server, account, "INBOX", message)
    append(server, account, "Work", later, "\\Seen")
    synchronize()
    inbox, work = local("INBOX"), local("Work")
    expect_same_on_both_sides(server, account, "INBOX", inbox, [there, doomed_here, doomed_there])
    expect_same_on_both_sides(server, account, "Work", work, [later])
    expect("S" in work.flags(later), "a message read on the server is unread on the user's machine")

    inbox.add(here, "here")
    inbox.flag(there, "FS")
    inbox.find(doomed_here).unlink()
    store(server, account, "INBOX", doomed_there, "\\Deleted")
    store(server, account, "Work", later, "\\Answered")
    synchronize()
    synchronize()
    expect_same_on_both_sides(server, account, "INBOX", inbox, [here, there])
    expect({"\\Flagged", "\\Seen"} <= server_flags(server, account, "INBOX", there), "flags set on the user's machine did not reach the server")
    expect(set("RS") <= set(work.flags(later)), f"a flag set on the server did not reach the user's machine: {work.flags(later)}")
