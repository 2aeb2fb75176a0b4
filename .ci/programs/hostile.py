"""Hosts that hang, leave, lie and talk nonsense: no message is lost, none arrives twice but where the
last reply was lost, and the mail of others flows meanwhile."""

import functools
import json
import random
import shutil
import smtplib
import ssl
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import harness
from harness import Postroad, check, expect, maildir_messages, octets, run
from harness.server import make_certificate
from programs.full_disk import SmallDisk
from harness.peer import Peer, STAGES, at, hang, leave, read_and_say, refuse_and_leave, repeat, say, say_and_leave

# Seconds, where hours would be due.
LIMITS = {name: 1 for name in (
    "client_greeting", "client_hello", "client_mail", "client_rcpt", "client_data", "client_block", "client_end",
    "client_idle", "connect", "tls_handshake")} | {"client_end": 2}
QUEUE = {"retry": ["1s"], "reserve": 0}
GOOD = "good.example"
wait_for = functools.partial(harness.wait_for, seconds=60)


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


def expect_flow(sender, peers, seconds=3):
    """Others' mail flows, as good as at once."""
    count = len(peers[GOOD].taken)
    sender.send(GOOD)
    wait_for(lambda: len(peers[GOOD].taken) > count, "mail for another domain does not flow", seconds=seconds)


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
    # Each attempt at a host that hangs after the end may be a copy: there is to be one before it is mended.
    endure(peers, reasons, lambda domain: 2 if domain in ("end.example", "content.example") else 1, retry="8s")


@check("four times as many hosts that hang as the queue has carriers: others' mail has its turn")
def hangs_everywhere():
    peers = {f"d{number}.example": Peer(at("greeting", hang)) for number in range(40)}
    with server_for(peers, limits={**LIMITS, "queue_carriers": 10}, queue={**QUEUE, "retry": ["20s"]}) as server:
        try:
            sender = Sender(server)
            for domain in list(peers):
                sender.send(domain)
            expect_flow(sender, peers, 8)
            expect_reasons(server, {domain: "greeting: the server took too long" for domain in peers if domain != GOOD})
        finally:
            for peer in peers.values():
                peer.close()


@check("a host that stops reading in the middle of the content")
def stops_reading():
    peers = domains({"content": at("content", hang)})
    endure(peers, {"content.example": "content: the server took too long"}, body=(b"x" * 76 + b"\r\n") * 200_000)


@check("a host that takes the message and hangs, leaves or talks nonsense at QUIT")
def ends_badly():
    endure(domains({"hangs": at("QUIT", hang), "leaves": at("QUIT", leave), "lies": at("QUIT", say(b"\0\xff\r\n"))}), {})


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


def context(expired=False):
    """The server's side of TLS, with a certificate of its own making."""
    folder = Path(tempfile.mkdtemp(prefix="peer-"))
    try:
        certificate, key = make_certificate(folder)
        if expired:
            certificate = expire(folder, key)
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(certificate, key)
        return made
    finally:
        shutil.rmtree(folder)


def expire(folder, key):
    """A certificate whose time is over."""
    certificate = folder / "expired.pem"
    (folder / "index").touch()
    (folder / "config").write_text(f"[ca]\ndefault_ca = it\n[it]\ndatabase = {folder}/index\nnew_certs_dir = {folder}\n"
                                   "rand_serial = yes\ndefault_md = sha256\npolicy = any\nx509_extensions = host\n"
                                   "[any]\ncommonName = supplied\n[host]\nsubjectAltName = DNS:localhost\n")
    run("openssl", "req", "-new", "-key", key, "-subj", "/CN=localhost", "-out", folder / "request")
    run("openssl", "ca", "-batch", "-selfsign", "-config", folder / "config", "-keyfile", key, "-in", folder / "request",
        "-startdate", "20200101000000Z", "-enddate", "20200102000000Z", "-notext", "-out", certificate)
    return certificate


