"""DNS that lies, hangs and leads in circles: mail waits or comes back, never goes where a forger wants, and
that for other domains flows."""

import socket

from harness import Postroad, check, expect
from harness.lying_names import SERVFAIL, Names, a, cname, mx, wire_name
from harness.peer import Peer
from programs.hostile import GOOD, LIMITS, QUEUE, Sender, expect_flow, expect_reasons, queued, wait_for

NAMES = {"dns_timeout": 1, "dns_stream_timeout": 1, "dns_tries": 2, "dns_failure": 1}
LONGEST = ".".join(["x" * 63] * 3 + ["y" * 61])


def forged(query, evil):
    """What a forger would have believed."""
    return [mx(0, "evil.example")] if query.type == 15 else [a(evil)]


def another_id(evil):
    return lambda names, query, _: [query.answer(forged(query, evil), id=bytes(it ^ 0x55 for it in query.id))]


def another_question(evil):
    other = wire_name("elsewhere.example")
    return lambda names, query, _: [query.answer(forged(query, evil), question=other + query.question[-4:])]


def another_port(evil):
    def trouble(names, query, asker):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.1", 0))
            other.sendto(query.answer(forged(query, evil)), asker)
        return []
    return trouble


def glue(evil):
    """The truth with lies about other names behind it."""
    def trouble(names, query, _):
        if query.type != 15:
            return None
        lie = ("mx.good.example", "A", socket.inet_aton(evil))
        return [query.answer([*names.zone.get((query.name, "MX"), []), lie])]
    return trouble


TROUBLES = {
    "another-id": (another_id, "no DNS server answered in time"),
    "another-question": (another_question, "no DNS server answered in time"),
    "another-port": (another_port, "no DNS server answered in time"),
    "silence": (lambda evil: lambda *_: [], "no DNS server answered in time"),
    "servfail": (lambda evil: lambda names, query, _: [query.answer([], SERVFAIL)], "the DNS server says"),
    "refused": (lambda evil: lambda names, query, _: [query.answer([], 5)], "the DNS server says"),
    "hanging-stream": (lambda evil: lambda names, query, _: [query.answer([], truncated=True)], "could not be looked up"),
    "nonsense": (lambda evil: lambda names, query, _: [query.octets[:12] + b"\xff" * 40], "could not be looked up"),
    "half": (lambda evil: lambda names, query, _: [query.answer(forged(query, evil))[:-3]], "could not be looked up"),
    "pointers": (lambda evil: lambda names, query, _: [query.answer([("", "MX", b"\0\0\xc0\x0c" + b"\xc0" * 9)] * 20)], "could not be looked up"),
}


class Net:
    """A server, the names that it asks for, and hosts, all on one port as in the world."""

    def __init__(self, zone, troubles=()):
        self.good = Peer()
        self.evil = Peer(port=self.good.port)
        self.peers = {GOOD: self.good}
        self.zone = {(GOOD, "MX"): [mx(10, "mx.good.example")], ("mx.good.example", "A"): [a(self.good.address)], **zone}
        self.names = Names(self.zone, {name: make(self.evil.address) for name, make in dict(troubles).items()})
        self.server = Postroad(dns={"servers": [f"127.0.0.1:{self.names.port}"]}, limits={**LIMITS, **NAMES},
                               queue={**QUEUE, "port": self.good.port})

    def host(self, domain):
        """A host of this domain's own."""
        peer = self.peers[domain] = Peer(port=self.good.port)
        self.zone[domain, "MX"] = [mx(10, f"mx.{domain}")]
        self.zone[f"mx.{domain}", "A"] = [a(peer.address)]
        return peer

    def __enter__(self):
        self.server.start()
        self.sender = Sender(self.server)
        return self

    def __exit__(self, *_):
        self.server.close()
        self.names.close()
        for peer in (*self.peers.values(), self.evil):
            peer.close()


def expect_bounces(net, parts):
    """For each part a report to the sender that has it, and no more; nothing waits."""
    def missing():
        bounces = [it.decode(errors="replace") for it in net.sender.bounces()]
        return [part for part in parts if sum(part in it for it in bounces) != 1], len(bounces)
    wait_for(lambda: missing() == ([], len(parts)), lambda: f"not told: {missing()}; waiting: {queued(net.server)}")
    wait_for(lambda: not queued(net.server), lambda: f"waiting: {queued(net.server)}")


