"""Reads mail back: by IMAP, and from the Maildir itself."""

import imaplib
import re
import ssl
from dataclasses import dataclass

from .check import expect

TRACE = re.compile(rb"(?:(?:Return-Path|Received|X-Original-To|Delivered-To|Authentication-Results):[^\n]*\r\n(?:[ \t][^\n]*\r\n)*)*", re.I)


@dataclass(frozen=True)
class Message:
    """A message as IMAP tells it."""

    uid: int
    flags: frozenset
    octets: bytes


class Mailbox:
    """One mailbox of an account, read through IMAP with TLS; nothing is marked as read."""

    def __init__(self, server, account, name="INBOX"):
        context = ssl.create_default_context(cafile=server.certificate)
        self.imap = imaplib.IMAP4_SSL("localhost", server.port["imaps"], ssl_context=context, timeout=60)
        response = f"\0{account.address}\0{account.password}".encode()
        self.ok(self.imap.authenticate("PLAIN", lambda _: response))
        self.name = name
        self.select()

    def select(self):
        self.ok(self.imap.select(f'"{self.name}"', readonly=True))
        self.uidvalidity = int(self.imap.response("UIDVALIDITY")[1][0])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.imap.logout()

    @staticmethod
    def ok(answer):
        status, data = answer
        expect(status == "OK", f"IMAP answered {status} {data}")
        return data

    def messages(self):
        """Every message of the mailbox, by UID."""
        self.select()
        if self.imap.response("EXISTS")[1] == [b"0"]:
            return []
        found, rows = [], self.ok(self.imap.uid("FETCH", "1:*", "(UID FLAGS BODY.PEEK[])"))
        for row in rows:
            if isinstance(row, tuple):
                uid = int(re.search(rb"UID (\d+)", row[0])[1])
                flags = re.search(rb"FLAGS \(([^)]*)\)", row[0])[1].decode().split()
                found.append(Message(uid, frozenset(flags) - {"\\Recent"}, row[1]))
        return sorted(found, key=lambda message: message.uid)

    def contents(self):
        """The octets of every message, without the trace fields that delivery wrote above them."""
        return [without_trace(message.octets) for message in self.messages()]

    def expect_contents(self, expected):
        """Fails unless the mailbox holds exactly the messages `expected`, octet for octet."""
        expect_same(expected, self.contents(), self.name)


def expect_same(expected, found, where):
    missing, surplus = list(expected), []
    for message in found:
        if message in missing:
            missing.remove(message)
        else:
            surplus.append(message)
    expect(not missing and not surplus,
           f"{where}: {len(missing)} of {len(expected)} expected messages are missing, {len(surplus)} others are there\n"
           f"missing: {[m[:800] for m in missing[:2]]}\nothers: {[m[:800] for m in surplus[:2]]}")


def without_trace(message):
    return message[TRACE.match(message).end():]


def maildir_messages(maildir, folder=""):
    """The files of a Maildir++ folder: from name to octets, with CRLF line ends."""
    root = maildir / f".{folder}" if folder else maildir
    files = [file for part in ("new", "cur") if (root / part).is_dir() for file in (root / part).iterdir()]
    return {file.name: crlf(file.read_bytes()) for file in files}


def crlf(message):
    return re.sub(rb"\r?\n", b"\r\n", message)
