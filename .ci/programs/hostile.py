"""Hosts that hang, leave, lie and talk nonsense: no message is lost, none arrives twice but where the
last reply was lost, and the mail of others flows meanwhile."""

import json
import random
import smtplib
import ssl
import time

from harness import Postroad, check, expect, maildir_messages, octets, run
from harness.peer import Peer, STAGES, at, hang, leave, refuse_and_leave, repeat, say, say_and_leave

# Seconds, where hours would be due.
LIMITS = {name: 1 for name in (
    "client_greeting", "client_hello", "client_mail", "client_rcpt", "client_data", "client_block", "client_end",
    "client_idle", "connect", "tls_handshake")}
QUEUE = {"retry": ["1s"], "reserve": 0}
GOOD = "good.example"


def wait_for(condition, what, seconds=20):
    """What `condition` returns, once that is something."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        expect(time.monotonic() < deadline, f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(0.03)
    return found


def server_for(peers, tls="none", **config):
    """A server whose mail for each domain goes to the peer of that name; one of them behaves."""
    peers[GOOD] = Peer()
    routes = {domain: {"host": peer.address, "port": peer.port, "tls": tls} for domain, peer in peers.items()}
    routes[GOOD]["tls"] = "none"
    config = {"limits": LIMITS, "queue": QUEUE, "routes": routes, **config}
    return Postroad(**config)


class Sender:
    """A user who sends mail elsewhere."""

    def __init__(self, server):
        self.server, self.account = server, server.user()
        context = ssl._create_unverified_context()
        self.session = smtplib.SMTP_SSL("localhost", server.port["submissions"], timeout=30, context=context)
        self.session.login(self.account.address, self.account.password)

    def send(self, *domains, body=b"hello\r\n"):
        recipients = [f"bob@{domain}" for domain in domains]
        self.session.sendmail(self.account.address, recipients, octets(self.account.address, recipients[0], body))

    def bounces(self):
        return list(maildir_messages(self.account.maildir).values()) if self.account.maildir.exists() else []


def queued(server):
    """What waits: of each domain, what became of it so far."""
    rows = json.loads(server.command("queue", "list", "--json").out)
    return {it["to"].rpartition("@")[2]: it for row in rows for it in row["recipients"]}


def reason(server, domain):
    return queued(server).get(domain, {}).get("text", "")


def expect_flow(sender, peers):
    """Others' mail flows at once."""
    count = len(peers[GOOD].taken)
    sender.send(GOOD)
    wait_for(lambda: len(peers[GOOD].taken) > count, "mail for another domain does not flow", 3)


def expect_reasons(server, reasons):
    """Each domain's mail waits, and its row says why."""
    def missing():
        rows = queued(server)
        return {d: (why, rows.get(d)) for d, why in reasons.items() if why not in (rows.get(d) or {}).get("text", "")}
    wait_for(lambda: not missing(), lambda: f"these reasons are not told: {missing()}")


def expect_arrival(server, peers, most=lambda domain: 1):
    """All mail arrives, and nothing waits any more."""
    def waiting():
        return [domain for domain, peer in peers.items() if not peer.taken], list(queued(server))
    wait_for(lambda: waiting() == ([], []), lambda: f"not there, and in the queue: {waiting()}")
    copies = {domain: len(peer.taken) for domain, peer in peers.items() if domain != GOOD}
    wrong = {domain: count for domain, count in copies.items() if count > most(domain)}
    expect(not wrong, f"arrived too often: {wrong}")
    return copies


def endure(peers, reasons, most=lambda domain: 1, tls="none", body=b"hello\r\n", retry="1s"):
    """One message to each host in trouble, which is mended later."""
    with server_for(peers, tls, queue={**QUEUE, "retry": [retry]}) as server:
        try:
            sender = Sender(server)
            for domain in list(peers):
                sender.send(domain, body=body)
            expect_flow(sender, peers)
            expect_reasons(server, reasons)
            expect_flow(sender, peers)
            for peer in peers.values():
                peer.mend()
            copies = expect_arrival(server, peers, most)
            expect_flow(sender, peers)
            expect(not sender.bounces(), f"somebody was told of a failure: {sender.bounces()}")
            return copies
        finally:
            for peer in peers.values():
                peer.close()


