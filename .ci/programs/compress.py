"""COMPRESS=DEFLATE with Python's own imaplib and zlib: what a client with a deflater sees."""

import imaplib
import os
import time
import zlib

from harness import check, expect, octets
from programs.idle import WITHIN, by_smtp
from programs.python import CONFIG, imap  # noqa: F401

WAYS = ["TLS on connect", "STARTTLS", "none"]


class Deflated:
    """The file and the socket that imaplib reads and writes, with a stream of DEFLATE in between."""

    def __init__(self, session):
        self.socket = session.sock
        self.inflater, self.deflater = zlib.decompressobj(-15), zlib.compressobj(wbits=-15)
        self.text, self.sent, self.received = b"", 0, 0

    def sendall(self, text):
        self.raw(self.deflater.compress(text) + self.deflater.flush(zlib.Z_SYNC_FLUSH))

    def raw(self, data):
        self.sent += len(data)
        self.socket.sendall(data)

    def more(self):
        data = self.socket.recv(65536)
        self.received += len(data)
        self.text += self.inflater.decompress(data)
        return bool(data)

    def read(self, size):
        while len(self.text) < size and self.more():
            pass
        text, self.text = self.text[:size], self.text[size:]
        return text

    def readline(self):
        while b"\n" not in self.text and self.more():
            pass
        return self.read(self.text.find(b"\n") + 1)


def compressed(server, account, way="TLS on connect"):
    """A session of imaplib in which everything is compressed from now on."""
    session = imap(server, account, way)
    expect("COMPRESS=DEFLATE" in capabilities(session), "COMPRESS=DEFLATE is not announced after a login")
    return session, deflate(session)


def deflate(session):
    """Compresses everything from now on."""
    imaplib.Commands.setdefault("COMPRESS", ("AUTH", "SELECTED"))
    status, data = session._simple_command("COMPRESS", "DEFLATE")
    expect(status == "OK", f"COMPRESS DEFLATE was answered with {status} {data}")
    layer = Deflated(session)
    session.send, session.read, session.readline = layer.sendall, layer.read, layer.readline
    return layer


def capabilities(session):
    return session.capability()[1][0].decode().split()


@check("fetches a large message through DEFLATE, octet for octet and smaller, by {}", WAYS)
def fetches(server, way):
    account = server.user()
    text = b"".join(b"line %d of a letter that says the same again and again\r\n" % it for it in range(40_000))
    noise = os.urandom(300_000).hex().encode()
    noise = b"".join(noise[at:at + 76] + b"\r\n" for at in range(0, len(noise), 76))
    message = octets("a@example.net", account.address, text + noise)
    session, layer = compressed(server, account, way)
    expect("COMPRESS=DEFLATE" not in capabilities(session), "COMPRESS=DEFLATE is announced though it is active")
    status, data = session.append("INBOX", None, None, message)
    expect(status == "OK", f"APPEND was answered with {status} {data}")
    expect(layer.sent < len(message) * 0.6, f"{len(message)} octets were sent as {layer.sent}")
    session.select()
    before = layer.received
    _, data = session.fetch("1", "(BODY.PEEK[])")
    expect(data[0][1] == message, f"{len(data[0][1])} octets came back for {len(message)}")
    took = layer.received - before
    expect(took < len(message) * 0.6, f"{len(message)} octets came as {took}")
    session.logout()


@check("news come at once to a compressed client in IDLE, also after a silence that lets the deflater go")
def idles(server):
    account = server.user()
    session, layer = compressed(server, account)
    session.select()
    session.send(b"i IDLE\r\n")
    expect(session.readline().startswith(b"+"), "IDLE was not answered")
    for count, silence in ((1, 0), (2, 0), (3, 6), (4, 0)):
        time.sleep(silence)
        by_smtp(server, account, octets("a@example.net", account.address, b"news\r\n"))
        started = time.monotonic()
        session.sock.settimeout(WITHIN + 5)
        while (line := session.readline().strip()) != b"* %d EXISTS" % count:
            expect(line, "the connection was closed")
        took = time.monotonic() - started
        expect(took <= WITHIN, f"news came after {took:.2f} s")
    session.send(b"DONE\r\n")
    while not (line := session.readline()).startswith(b"i OK"):
        expect(line, "the connection was closed")
    session.logout()


@check("garbage where compressed octets belong is answered with BYE, and the server lives on")
def garbage(server):
    account = server.user()
    for said in (b"a NOOP\r\nb NOOP\r\n", b"\xff" * 100, bytes(range(256)) * 40):
        session, layer = compressed(server, account)
        session.sock.settimeout(10)
        layer.raw(said)
        line = layer.readline()
        expect(line.startswith(b"* BYE "), f"{said[:10]} was answered with {line}")
        expect(layer.readline() == b"", "the connection was not closed")
    session, _ = compressed(server, account)
    session.logout()


@check("an octet a write is as good as any")
def drips(server):
    session, layer = compressed(server, server.user())
    command = layer.deflater.compress(b"a NOOP\r\n") + layer.deflater.flush(zlib.Z_SYNC_FLUSH)
    for octet in command:
        layer.raw(bytes([octet]))
    expect(layer.readline() == b"a OK NOOP completed\r\n", "NOOP was not answered")
    session.logout()


@check("UNAUTHENTICATE ends compression, and the next user logs in")
def unauthenticates(server):
    one, two = server.user(), server.user()
    session, layer = compressed(server, one)
    session.select()
    # RFC 8437 §4.1: what follows the command is not compressed any more.
    command = layer.deflater.compress(b"u UNAUTHENTICATE\r\n") + layer.deflater.flush(zlib.Z_SYNC_FLUSH)
    layer.raw(command)
    while not (line := layer.readline()).startswith(b"u "):
        expect(line, "the connection was closed")
    expect(line.startswith(b"u OK "), f"UNAUTHENTICATE was answered with {line}")
    layer.raw(f"v LOGIN {two.address} {two.password}\r\n".encode())
    line = session.sock.recv(65536)
    expect(line.startswith(b"v OK ") and b"COMPRESS=DEFLATE" in line, f"LOGIN was answered with {line}")
    session.sock.close()
