"""A full disk: mail is refused for now, nothing is half-written, and all works again with room."""

import smtplib

from harness import Mailbox, Postroad, check, expect, octets, run
from programs.python import imap

SENDER = "someone@example.net"
DISK = 16 * 1024 * 1024


class SmallDisk:
    """A disk of 16 MiB in memory, mounted where the data goes."""

    def __init__(self, folder):
        self.folder = folder

    def __enter__(self):
        self.folder.mkdir()
        run("mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", self.folder)
        return self

    def __exit__(self, *_):
        run("umount", self.folder)

    @property
    def filler(self):
        return self.folder / "filler"

    def fill(self, leaving=0):
        with open(self.filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"\0" * 4096)
            except OSError:
                file.truncate(max(0, file.tell() - leaving))

    def free(self):
        self.filler.unlink()


def send(server, account, message):
    """The code and text that the last command of the transaction was answered with."""
    with smtplib.SMTP("localhost", server.port["smtp"], timeout=30) as session:
        session.ehlo()
        code, text = session.mail(SENDER)
        if code == 250:
            code, text = session.rcpt(account.address)
        if code == 250:
            try:
                code, text = session.data(message)
            except smtplib.SMTPDataError as error:
                code, text = error.smtp_code, error.smtp_error
        return code, text


def files(account):
    return sorted(f for part in ("tmp", "new", "cur") for f in (account.maildir / part).iterdir())


@check("SMTP answers 452 4.3.1 and IMAP NO [UNAVAILABLE] with {}", [("no room at all", 0), ("room for half a message", 256 * 1024)])
def refuses_for_now(_, room):
    server = Postroad(queue={"reserve": 0})
    with SmallDisk(server.data):
        try:
            server.start()
            account = server.user()
            kept, large = (octets(SENDER, account.address, b"x" * 76 + b"\r\n", subject=s) for s in ("kept", "large"))
            large += (b"x" * 76 + b"\r\n") * 7_000
            expect(send(server, account, kept)[0] == 250, "mail was not taken while there was room")
            disk = SmallDisk(server.data)
            disk.fill(leaving=room)
            before = files(account)
            code, text = send(server, account, large)
            expect((code, text[:5]) == (452, b"4.3.1"), f"SMTP answered {code} {text}")
            session = imap(server, account)
            status, answer = session.append("INBOX", None, None, large)
            expect(status == "NO" and b"[UNAVAILABLE]" in answer[0], f"APPEND was answered {status} {answer}")
            expect(files(account) == before, f"something half-written was left: {set(files(account)) - set(before)}")
            with Mailbox(server, account) as inbox:
                inbox.expect_contents([kept])
            disk.free()
            expect(send(server, account, large)[0] == 250, "mail was not taken although there was room again")
            expect(session.append("INBOX", None, None, large)[0] == "OK", "APPEND was not taken although there was room again")
            with Mailbox(server, account) as inbox:
                inbox.expect_contents([kept, large, large])
        finally:
            server.stop()
    server.close()