HANDSHAKES = {
    "nonsense": at("handshake", read_and_say(b"HTTP/1.1 400 Bad Request\r\n\r\n")),
    "leaves": at("handshake", leave),
    "hangs": at("handshake", hang),
    "alert": at("handshake", read_and_say(b"\x15\x03\x03\x00\x02\x02\x28")),
}


@check("TLS that fails, where it is opportunistic: the mail goes in the clear, at once and once")
def does_without_tls():
    tls = context()
    peers = domains(HANDSHAKES, tls=tls)
    with server_for(peers, "may", queue={**QUEUE, "retry": ["60s"]}) as server:
        sender = Sender(server)
        for domain in HANDSHAKES:
            sender.send(f"{domain}.example")
        sender.send(GOOD)
        expect_arrival(server, peers)
        secured = [domain for domain in HANDSHAKES for _, it in peers[f"{domain}.example"].taken if it]
        expect(not secured, f"these were secured all the same: {secured}")


@check("certificates that have expired or that nobody knows will do where TLS is opportunistic")
def takes_any_certificate():
    peers = {"expired.example": Peer(tls=context(expired=True)), "unknown.example": Peer(tls=context())}
    with server_for(peers, "may") as server:
        sender = Sender(server)
        sender.send(*peers)
        expect_arrival(server, peers)
        clear = [domain for domain, peer in peers.items() for _, it in peer.taken if not it and domain != GOOD]
        expect(not clear, f"these went in the clear: {clear}")


@check("where TLS is required, nothing is said without it, nor to whom has no good certificate")
def requires_tls():
    good, expired = context(), context(expired=True)
    peers = domains(HANDSHAKES, tls=good)
    peers |= {"expired.example": Peer(tls=expired), "unknown.example": Peer(tls=good), "lacks.example": Peer(),
              "refuses.example": Peer(at("STARTTLS", say(b"454 4.7.0 not now\r\n")), tls=good)}
    with server_for(peers, "require") as server:
        sender = Sender(server)
        bad = [domain for domain in peers if domain != GOOD]
        for domain in bad:
            sender.send(domain)
        reasons = {f"{name}.example": "the TLS handshake failed" for name in (*HANDSHAKES, "expired", "unknown")}
        reasons |= {"lacks.example": "TLS is required, but", "refuses.example": "454 4.7.0 not now"}
        expect_flow(sender, peers)
        expect_reasons(server, reasons)
        expect_reasons(server, {"unknown.example": "certificate"})
        expect_flow(sender, peers)
        told = {domain: line for domain in bad for line in peers[domain].said() if line[:4].upper() in (b"MAIL", b"RCPT", b"DATA")}
        expect(not told, f"these were told of the message: {told}")
        expect(set(queued(server)) == set(bad), f"in the queue: {queued(server)}")


@check("a reply that is put behind STARTTLS ends the attempt, and the message never goes in the clear: tls = {}", ["may", "require"])
def resists_injection(tls):
    injected = {"reply": b"220 go\r\n250 x\r\n", "octet": b"220 go\r\n\0", "dialogue": b"220 go\r\n250 x\r\n250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n"}
    peers = domains({name: at("STARTTLS", say(octets)) for name, octets in injected.items()}, tls=context())
    bad = list(peers)
    with server_for(peers, tls) as server:
        sender = Sender(server)
        for domain in bad:
            sender.send(domain)
        expect_reasons(server, {domain: "octets came in the clear behind the reply to STARTTLS" for domain in bad})
        expect_flow(sender, peers)
        expect(not any(peers[domain].taken for domain in bad), "it was sent all the same")
        if tls == "may":
            for domain in bad:
                peers[domain].mend()
            expect_arrival(server, peers)
            expect(all(secured for domain in bad for _, secured in peers[domain].taken), "it went in the clear")


def wait_here(session):
    """Waits at this stage until the client is gone."""
    session.peer.reached.set()
    hang(session)