@check("forged answers, servers that fail and streams that hang: mail waits, and arrives once when the names are well")
def lies():
    with Net({}, {f"{name}.example": make for name, (make, _) in TROUBLES.items()}) as net:
        hosts = {f"{name}.example": net.host(f"{name}.example") for name in TROUBLES}
        for domain in hosts:
            net.sender.send(domain)
        expect_flow(net.sender, net.peers)
        expect_reasons(net.server, {f"{name}.example": why for name, (_, why) in TROUBLES.items()})
        expect_flow(net.sender, net.peers)
        net.names.troubles.clear()
        wait_for(lambda: not queued(net.server), lambda: f"still waiting: {queued(net.server)}")
        copies = {domain: len(peer.taken) for domain, peer in hosts.items()}
        expect(set(copies.values()) == {1}, f"copies: {copies}")
        expect(not net.evil.sessions, "the forger's host was spoken to")
        expect(not net.sender.bounces(), "somebody was told of a failure")


@check("lies about another name behind the truth are not remembered")
def glue_is_not_believed():
    with Net({}, {"glue.example": glue}) as net:
        host = net.host("glue.example")
        net.sender.send("glue.example")
        wait_for(lambda: host.taken, "it did not arrive")
        expect_flow(net.sender, net.peers)
        expect(not net.evil.sessions, "the forger's host was spoken to")


@check("NXDOMAIN, the null MX, an MX to this very host, no address: the sender is told at once, once, and why")
def comes_back():
    ways = {
        "nowhere.example": "does not exist",
        "null.example": "takes no mail",
        "self.example": "loops back to this host",
        "bare.example": "no mail host of bare.example has a usable address",
    }
    zone = {("null.example", "MX"): [mx(0, "")], ("self.example", "MX"): [mx(10, "mail.example.org"), mx(20, "backup.self.example")],
            ("mail.example.org", "A"): [a("127.0.0.1")], ("bare.example", "MX"): [mx(10, "gone.bare.example")]}
    with Net(zone) as net:
        for domain in ways:
            net.sender.send(domain)
        expect_bounces(net, ways.values())
        expect_flow(net.sender, net.peers)


@check("this host among others in the MX records: only better ones are tried")
def behind_itself():
    with Net({}) as net:
        better, worse = net.host("better.example"), net.host("worse.example")
        net.zone["ours.example", "MX"] = [mx(5, "mx.better.example"), mx(10, "mail.example.org"), mx(20, "mx.worse.example")]
        net.sender.send("ours.example")
        wait_for(lambda: better.taken, "it did not arrive")
        expect(not worse.sessions, "a worse host than this one was tried")


@check("CNAMEs in a circle and without an end: mail waits with the reason, and arrives when that is mended")
def circles():
    zone = {("circle.example", "CNAME"): [cname(None, "elcric.example")], ("elcric.example", "CNAME"): [cname(None, "circle.example")],
            ("self.example", "CNAME"): [cname(None, "self.example")]}
    zone |= {(f"step{n}.example", "CNAME"): [cname(None, f"step{n + 1}.example")] for n in range(40)}
    reasons = {"circle.example": "in a circle", "self.example": "in a circle", "step0.example": "too many times"}
    with Net(zone) as net:
        for domain in reasons:
            net.sender.send(domain)
        expect_reasons(net.server, reasons)
        expect_flow(net.sender, net.peers)
        for domain in [*zone]:
            del net.zone[domain]
        hosts = [net.host(domain) for domain in reasons]
        wait_for(lambda: not queued(net.server), lambda: f"still waiting: {queued(net.server)}", seconds=100)
        expect([len(host.taken) for host in hosts] == [1, 1, 1], f"copies: {[len(host.taken) for host in hosts]}")


@check("512 MX records and names of 255 octets: it arrives at the best host")
def extremes():
    with Net({}) as net:
        many, long_ = net.host("many.example"), net.host("long.example")
        net.zone["many.example", "MX"] = [mx(n, f"mx{n}.many.example") for n in range(512, 0, -1)] + [mx(0, "mx.many.example")]
        expect(len(wire_name(LONGEST)) == 255, f"{len(wire_name(LONGEST))} octets")
        net.zone["long.example", "MX"] = [mx(10, LONGEST)]
        net.zone[LONGEST, "A"] = [a(long_.address)]
        net.zone["huge.example", "MX"] = [mx(10, LONGEST)] * 200
        net.sender.send("many.example", "long.example")
        wait_for(lambda: many.taken and long_.taken, lambda: f"{queued(net.server)}")
        net.sender.send("huge.example")
        wait_for(lambda: len(long_.taken) == 2, lambda: f"{queued(net.server)}")
        wait_for(lambda: not queued(net.server), lambda: f"{queued(net.server)}")
        expect((len(many.taken), len(long_.taken)) == (1, 2), f"{len(many.taken)} {len(long_.taken)}")
