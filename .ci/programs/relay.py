"""Mail leaves for Postfix, and comes back from it: by the MX records of a DNS server, with TLS, and by routes."""

import os
import re

from harness import check, expect, octets, samples
from harness.authority import Authority
from harness.check import wait_for
from harness.mailbox import expect_same, without_trace
from harness.town import (
    OTHER, POSTFIX, Sink, Town, arrivals, queued, story, submit, wait_for_action, wait_until_empty,
)

LARGE = 10 * 1024 * 1024
MAILBOXES = ["all", "large", "plain", "required", "cleartext", "route", "smart", "jürgen"]
RESIDENTS = ["there", "one", "two", "tls"]


def start_server():
    """`onward@b.example` leads on to the other Postroad, `back@b.example` back to this one."""
    return Town(MAILBOXES, {"onward": "there@c.example", "back": "here@a.example", "zurück": "müller@a.example"}, RESIDENTS).start()


def eight_bit(message):
    return [] if message.isascii() else ["BODY=8BITMIME"]


def expect_deferred(server, id, *words):
    """The message waits, and the queue's list says why."""
    recipient = wait_for_action(server, id, "deferred")
    expect(recipient["status"].startswith("4.") and all(word in recipient["text"] for word in words), f"{recipient}")
    return recipient


def expect_unseen(town, sender):
    expect(f"from=<{sender.address}>" not in town.postfix.log(), "Postfix was told of mail from there:\n" + town.postfix.log()[-2000:])


@check("every sample reaches Postfix's mailbox octet for octet, and through Postfix another Postroad, and this one again")
def samples_arrive(server):
    sender, here, there = server.user(), server.user("here"), server.residents["there"]
    messages = [message for _, message in samples(sender.address, "all@b.example")]
    for message in messages:
        submit(server, sender, ["all@b.example", "onward@b.example", "back@b.example"], message, eight_bit(message))
    arrived = {
        "this server": [without_trace(it) for it in arrivals(server, here, len(messages))],
        "the other server": [without_trace(it) for it in arrivals(server.other, there, len(messages))],
        "Postfix": wait_for(lambda: len(it := server.postfix.mail("all")) >= len(messages) and it, lambda: server.postfix.log()[-2000:]),
    }
    for where, found in arrived.items():
        expect_same(messages, found, where)
    wait_until_empty(server)


