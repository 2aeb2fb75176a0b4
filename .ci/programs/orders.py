"""Orders about mail that waits: by `postroad queue`, by ETRN, by time; and what VRFY tells."""

import json
import smtplib

from harness import check, expect, octets
from harness.check import wait_for
from harness.mailbox import without_trace
from harness.town import Sink, Town, arrivals, queued, story, submit, wait_for_action, wait_until_empty


def start_server():
    return Town(["box"]).start()


def post(server, sender, to="x@sink.example"):
    return submit(server, sender, to, octets(sender.address, to, b"not for the story\r\n"))


def deferred(server, to="x@sink.example"):
    """A message that waits, for its host is down."""
    sender = server.user()
    id = post(server, sender, to)
    told = wait_for_action(server, id, "deferred")
    expect(told["status"] == "4.4.1" and "connection refused" in told["text"], f"{told}")
    return sender, id


def etrn(server, domain):
    with smtplib.SMTP(server.address, server.port["smtp"], timeout=30) as session:
        session.ehlo()
        expect(session.has_extn("etrn"), f"ETRN is not announced: {session.esmtp_features}")
        code, text = session.docmd("ETRN", domain)
        expect(code in (250, 251, 252, 253), f"ETRN was answered {code} {text}")


ORDERS = {
    "queue retry ID": lambda server, id: server.command("queue", "retry", id),
    "queue retry --all": lambda server, id: server.command("queue", "retry", "--all"),
    "queue flush DOMAIN": lambda server, id: server.command("queue", "flush", "sink.example"),
    "queue flush *": lambda server, id: server.command("queue", "flush", "*"),
    "ETRN DOMAIN": lambda server, id: etrn(server, "sink.example"),
    "ETRN @DOMAIN": lambda server, id: etrn(server, "@example"),
}


@check("mail for a host that is down waits, and leaves at once when the host is back and somebody says `{}`", list(ORDERS))
def leaves_when_told(server, order):
    _, id = deferred(server)
    with Sink(server.mx_port) as sink:
        ORDERS[order](server, id)
        wait_for(sink.mail, lambda: f"{queued(server)}")
        wait_until_empty(server)


@check("mail for a host that is down leaves by itself, after the time of `[queue] retry`")
def leaves_by_itself(server):
    with server.another("d.example", queue={"retry": ["2s"]}) as other:
        deferred(other)
        with Sink(server.mx_port) as sink:
            wait_for(sink.mail, lambda: f"{queued(other)}", seconds=15)
            wait_until_empty(other)


@check("mail that waits outlives the server, by SIGTERM and by kill -9, and leaves after its start")
def outlives(server):
    with server.another("d.example", queue={"retry": ["2s"]}) as other:
        sender, id = deferred(other)
        other.stop()
        other.start()
        expect([message["id"] for message in queued(other)] == [id], f"{queued(other)}")
        second = post(other, sender)
        other.kill()
        expect({message["id"] for message in queued(other)} == {id, second}, f"{queued(other)}")
        with Sink(server.mx_port) as sink:
            other.start()
            wait_for(lambda: len(sink.mail()) == 2, lambda: f"{queued(other)}", seconds=20)
            wait_until_empty(other)


@check("what is held does not leave, not even when told to, until it is released")
def holds(server):
    _, id = deferred(server)
    server.command("queue", "hold", id)
    message, = queued(server)
    expect(message["held"] is True and "(held)" in server.command("queue", "list").text, f"{message}")
    with Sink(server.mx_port) as sink:
        server.command("queue", "retry", id)
        post(server, server.user())
        wait_for(sink.mail, lambda: f"{queued(server)}")
        wait_for(lambda: len(queued(server)) == 1, lambda: f"{queued(server)}")
        expect(len(sink.mail()) == 1 and queued(server)[0]["id"] == id, "what is held has left")
        server.command("queue", "release", id)
        wait_for(lambda: len(sink.mail()) == 2, lambda: f"{queued(server)}")
        wait_until_empty(server)


