"""Orders about mail that waits: by `postroad queue`, by ETRN, by time; and what VRFY tells."""

import itertools
import json
import smtplib

from harness import check, expect, octets
from harness.check import wait_for
from harness.town import SINK, Sink, Town, arrivals, queued, story, submit, wait_for_action, wait_until_empty


def start_server():
    return Town(["box"]).start()


class Waiting:
    """A message that waits, for a domain of its own whose host is down: `sink()` starts the host."""

    numbers = itertools.count(1)

    def __init__(self, town, server=None, name="x"):
        self.town, self.server = town, server or town
        self.domain = f"down{next(self.numbers)}.example"
        self.host = f"mx.{self.domain}"
        town.names.add(f"{self.domain}. MX 10 {self.host}.", f"{self.host}. A {SINK}")
        self.sender, self.to = self.server.user(), f"{name}@{self.domain}"
        self.id = self.post()
        told = wait_for_action(self.server, self.id, "deferred")
        expect(told["status"] == "4.4.1" and "connection refused" in told["text"], f"{told}")

    def post(self):
        """Submits a message, and one more each time."""
        return submit(self.server, self.sender, self.to, octets(self.sender.address, self.to, b"not for the story\r\n"))

    def sink(self, **options):
        return Sink(self.town.mx_port, **options)

    def ended(self):
        wait_for(lambda: self.id not in ids(self.server), lambda: f"{queued(self.server)}")


def ids(server):
    return {message["id"] for message in queued(server)}


def etrn(server, domain):
    with smtplib.SMTP(server.address, server.port["smtp"], timeout=30) as session:
        session.ehlo()
        expect(session.has_extn("etrn"), f"ETRN is not announced: {session.esmtp_features}")
        code, text = session.docmd("ETRN", domain)
        expect(code in (250, 251, 252, 253), f"ETRN was answered {code} {text}")


ORDERS = {
    "queue retry ID": lambda it: it.server.command("queue", "retry", it.id),
    "queue retry --all": lambda it: it.server.command("queue", "retry", "--all"),
    "queue flush DOMAIN": lambda it: it.server.command("queue", "flush", it.domain),
    "queue flush *": lambda it: it.server.command("queue", "flush", "*"),
    "ETRN DOMAIN": lambda it: etrn(it.server, it.domain),
    "ETRN @DOMAIN": lambda it: etrn(it.server, "@example"),
}


@check("mail for a host that is down waits, and leaves at once when the host is back and somebody says `{}`", list(ORDERS))
def leaves_when_told(server, order):
    waiting = Waiting(server)
    with waiting.sink() as sink:
        ORDERS[order](waiting)
        wait_for(sink.mail, lambda: f"{queued(server)}")
        waiting.ended()


@check("mail for a host that is down leaves by itself, after the time of `[queue] retry`")
def leaves_by_itself(server):
    with server.another("d.example", queue={"retry": ["2s"]}) as other:
        waiting = Waiting(server, other)
        with waiting.sink() as sink:
            wait_for(sink.mail, lambda: f"{queued(other)}", seconds=15)
            waiting.ended()


@check("mail that waits outlives the server, by SIGTERM and by kill -9, and leaves after its start")
def outlives(server):
    with server.another("d.example", queue={"retry": ["2s"]}) as other:
        waiting = Waiting(server, other)
        other.stop()
        other.start()
        expect(ids(other) == {waiting.id}, f"{queued(other)}")
        second = waiting.post()
        other.kill()
        expect(ids(other) == {waiting.id, second}, f"{queued(other)}")
        with waiting.sink() as sink:
            other.start()
            wait_for(lambda: len(sink.mail()) == 2, lambda: f"{queued(other)}", seconds=20)
            wait_until_empty(other)


@check("what is held does not leave, not even when told to, until it is released")
def holds(server):
    waiting = Waiting(server)
    server.command("queue", "hold", waiting.id)
    expect(any(it["held"] for it in queued(server) if it["id"] == waiting.id), f"{queued(server)}")
    expect("(held)" in server.command("queue", "list").text, "a person is not told that it is held")
    with waiting.sink() as sink:
        second = waiting.post()
        server.command("queue", "retry", waiting.id)
        wait_for(sink.mail, lambda: f"{queued(server)}")
        wait_for(lambda: second not in ids(server), lambda: f"{queued(server)}")
        expect(len(sink.mail()) == 1 and waiting.id in ids(server), "what is held has left")
        server.command("queue", "release", waiting.id)
        wait_for(lambda: len(sink.mail()) == 2, lambda: f"{queued(server)}")
        waiting.ended()


@check("`queue reroute --to {}` sends what waits there", ["host:port", "domain"])
def reroutes(server, to):
    waiting = Waiting(server, name="box")
    detour = f"detour.{waiting.domain}"
    server.names.add(f"{detour}. MX 10 mx.{detour}.", f"mx.{detour}. A 127.0.0.15")
    where = {"host:port": f"127.0.0.15:{server.mx_port}", "domain": detour}[to]
    with waiting.sink(address="127.0.0.15") as sink:
        server.command("queue", "reroute", waiting.id, "--to", where)
        waiting.ended()
        taken, = sink.mail()
        expect(waiting.to.encode() in taken, f"{taken}")


@check("`queue remove`: gone, and nobody is told; `queue expire`: gone, and the sender is told")
def gives_up(server):
    removed, expired = Waiting(server), Waiting(server)
    server.command("queue", "remove", removed.id)
    removed.ended()
    server.command("queue", "expire", expired.id)
    report, = arrivals(server, expired.sender)
    expect(b"Action: failed" in report and expired.to.encode() in report, f"{report}")
    expired.ended()
    arrivals(server, removed.sender, 0)