@check("kill -9 while a transaction is at each of its stages: all arrives, twice only where the message was handed over")
def survives_kill():
    peers = domains({stage: at(stage, wait_here) for stage in STAGES}, once=True)
    for peer in peers.values():
        peer.reached = threading.Event()
    patient = {name: 20 for name in LIMITS} | {"client_idle": 1}
    with server_for(peers, limits=patient) as server:
        sender = Sender(server)
        for domain in peers:
            if domain != GOOD:
                sender.send(domain)
        for domain, peer in peers.items():
            expect(domain == GOOD or peer.reached.wait(20), f"{domain} was not spoken to")
        server.kill()
        server.start()
        expect_flow(Sender(server), peers)
        copies = expect_arrival(server, peers, lambda domain: 2 if domain in ("end.example", "content.example") else 1)
        print(f"     copies: {copies}")


@check("kill -9 at random, again and again, while mail leaves: nothing is lost")
def survives_kills():
    seed = random.randrange(10**9)
    random.seed(seed)
    print(f"     seed {seed}")
    peers = {f"d{number}.example": Peer() for number in range(8)}
    with server_for(peers) as server:
        wanted = {}
        for kills_to_come in range(6, 0, -1):
            sender, stop = Sender(server), time.monotonic() + random.uniform(0.1, 0.6)
            while time.monotonic() < stop:
                number, chosen = len(wanted), random.sample(sorted(peers), 3)
                # Each kill may come between a host's last reply and the note of it.
                wanted[number] = {domain: 1 + kills_to_come for domain in chosen}
                sender.send(*chosen, body=f"number {number}\r\n".encode())
            server.kill()
            server.start()
        wait_for(lambda: not queued(server), "the queue does not empty", seconds=30)
        came = Counter((int(message.partition(b"\r\nnumber ")[2]), domain) for domain, peer in peers.items() for message, _ in peer.taken)
        due = {(number, domain): most for number, chosen in wanted.items() for domain, most in chosen.items()}
        lost = due.keys() - came.keys()
        expect(not lost, f"{len(lost)} of {len(due)} copies did not arrive: {sorted(lost)[:9]}")
        wrong = {it: count for it, count in came.items() if count > due.get(it, 0)}
        expect(not wrong, f"these arrived too often: {wrong}")
        print(f"     {len(wanted)} messages to three hosts each; {came.total() - len(due)} copies too many in 6 kills")


@check("a full disk when an outcome is to be noted: nothing is lost, and who has the message does not get it again and again")
def survives_full_disk():
    alone, others = threading.Event(), threading.Event()

    def wait(event, reply):
        return lambda _: reply if event.wait(20) else None
    peers = {"takes.example": Peer(at("end", wait(others, b"250 ok\r\n"))),
             "defers.example": Peer(at("RCPT", wait(others, b"450 4.2.1 later\r\n"))),
             "alone.example": Peer(at("end", wait(alone, b"250 ok\r\n")))}
    server = server_for(peers, limits={**LIMITS, "client_end": 30, "client_rcpt": 30})
    with SmallDisk(server.data) as disk:
        try:
            server.start()
            sender = Sender(server)
            sender.send("takes.example", "defers.example")
            sender.send("alone.example")
            wait_for(lambda: peers["takes.example"].taken and peers["alone.example"].taken, "it was not handed over")
            disk.fill()
            alone.set()
            wait_for(lambda: "alone.example" not in queued(server), "what needs no room on the disk is not noted")
            disk.fill()
            others.set()
            wait_for(lambda: server.log.read_text().count("spool-failed") >= 4, "noting it is not tried again")
            disk.free()
            expect_reasons(server, {"defers.example": "450 4.2.1 later"})
            peers["defers.example"].mend()
            expect_flow(sender, peers)
            expect_arrival(server, peers)
        finally:
            server.stop()
    server.close()
