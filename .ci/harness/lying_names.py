"""A DNS server that answers as it should, and as it should not."""

import socket
import struct
import threading

TYPES = {"A": 1, "CNAME": 5, "SOA": 6, "MX": 15}
NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3


class Query:
    """One question, as it came."""

    def __init__(self, octets):
        self.octets = octets
        self.id = octets[:2]
        labels, at = [], 12
        while length := octets[at]:
            labels.append(octets[at + 1:at + 1 + length].decode())
            at += 1 + length
        self.name = ".".join(labels).lower()
        self.type = struct.unpack(">H", octets[at + 1:at + 3])[0]
        self.question = octets[12:at + 5]

    def answer(self, records, rcode=NOERROR, *, id=None, question=None, truncated=False):
        """An answer with `records`: owner (None: the name that is asked for), type, and data."""
        flags = 0x8580 | rcode | (0x0200 if truncated else 0)
        head = (id or self.id) + struct.pack(">HHHHH", flags, 1, len(records), 0, 0)
        body = b"".join((wire_name(owner) if owner else b"\xc0\x0c") + struct.pack(">HHIH", TYPES[kind], 1, 60, len(data)) + data
                        for owner, kind, data in records)
        return head + (question or self.question) + body


def wire_name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".") if label) + b"\0"


def mx(preference, host):
    return (None, "MX", struct.pack(">H", preference) + wire_name(host))


def a(address):
    return (None, "A", socket.inet_aton(address))


def cname(owner, target):
    return (owner, "CNAME", wire_name(target))


class Names:
    """The server. `zone` has records by name and type. `troubles` has, by the end of a name, who meddles:
    `trouble(names, query)` returns the datagrams to answer with, or None for the truth."""

    def __init__(self, zone, troubles):
        self.zone, self.troubles, self.asked, self.closed = zone, troubles, [], threading.Event()
        self.stream = socket.create_server(("127.0.0.1", 0))
        self.port = self.stream.getsockname()[1]
        self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagrams.bind(("127.0.0.1", self.port))
        for work in self.serve_datagrams, self.serve_streams:
            threading.Thread(target=work, daemon=True).start()

    def close(self):
        self.closed.set()
        self.stream.close()
        self.datagrams.close()

    def trouble(self, query):
        return next((it for end, it in list(self.troubles.items()) if query.name.endswith(end)), None)

    def truth(self, query):
        kinds = {kind: records for (name, kind), records in self.zone.items() if name == query.name}
        if not kinds:
            return query.answer([], NXDOMAIN)
        for kind, records in kinds.items():
            if TYPES[kind] == query.type or kind == "CNAME":
                return query.answer(records)
        return query.answer([])

    def serve_datagrams(self):
        while not self.closed.is_set():
            try:
                octets, asker = self.datagrams.recvfrom(4096)
            except OSError:
                return
            query = Query(octets)
            self.asked.append(query.name)
            trouble = self.trouble(query)
            datagrams = trouble(self, query, asker) if trouble else None
            if datagrams is None:
                whole = self.truth(query)
                datagrams = [whole if len(whole) <= 1232 else query.answer([], truncated=True)]
            for datagram in datagrams:
                self.datagrams.sendto(datagram, asker)

    def serve_streams(self):
        while True:
            try:
                wire, _ = self.stream.accept()
            except OSError:
                return
            threading.Thread(target=self.serve_stream, args=(wire,), daemon=True).start()

    def serve_stream(self, wire):
        with wire, wire.makefile("rb") as file:
            while len(head := file.read(2)) == 2:
                query = Query(file.read(struct.unpack(">H", head)[0]))
                if self.trouble(query):
                    # It hangs.
                    self.closed.wait(60)
                    return
                whole = self.truth(query)
                wire.sendall(struct.pack(">H", len(whole)) + whole)