@check("`queue list` and `queue show` tell of a message, to a person and as JSON")
def shows(server):
    with server.another("d.example") as other:
        waiting = Waiting(server, other)
        listed = other.command("queue", "list").text
        expect(all(it in listed for it in (waiting.id, waiting.sender.address, waiting.to, "deferred", "connection refused")), listed)
        shown = other.command("queue", "show", waiting.id).text
        expect(all(it in shown for it in (waiting.id, waiting.sender.address, waiting.to, "octets", "attempt")), shown)
        told = json.loads(other.command("queue", "show", waiting.id, "--json").out)
        recipient, = told["recipients"]
        expect((told["id"], told["from"], told["held"], recipient["to"], recipient["attempts"], recipient["settled"])
               == (waiting.id, waiting.sender.address, False, waiting.to, 1, False), f"{told}")
        expect(queued(other) == [told], f"{queued(other)}")
        other.command("queue", "remove", "--all")
        wait_until_empty(other)
        expect("The queue is empty." in other.command("queue", "list").text, "another text of an empty queue")


@check("`trace` tells the whole story: who handed it in, each attempt with its dialogue, the outcome; not the content")
def traces(server):
    waiting = Waiting(server)
    expect("It is in the queue" in server.command("trace", waiting.id).text, "it is not told that the message waits")
    with waiting.sink():
        server.command("queue", "retry", waiting.id)
        waiting.ended()
    told = server.command("trace", waiting.id).text
    expected = [f"from=<{waiting.sender.address}>", "connection refused", "S: 220 ", "C: EHLO mail.a.example",
                f"C: MAIL FROM:<{waiting.sender.address}>", f"C: RCPT TO:<{waiting.to}>", "C: DATA", "S: 354", "relayed"]
    places = [told.find(word) for word in expected]
    expect(-1 not in places and places == sorted(places), f"{dict(zip(expected, places))}\n{told}")
    expect("not for the story" not in told and "Subject" not in told, told)
    events = [event["event"] for event in story(server, waiting.id)]
    expect(events[0] == "queued" and {"attempt", "deferred", "connected", "relayed"} <= set(events), f"{events}")


FAILURES = {
    "an id that is not in the queue": (["queue", "show", "b" * 16], 1, "is not in the queue"),
    "what is no id": (["queue", "hold", "x"], 1, "no queue id"),
    "no id": (["queue", "hold"], 2, "required"),
    "ids and --all": (["queue", "hold", "b" * 16, "--all"], 2, "cannot be used with"),
    "the story of an unknown message": (["trace", "b" * 16], 1, "nothing is known"),
    "the story of what is no id": (["trace", "../x"], 1, "no queue id"),
}


@check("{} is refused in words, with an exit code", list(FAILURES))
def refuses(server, what):
    words, status, expected = FAILURES[what]
    ended = server.command(*words, status=status)
    expect(expected in ended.err.decode() and not ended.out, f"{ended}")


@check("orders to a server that does not run fail in words; its queue can still be read")
def orders_without_server(server):
    with server.another("d.example") as other:
        waiting = Waiting(server, other)
        other.stop()
        expect(ids(other) == {waiting.id}, "the queue can't be read")
        ended = other.command("queue", "retry", waiting.id, status=1)
        expect("run" in ended.err.decode() or "serve" in ended.err.decode(), f"{ended}")
        other.start()


@check("200 messages all reach Postfix, once")
def carries_many(server):
    sender = server.user()
    messages = [octets(sender.address, "box@b.example", b"%d\r\n" % number) for number in range(200)]
    with smtplib.SMTP("localhost", server.port["submission"], timeout=60) as session:
        session.login(sender.address, sender.password)
        for message in messages:
            session.sendmail(sender.address, ["box@b.example"], message)
    found = wait_for(lambda: len(it := server.postfix.mail("box")) >= len(messages) and it, lambda: server.postfix.log()[-2000:])
    expect(sorted(found) == sorted(messages), f"{len(found)} messages arrived, or they differ")


@check("VRFY tells nothing by default, and who is here with `vrfy = \"on\"`")
def verifies(server):
    account = server.user()
    with smtplib.SMTP(server.address, server.port["smtp"], timeout=30) as session:
        session.ehlo()
        answers = [session.verify(it)[0] for it in (account.address, "nobody@a.example")]
        expect(answers == [252, 252], f"{answers}")
    with server.another("d.example", smtp={"vrfy": "on"}) as other:
        account = other.user()
        with smtplib.SMTP(other.address, other.port["smtp"], timeout=30) as session:
            session.ehlo()
            code, text = session.verify(account.address)
            expect(code == 250 and account.address.encode() in text, f"{code} {text}")
            code, text = session.verify("nobody@d.example")
            expect(code == 550 and text.startswith(b"5.1.1"), f"{code} {text}")


@check("ETRN of a host elsewhere, and of what is no domain, is refused")
def refuses_etrn(server):
    with server.another("d.example", smtp={"etrn": "never"}) as other, \
            smtplib.SMTP(other.address, other.port["smtp"], timeout=30) as session:
        session.ehlo()
        expect(not session.has_extn("etrn"), "ETRN is announced")
        code, text = session.docmd("ETRN", "b.example")
        expect(code >= 450, f"{code} {text}")
    with smtplib.SMTP(server.address, server.port["smtp"], timeout=30) as session:
        session.ehlo()
        for word in "", "no domain", "<x>":
            code, text = session.docmd("ETRN", word)
            expect(code in (500, 501), f"ETRN {word} was answered {code} {text}")
