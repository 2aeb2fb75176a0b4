"""Other hosts' mail servers, as they should be and as they should not."""

import itertools
import socket
import threading

END, READ = b"\r\n.\r\n", 65536
STAGES = ("greeting", "EHLO", "MAIL", "RCPT", "DATA", "content", "end", "QUIT")


class Gone(Exception):
    """The connection is to end here."""


class Refused(Gone):
    """The same, and nothing was taken."""


class Peer:
    """A mail server on an address of its own, which takes every message.

    `trouble(session, stage)` meddles in place of each reply: it returns another one, or None for the
    usual one, or raises `Gone`. Without it, all is well; with `once`, after the first connection.
    `budget` is how many octets that connection gets before it is closed. With `tls`, a context,
    STARTTLS is offered. A `deaf` one does not even take connections.
    """

    numbers = itertools.count(1)

    def __init__(self, trouble=None, *, once=False, tls=None, budget=None, deaf=False, address=None, port=0):
        number = next(self.numbers)
        # Hosts that fail are left alone by name, so each has its own.
        self.address = address or f"127.1.{number // 250}.{number % 250 + 1}"
        self.trouble, self.once, self.tls, self.budget = trouble, once, tls, budget
        self.taken, self.sessions, self.mended = [], [], threading.Event()
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.listener.bind((self.address, port))
        self.listener.listen(0 if deaf else 64)
        self.port = self.listener.getsockname()[1]
        # A full backlog: whoever connects hears nothing.
        self.fillers = [self.fill() for _ in range(3)] if deaf else []
        if not deaf:
            self.accept()

    def fill(self):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex((self.address, self.port))
        return filler

    def accept(self):
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                wire, _ = self.listener.accept()
            except OSError:
                return
            session = Session(self, wire)
            self.sessions.append(session)
            threading.Thread(target=session.run, daemon=True).start()

    def mend(self):
        """From now on all is well."""
        self.trouble = None
        self.mended.set()
        if self.fillers:
            for filler in self.fillers:
                filler.close()
            self.fillers = []
            self.accept()

    def close(self):
        self.mended.set()
        self.listener.close()
        for session in list(self.sessions):
            session.wire.close()

    def said(self):
        """Every command that came, of all connections."""
        return [line for session in list(self.sessions) for line in session.commands]


class Session:
    """One connection to a peer."""

    def __init__(self, peer, wire):
        self.peer, self.wire, self.secured = peer, wire, False
        self.commands, self.held = [], b""
        self.trouble, self.left = peer.trouble, peer.budget
        peer.budget = None
        if peer.once:
            peer.trouble = None

    def run(self):
        try:
            self.reply("greeting", b"220 x\r\n")
            while line := self.line():
                self.commands.append(line)
                self.obey(line[:8].upper().strip())
        except (Gone, OSError, ValueError):
            pass
        finally:
            self.wire.close()

    def obey(self, verb):
        match verb[:4]:
            case b"EHLO":
                offers = self.peer.tls and not self.secured
                self.reply("EHLO", b"250-x\r\n250 STARTTLS\r\n" if offers else b"250 x\r\n")
            case b"STAR":
                self.reply("STARTTLS", b"220 go\r\n")
                if self.trouble:
                    self.trouble(self, "handshake")
                self.wire = self.peer.tls.wrap_socket(self.wire, server_side=True)
                self.secured, self.held = True, b""
            case b"MAIL":
                self.reply("MAIL", b"250 ok\r\n")
            case b"RCPT":
                self.reply("RCPT", b"250 ok\r\n")
            case b"DATA":
                self.take()
            case b"QUIT":
                self.reply("QUIT", b"221 bye\r\n")
                raise Gone
            case _:
                self.send(b"502 no\r\n")

    def take(self):
        self.reply("DATA", b"354 go\r\n")
        self.reply("content", b"")
        content = bytearray(b"\r\n" + self.held)
        while (end := content.find(END, max(0, len(content) - READ - len(END)))) < 0:
            content += self.read()
        self.held = bytes(content[end + len(END):])
        self.peer.taken.append((bytes(content[2:end + 2]), self.secured))
        try:
            self.reply("end", b"250 ok\r\n")
        except Refused:
            self.peer.taken.pop()
            raise

    def reply(self, stage, usual):
        said = self.trouble(self, stage) if self.trouble else None
        said = usual if said is None else said
        self.send(said)
        return said

    def send(self, octets):
        if self.left is None:
            return self.wire.sendall(octets)
        octets, self.left = octets[:self.left], self.left - len(octets[:self.left])
        self.wire.sendall(octets)
        if self.left == 0:
            raise Gone

    def line(self):
        while b"\r\n" not in self.held:
            octets = self.wire.recv(READ)
            if not octets:
                return b""
            self.held += octets
        line, _, self.held = self.held.partition(b"\r\n")
        return line

    def read(self):
        octets = self.wire.recv(READ)
        if not octets:
            raise Gone
        return octets


def at(stage, what):
    """Trouble at one stage."""
    return lambda session, here: what(session) if here == stage else None


def hang(session):
    """Says and reads nothing more until all is well again."""
    session.peer.mended.wait(60)
    raise Gone


def leave(_):
    raise Gone


def say(octets):
    return lambda _: octets


def say_and_leave(octets):
    def act(session):
        session.wire.sendall(octets)
        raise Gone
    return act


def read_and_say(octets):
    """Hears something before it speaks and leaves."""
    def act(session):
        session.read()
        session.wire.sendall(octets)
        raise Gone
    return act


def refuse_and_leave(octets):
    """A reply that ends the connection; nothing was taken."""
    def act(session):
        session.wire.sendall(octets)
        raise Refused
    return act


def repeat(octets, pause=0):
    """The same for ever."""
    def act(session):
        while not session.peer.mended.wait(pause):
            session.wire.sendall(octets)
        raise Gone
    return act