def domains(troubles, **options):
    """Peers, one for each trouble, by domains of their names."""
    return {f"{name.lower()}.example": Peer(trouble, **options) for name, trouble in troubles.items()}


@check("hosts that hang at every stage, and one that does not even answer the connection")
def hangs():
    peers = domains({stage: at(stage, hang) for stage in STAGES if stage != "QUIT"})
    peers["connect.example"] = Peer(deaf=True)
    reasons = {domain: "took too long" for domain in peers} | {"connect.example": "no connection within 1 s"}
    # A small message is in the host's buffers before it is asked to read it.
    reasons["content.example"] = "end of content: the server took too long"
    endure(peers, reasons, lambda domain: 2 if domain in ("end.example", "content.example") else 1)


@check("a host that stops reading in the middle of the content")
def stops_reading():
    peers = domains({"content": at("content", hang)})
    endure(peers, {"content.example": "content: the server took too long"}, body=(b"x" * 76 + b"\r\n") * 200_000)


@check("a host that takes the message and hangs, leaves or drops the line at QUIT")
def ends_badly():
    peers = domains({"hangs": at("QUIT", hang), "leaves": at("QUIT", leave), "lies": at("QUIT", say(b"\0\xff\r\n")),
                     "closes": at("QUIT", refuse_and_leave(b""))})
    del peers["closes.example"]
    endure(peers, {})


@check("a host that closes the connection after each octet of its side of the dialogue")
def closes_everywhere():
    whole = b"".join([b"220 x\r\n", b"250 x\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n", b"250 ok\r\n", b"221 bye\r\n"])
    before_last_reply, after_it = len(whole) - 17, len(whole) - 9
    peers = {f"octet{count}.example": Peer(budget=count) for count in range(len(whole))}
    copies = endure(peers, {}, lambda domain: 2 if before_last_reply <= int(domain[5:].partition(".")[0]) < after_it else 1)
    print(f"     closed after each of {len(copies)} octets; {sum(count - 1 for count in copies.values())} copies too many, where the last reply was cut")


NONSENSE = {
    "binary": ("", repeat(random.Random(7).randbytes(4096))),
    "web": ("no reply", say_and_leave(b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n")),
    "zeros": ("no reply", say_and_leave(b"\0\0\0\0\r\n")),
    "blank": ("no reply", say_and_leave(b"\r\n")),
    "longline": ("", say_and_leave(b"250 " + b"x" * 100_000 + b"\r\n")),
    "endlessline": ("", repeat(b"250 " + b"x" * 4096)),
    "endless": ("too long", repeat(b"250-and on and on\r\n")),
    "drips": ("took too long", repeat(b"250-slowly\r\n", 0.1)),
    "odd": ("", say_and_leave(b"999 what\r\n")),
}


@check("hosts that talk nonsense at {}", ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "end"])
def talks_nonsense(stage):
    peers = domains({name: at(stage, what) for name, (_, what) in NONSENSE.items()}, once=stage == "end")
    reasons = {f"{name}.example": why for name, (why, _) in NONSENSE.items()}
    endure(peers, reasons, lambda domain: 2 if stage == "end" else 1, retry="3s")


@check("421 at every stage")
def closes_politely():
    peers = domains({stage: at(stage, refuse_and_leave(b"421 4.3.2 closing\r\n")) for stage in STAGES if stage not in ("QUIT", "content")})
    peers["quit.example"] = Peer(at("QUIT", say_and_leave(b"421 4.3.2 closing\r\n")))
    endure(peers, {domain: "421 4.3.2 closing" for domain in peers if domain != "quit.example"})


@check("the last reply is lost once: it arrives, and twice at the most")
def loses_the_last_reply():
    peers = domains({"lost": at("end", leave), "half": at("end", say_and_leave(b"250 o")), "open": at("end", say_and_leave(b"250-ok\r\n"))}, once=True)
    endure(peers, {domain: "end of content: the connection was lost" for domain in peers}, lambda _: 2, retry="3s")