@check("a message of 10 MiB reaches Postfix octet for octet")
def large_arrives(server):
    sender = server.user()
    line = os.urandom(499).hex().encode() + b"\r\n"
    message = octets(sender.address, "large@b.example", line * (LARGE // len(line) + 1))
    submit(server, sender, "large@b.example", message)
    found = wait_for(lambda: server.postfix.mail("large"), lambda: server.postfix.log()[-2000:])
    expect(found == [message], f"{[len(it) for it in found]} octets arrived, of {len(message)}")


@check("addresses beyond ASCII travel by SMTPUTF8 to Postfix's mailbox, and through Postfix back")
def international_arrives(server):
    sender, reader = server.user("zoë"), server.user("müller")
    message = octets("zoë@a.example", "jürgen@b.example", "Grüße\r\n".encode(), subject="Grüße")
    submit(server, sender, ["jürgen@b.example", "zurück@b.example"], message, ["SMTPUTF8", "BODY=8BITMIME"])
    found = wait_for(lambda: server.postfix.mail("jürgen"), lambda: server.postfix.log()[-2000:])
    expect(found == [message], f"{found}")
    expect([without_trace(it) for it in arrivals(server, reader)] == [message], "it came back changed")


@check("one message for two domains is carried to each; who is at the same one shares a transaction")
def several_domains(server):
    sender, there, too = server.user(), server.residents["one"], server.residents["two"]
    message = octets(sender.address, there.address, b"for many\r\n")
    id = submit(server, sender, [there.address, too.address, "plain@b.example"], message)
    for account in there, too:
        expect([without_trace(it) for it in arrivals(server.other, account)] == [message], f"{account.address} has another message")
    wait_for(lambda: message in server.postfix.mail("plain"), lambda: server.postfix.log()[-2000:])
    wait_until_empty(server)
    said = [event["line"] for event in story(server, id) if event["event"] == "dialogue"]
    expect(sum("MAIL FROM" in line for line in said) == 2, f"expected two transactions: {said}")


@check("TLS is used where it is offered, both ways: the Received fields of each say so")
def uses_tls(server):
    sender, there = server.user(), server.residents["tls"]
    submit(server, sender, there.address, octets(sender.address, there.address, b"by TLS\r\n"))
    arrived, = arrivals(server.other, there)
    expect(b"with ESMTPS" in arrived.partition(b"\r\nFrom:")[0], f"{arrived}")
    id = submit(server, sender, "plain@b.example", octets(sender.address, "plain@b.example", b"to Postfix\r\n"))
    wait_until_empty(server)
    event = next(event for event in story(server, id) if event["event"] == "relayed")
    expect(event["tls"].startswith("TLS"), f"{event}")
    expect(re.search(r"Anonymous TLS connection established from .*TLSv1\.3", server.postfix.log()), server.postfix.log()[-2000:])


@check("`tls = \"require\"` and a trusted authority: mail goes to Postfix by TLS")
def requires_tls(server):
    with server.another("d.example", routes={"b.example": {"tls": "require"}}, trust=server.postfix.authority.certificate) as other:
        sender = other.user()
        message = octets(sender.address, "required@b.example", b"by TLS alone\r\n")
        id = submit(other, sender, "required@b.example", message)
        found = wait_for(lambda: server.postfix.mail("required"), lambda: f"{queued(other)}")
        expect(found == [message], f"{found}")
        expect(next(it for it in story(other, id) if it["event"] == "relayed")["tls"].startswith("TLS"), f"{story(other, id)}")


UNTRUSTED = {
    "an authority that is not trusted": ("plain@b.example", False),
    "a certificate for another name": ("plain@elsewhere.example", True),
}


@check("`tls = \"require\"` and {}: mail waits, with the reason, and is not sent in the clear", list(UNTRUSTED))
def waits_for_tls(server, case):
    to, trusted = UNTRUSTED[case]
    if trusted:
        server.names.add("elsewhere MX 10 mx.elsewhere", f"mx.elsewhere A {POSTFIX}")
    trust = server.postfix.authority.certificate if trusted else None
    with server.another("d.example", routes={"*": {"tls": "require"}}, trust=trust) as other:
        sender = other.user()
        id = submit(other, sender, to, octets(sender.address, to, b"secret\r\n"))
        expect_deferred(other, id, "certificate")
        expect_unseen(server, sender)


@check("`tls = \"require\"` and a host without STARTTLS: mail waits, with the reason")
def waits_for_starttls(server):
    with Sink(server.mx_port) as sink, server.another("d.example", routes={"sink.example": {"tls": "require"}}) as other:
        sender = other.user()
        id = submit(other, sender, "x@sink.example", octets(sender.address, "x@sink.example", b"secret\r\n"))
        expect_deferred(other, id, "STARTTLS")
        expect(not sink.mail(), f"{sink.mail()}")


@check("`tls = \"none\"`: mail goes in the clear")
def goes_in_the_clear(server):
    with server.another("d.example", routes={"b.example": {"tls": "none"}}) as other:
        sender = other.user()
        message = octets(sender.address, "cleartext@b.example", b"for all to read\r\n")
        id = submit(other, sender, "cleartext@b.example", message)
        wait_for(lambda: server.postfix.mail("cleartext") == [message], lambda: f"{queued(other)}")
        said = [event["line"] for event in story(other, id) if event["event"] == "dialogue"]
        expect("C: STARTTLS" not in said, f"{said}")


@check("a route names a host and a port, and takes the place of DNS")
def goes_by_route(server):
    route = {"host": POSTFIX, "port": server.mx_port}
    with server.another("d.example", routes={"nowhere.example": route, "b.example": route}, dns={"servers": ["127.0.0.1:1"]}) as other:
        sender = other.user()
        message = octets(sender.address, "route@b.example", b"by a route\r\n")
        submit(other, sender, "route@b.example", message)
        wait_for(lambda: server.postfix.mail("route") == [message], lambda: f"{queued(other)}")


class Smarthost:
    """Two servers of one domain: `sender` hands all mail to the submission port of `host`."""

    def __init__(self, town, password=None):
        self.host = town.another("s.example", auth={"cleartext": "never"})
        file = self.host.folder / "password"
        route = {"host": "localhost", "port": self.host.port["submission"], "tls": "require", "user": "me@s.example",
                 "password_file": str(file)}
        self.sender = town.another("s.example", routes={"*": route}, trust=self.host.certificate)
        self.account = self.sender.user("me", password="one password")
        self.login = self.host.user("me", password="Another-one-77")
        file.write_text((password or self.login.password) + "\n")

    def __enter__(self):
        self.host.start()
        self.sender.start()
        return self

    def __exit__(self, *_):
        self.sender.close()
        self.host.close()


@check("a smarthost gets all mail, after STARTTLS and a login; the story of a message keeps the password to itself")
def goes_by_smarthost(server):
    with Smarthost(server) as town:
        message = octets("me@s.example", "smart@b.example", b"by a smarthost\r\n")
        id = submit(town.sender, town.account, "smart@b.example", message)
        wait_for(lambda: server.postfix.mail("smart") == [message], lambda: f"{queued(town.sender)} {queued(town.host)}")
        told = town.sender.command("trace", id).text
        expect("C: STARTTLS" in told and "C: AUTH " in told and "[redacted]" in told, told)
        expect(town.login.password not in told and "by a smarthost" not in told, told)


@check("a smarthost that refuses the password: mail waits, with the reason")
def waits_for_login(server):
    with Smarthost(server, password="wrong") as town:
        id = submit(town.sender, town.account, "smart@b.example", octets("me@s.example", "smart@b.example", b"x\r\n"))
        expect_deferred(town.sender, id, "535")
        told = town.sender.command("trace", id).text
        expect("wrong" not in told, told)


WAYS = {
    "a domain that is a CNAME": ["cname CNAME c"],
    "a domain whose mail host is a CNAME, against RFC 5321": ["cname MX 10 host.cname", "host.cname CNAME mail.c"],
    "a domain without MX records": [f"cname A {OTHER}"],
    "the second of two addresses": ["cname MX 10 mx.cname", "mx.cname A 127.0.0.21", f"mx.cname A {OTHER}"],
    "the next mail host": ["cname MX 5 mx.cname", "cname MX 5 gone.cname", "cname MX 10 mail.c", "mx.cname A 127.0.0.21"],
}


@check("mail is offered to {}", list(WAYS))
def finds_the_way(server, way):
    """Whether the other server takes it does not matter here: that is not one of its domains."""
    sender, domain = server.user(), f"way{list(WAYS).index(way)}"
    server.names.add(*(record.replace("cname", domain) for record in WAYS[way]))
    to = f"x@{domain}.example"
    id = submit(server, sender, to, octets(sender.address, to, b"x\r\n"))
    wait_until_empty(server)
    hosts = {event["address"]: event["reply"] for event in story(server, id) if event["event"] == "failed"}
    expect(list(hosts) == [OTHER] and "relay" in hosts[OTHER].lower(), f"{story(server, id)}")