@check("`queue reroute --to {}` sends what waits there", ["host:port", "domain"])
def reroutes(server, to):
    _, id = deferred(server, "box@sink.example")
    with Sink(server.mx_port, address="127.0.0.15") as sink:
        server.names.add(f"detour{len(to)} MX 10 mx.detour{len(to)}", f"mx.detour{len(to)} A 127.0.0.15")
        where = {"host:port": f"127.0.0.15:{server.mx_port}", "domain": f"detour{len(to)}.example"}[to]
        server.command("queue", "reroute", id, "--to", where)
        taken, = wait_for(sink.mail, lambda: f"{queued(server)}")
        expect(b"box@sink.example" in taken, f"{taken}")
        wait_until_empty(server)
    expect(server.command("queue", "reroute", id, "--to", "no where", status=1).err.startswith(b"postroad: "), "no reason")


@check("`queue remove`: gone, and nobody is told; `queue expire`: gone, and the sender is told")
def gives_up(server):
    silent, removed = deferred(server)
    server.command("queue", "remove", removed)
    wait_until_empty(server)
    told, expired = deferred(server)
    server.command("queue", "expire", expired)
    report, = arrivals(server, told)
    expect(b"Action: failed" in report and b"Status: 4.4.7" in report or b"Status: 5.4.7" in report, f"{report}")
    wait_until_empty(server)
    arrivals(server, silent, 0)


@check("`queue list` and `queue show` tell of a message, to a person and as JSON")
def shows(server):
    sender, id = deferred(server)
    listed = server.command("queue", "list").text
    expect(all(it in listed for it in (id, sender.address, "x@sink.example", "deferred", "connection refused")), listed)
    shown = server.command("queue", "show", id).text
    expect(all(it in shown for it in (id, sender.address, "x@sink.example", "octets", "attempt")), shown)
    told = json.loads(server.command("queue", "show", id, "--json").out)
    recipient, = told["recipients"]
    expect((told["id"], told["from"], told["held"], recipient["to"], recipient["attempts"], recipient["settled"])
           == (id, sender.address, False, "x@sink.example", 1, False), f"{told}")
    expect(queued(server) == [told], f"{queued(server)}")
    server.command("queue", "remove", "--all")
    wait_until_empty(server)
    expect("The queue is empty." in server.command("queue", "list").text, "another text of an empty queue")


@check("`trace` tells the whole story: who handed it in, each attempt with its dialogue, the outcome; not the content")
def traces(server):
    sender, id = deferred(server)
    expect("It is in the queue" in server.command("trace", id).text, "it is not told that the message waits")
    with Sink(server.mx_port):
        server.command("queue", "retry", id)
        wait_until_empty(server)
    told = server.command("trace", id).text
    expected = [f"from=<{sender.address}>", "connection refused", "S: 220 ", "C: EHLO mail.a.example",
                f"C: MAIL FROM:<{sender.address}>", "C: RCPT TO:<x@sink.example>", "C: DATA", "S: 354", "relayed"]
    places = [told.find(word) for word in expected]
    expect(-1 not in places and places == sorted(places), f"{dict(zip(expected, places))}\n{told}")
    expect("not for the story" not in told and "Subject" not in told, told)
    events = [event["event"] for event in story(server, id)]
    expect(events[0] == "queued" and {"attempt", "deferred", "connected", "relayed", "settled"} <= set(events), f"{events}")


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
        _, id = deferred(other)
        other.stop()
        expect([message["id"] for message in queued(other)] == [id], "the queue can't be read")
        ended = other.command("queue", "retry", id, status=1)
        expect("run" in ended.err.decode() or "serve" in ended.err.decode(), f"{ended}")
        other.start()


@check("a connection per message or one for several: all of 200 messages reach Postfix, once")
def carries_many(server):
    sender = server.user()
    messages = [octets(sender.address, "box@b.example", b"%d\r\n" % number) for number in range(200)]
    with smtplib.SMTP("localhost", server.port["submission"], timeout=60) as session:
        session.login(sender.address, sender.password)
        for message in messages:
            session.sendmail(sender.address, ["box@b.example"], message)
    wait_until_empty(server)
    found = wait_for(lambda: len(it := server.postfix.mail("box")) >= len(messages) and it, lambda: server.postfix.log()[-2000:])
    expect(sorted(found) == sorted(map(without_trace, messages)), f"{len(found)} messages arrived, or they differ")


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
        code, text = session.docmd("ETRN", "sink.example")
        expect(code >= 450, f"{code} {text}")
    with smtplib.SMTP(server.address, server.port["smtp"], timeout=30) as session:
        session.ehlo()
        for word in "", "no domain", "<x>":
            code, text = session.docmd("ETRN", word)
            expect(code in (500, 501), f"ETRN {word} was answered {code} {text}")
