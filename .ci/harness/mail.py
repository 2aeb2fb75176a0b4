"""Messages to send: each hard in its own way, with CRLF line ends."""

import base64
import hashlib
import itertools
import os

numbers = itertools.count(1)


def octets(sender, recipient, body, *, subject="a message", fields=()):
    """A message with a Date and a Message-ID, so that no agent has a reason to add one."""
    fields = [
        f"From: {sender}", f"To: {recipient}", f"Subject: {subject}",
        "Date: Mon, 04 May 2026 10:20:30 +0200", f"Message-ID: <{unique()}@example.net>", *fields,
    ]
    return "\r\n".join(fields).encode() + b"\r\n\r\n" + body


def unique():
    return f"{os.getpid()}.{next(numbers)}"


def samples(sender, recipient):
    """Name and octets of messages that have been mangled by one mail program or another."""
    def make(name, body, *fields):
        return name, octets(sender, recipient, body, subject=name, fields=fields)

    eight_bit = ("MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit")
    return [
        make("one line", b"Hello.\r\n"),
        make("no body", b""),
        make("dots", b".\r\n..\r\n...\r\n.x\r\nx.\r\n\r\n.\r\n"),
        make("From at a line's start", b"From here on\r\n\r\nFrom there\r\n>From\r\n"),
        make("blank lines at the end", b"x\r\n\r\n\r\n\r\n"),
        make("blanks at line ends", b"x \r\n\t\r\n  \r\nx\t\r\n"),
        make("UTF-8", "Grüße aus Köln, 日本語, 🦉\r\n".encode(), *eight_bit),
        make("every other octet", bytes(o for o in range(1, 256) if o not in b"\r\n") + b"\r\n", *eight_bit),
        make("long lines", (b"x" * 998 + b"\r\n") * 20),
        make("a folded field", b"x\r\n", "X-Folded: one\r\n two\r\n\tthree"),
        make("an attachment of 300 kB", attachment(300_000), "MIME-Version: 1.0",
             'Content-Type: multipart/mixed; boundary="=-part"'),
    ]


def attachment(size):
    content = (hashlib.sha512(str(number).encode()).digest() for number in itertools.count())
    content = b"".join(itertools.islice(content, size // 64))
    lines = base64.encodebytes(content).replace(b"\n", b"\r\n")
    return (b"preamble\r\n--=-part\r\nContent-Type: text/plain\r\n\r\ntext\r\n--=-part\r\n"
            b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + lines + b"--=-part--\r\nepilogue\r\n")
