"""A plain IMAP session that hears whole responses, octet for octet: one command at a time."""

import socket

from .check import Failure, expect
from .imap_wire import LITERAL_END, pairs, parse_response


class Session:
    """An account's session without TLS, logged in."""

    def __init__(self, server, account):
        self.socket = socket.create_connection(("127.0.0.1", server.port["imap"]), 60)
        self.stream, self.count = self.socket.makefile("rb"), 0
        self.response()
        self.ok("LOGIN", account.address.encode(), account.password.encode())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()
        self.socket.close()

    def perform(self, *words):
        """Sends a command, whose words are text, and `bytes` for literals; returns its untagged responses and the tagged one."""
        self.count += 1
        tag = b"t%d" % self.count
        line = b" ".join([tag, *map(encoded, words)])
        self.socket.sendall(line + b"\r\n")
        untagged = []
        while not (octets := self.response()).startswith(tag + b" "):
            untagged.append(octets)
        return untagged, octets

    def ok(self, *words):
        """The untagged responses of a command that must be answered with OK; `code` is then the response code's words."""
        untagged, tagged = self.perform(*words)
        if tagged.split()[1] != b"OK":
            raise Failure(f"{[word[:200] for word in words]} was answered {tagged}")
        self.code = parse_response(tagged).code
        return untagged

    def data(self, name, *words):
        """The words of the one untagged response of this name."""
        found = [parse_response(each) for each in self.ok(*words)]
        return next((each.data for each in found if each.name == name), [])

    def append(self, mailbox, message):
        """Appends a message; returns its UID."""
        self.ok("APPEND", mailbox, message)
        expect(self.code[0] == b"APPENDUID", f"APPEND was answered {self.code}")
        return int(self.code[2])

    def fetch(self, uid, items):
        """The data items of one message, by upper-case name."""
        return fetched(self.ok(f"UID FETCH {uid} ({items})"))

    def response(self):
        octets = self.stream.readline()
        while found := LITERAL_END.search(octets):
            octets += self.stream.read(int(found[1])) + self.stream.readline()
        expect(octets, "the server closed the connection")
        return octets


def fetched(untagged):
    """The data items of the one FETCH response among responses."""
    told = [pairs(each.data[0]) for each in map(parse_response, untagged) if each.name == "FETCH"]
    expect(len(told) == 1, f"there are {len(told)} FETCH responses: {untagged}")
    return told[0]


def encoded(word):
    return word.encode() if isinstance(word, str) else b"{%d+}\r\n" % len(word) + word
