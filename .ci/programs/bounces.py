"""What senders are told when mail goes no further: by this server, by Postfix, and to programs that read reports."""

import os
import re
import smtplib
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from harness import check, expect, octets, run
from harness.check import wait_for
from harness.town import Sink, Town, arrivals, queued, story, submit, transact, wait_for_action, wait_until_empty

READ_BY_FLUFL = """
import sys
from email import message_from_binary_file
from flufl.bounce import all_failures
temporary, permanent = all_failures(message_from_binary_file(sys.stdin.buffer))
print("temporary", *sorted(it.decode() for it in temporary))
print("permanent", *sorted(it.decode() for it in permanent))
"""


def start_server():
    """`gone@b.example` leads to where nobody is, so that Postfix takes mail for it and then reports."""
    return Town(["box"], {"gone": "nobody@c.example"}).start()


class Report:
    """A report of what became of a message (RFC 3462, RFC 3464)."""

    def __init__(self, octets):
        self.octets = octets
        self.message = message_from_bytes(octets, policy=default)
        expect(self.message.get_content_type() == "multipart/report"
               and self.message.get_param("report-type") == "delivery-status", f"{octets[:3000]}")
        self.text, status, self.returned = self.message.iter_parts()
        self.kind = status.get_content_type()
        blocks = status.as_bytes().partition(b"\n\n")[2].strip().split(b"\n\n")
        self.of_message, *self.of_recipients = (message_from_bytes(block, policy=default) for block in blocks)

    @property
    def only(self):
        expect(len(self.of_recipients) == 1, f"{len(self.of_recipients)} recipients are told of")
        return self.of_recipients[0]

    def expect_fields(self, **fields):
        """Of the one recipient; each a regular expression."""
        for name, wanted in fields.items():
            told = self.only[name.replace("_", "-")]
            expect(told is not None and re.search(wanted, str(told), re.S), f"{name} is {told!r}, not {wanted}:\n{self.octets.decode(errors='replace')}")

    def expect_read_by_flufl(self, kind, address):
        python = Path(os.environ["POSTROAD_PYTHON_TOOLS"]) / "bin" / "python"
        ended = run(python, "-c", READ_BY_FLUFL, input=self.octets)
        expect(f"{kind} {address}".strip() in ended.out.decode().splitlines(), f"expected {kind} {address}: {ended}")


def report(server, account, count=1):
    """The last of so many reports to a user."""
    octets = arrivals(server, account, count)[-1]
    expect(octets.startswith(b"Return-Path: <>\r\n"), f"a report comes from the null reverse-path: {octets[:500]}")
    return Report(octets)


def post(server, sender, to, mail=(), rcpt=(), body=b"the body\r\n"):
    message = octets(sender.address, to, body)
    return message, submit(server, sender, to, message, mail, rcpt)


@check("Postfix refuses an unknown user: the sender gets a report with every field, which flufl.bounce reads")
def reports_unknown_user(server):
    sender = server.user()
    message, id = post(server, sender, "nobody@b.example")
    told = report(server, sender)
    expect(told.message["Auto-Submitted"] == "auto-replied" and sender.address in told.message["To"], f"{told.message.items()}")
    expect(str(told.of_message["Reporting-MTA"]) == "dns; mail.a.example" and told.of_message["Arrival-Date"], f"{told.of_message.items()}")
    told.expect_fields(
        Final_Recipient=r"^rfc822; ?nobody@b\.example$", Action="^failed$", Status=r"^5\.1\.1$",
        Diagnostic_Code=r"^smtp; ?550 5\.1\.1 .*nobody@b\.example.*User unknown", Remote_MTA=r"^dns; ?mx\.b\.example",
        Last_Attempt_Date=r"^\w{3}, \d")
    expect(told.kind == "message/delivery-status", told.kind)
    expect(told.returned.get_content_type() == "message/rfc822", f"{told.returned.get_content_type()}")
    expect(message.strip() in told.octets, f"the message is not returned as it was: {told.octets}")
    text = told.text.get_content()
    expect("nobody@b.example" in text and "5.1.1" in text, text)
    told.expect_read_by_flufl("permanent", "nobody@b.example")
    events = [event["event"] for event in story(server, id)]
    expect("failed" in events and "reported" in events, f"{events}")


@check("ENVID, ORCPT and RET=HDRS are honoured")
def honours_parameters(server):
    sender = server.user()
    post(server, sender, "nobody@b.example", ["RET=HDRS", "ENVID=QQ+2B314"],
         ["NOTIFY=FAILURE", "ORCPT=rfc822;Some+2BOne@b.example"], body=b"not to be returned\r\n")
    told = report(server, sender)
    expect(str(told.of_message["Original-Envelope-Id"]) == "QQ+314", f"{told.of_message.items()}")
    told.expect_fields(Original_Recipient=r"^rfc822; ?Some\+One@b\.example$", Action="^failed$")
    expect(told.returned.get_content_type() == "text/rfc822-headers", f"{told.returned.get_content_type()}")
    expect(b"not to be returned" not in told.octets, "the body is returned")


@check("NOTIFY=NEVER: nobody is told")
def tells_nobody(server):
    sender = server.user()
    _, id = post(server, sender, "nobody@b.example", rcpt=["NOTIFY=NEVER"])
    wait_until_empty(server)
    expect([event["event"] for event in story(server, id)].count("failed") == 1, f"{story(server, id)}")
    post(server, sender, "nobody@b.example")
    report(server, sender)


@check("NOTIFY=SUCCESS goes on to Postfix, which knows DSN and reports itself")
def passes_on(server):
    sender = server.user()
    _, id = post(server, sender, "box@b.example", ["ENVID=from-here"], ["NOTIFY=SUCCESS", "ORCPT=rfc822;box@b.example"])
    told = report(server, sender)
    expect("mx.b.example" in str(told.of_message["Reporting-MTA"]), f"{told.of_message.items()}")
    expect(str(told.of_message["Original-Envelope-Id"]) == "from-here", f"{told.of_message.items()}")
    told.expect_fields(Action="^delivered$", Status=r"^2\.", Original_Recipient=r"box@b\.example$")
    said = [event["line"] for event in story(server, id) if event["event"] == "dialogue"]
    expect(any("NOTIFY=SUCCESS" in line for line in said), f"{said}")


@check("NOTIFY=SUCCESS to a host without DSN: this server says that it was relayed")
def tells_of_relaying(server):
    sender = server.user()
    with Sink(server.mx_port, "-N") as sink:
        post(server, sender, "x@sink.example", ["ENVID=id"], ["NOTIFY=SUCCESS"])
        told = report(server, sender)
        taken, = sink.mail()
    told.expect_fields(Action="^relayed$", Status=r"^2\.", Final_Recipient=r"x@sink\.example", Remote_MTA=r"mx\.sink\.example")
    expect(b"NOTIFY" not in taken, f"{taken}")
    told.expect_read_by_flufl("permanent", "")


@check("NOTIFY=SUCCESS without trouble, to a mailbox here: delivered")
def tells_of_delivery(server):
    sender, reader = server.user(), server.user()
    post(server, sender, reader.address, rcpt=["NOTIFY=SUCCESS"])
    told = report(server, sender)
    told.expect_fields(Action="^delivered$", Status=r"^2\.", Final_Recipient=reader.address.replace(".", r"\."))


@check("some recipients are unknown: one report tells of them alone, and the others get the message")
def tells_of_some(server):
    sender = server.user()
    message = octets(sender.address, "box@b.example", b"to some\r\n")
    submit(server, sender, ["nobody@b.example", "box@b.example", "noone@b.example"], message)
    told = report(server, sender)
    finals = sorted(str(it["Final-Recipient"]).split(";")[1].strip() for it in told.of_recipients)
    expect(finals == ["nobody@b.example", "noone@b.example"], f"{finals}")
    wait_for(lambda: message in server.postfix.mail("box"), lambda: server.postfix.log()[-2000:])


@check("Postfix takes mail and reports later: its report arrives here, octet for octet as it left")
def takes_reports(server):
    sender = server.user()
    post(server, sender, "gone@b.example", ["ENVID=later"])
    told = report(server, sender)
    expect("mx.b.example" in str(told.of_message["Reporting-MTA"]), f"{told.of_message.items()}")
    told.expect_fields(Final_Recipient=r"nobody@c\.example", Action="^failed$", Status=r"^5\.1\.1$", Diagnostic_Code="550 5.1.1")


@check("what comes from the null reverse-path and can't be delivered ends there: no report, no loop")
def never_loops(server):
    sender = server.user()
    with smtplib.SMTP("localhost", server.port["submission"], timeout=30) as session:
        session.login(sender.address, sender.password)
        id = transact(session, "", ["nobody@b.example"], octets(sender.address, "nobody@b.example", b"a report\r\n"))
    wait_for(lambda: any(event["event"] == "failed" for event in story(server, id)), lambda: f"{story(server, id)}")
    wait_until_empty(server)
    expect("reported" not in [event["event"] for event in story(server, id)], f"{story(server, id)}")


NO_WAY = {
    "a domain with a null MX": (["null MX 0 ."], "null.example", r"5\.1\.10", "takes no mail"),
    "a domain that does not exist": ([], "missing.example", r"5\.1\.2", "does not exist"),
    "a domain whose best mail host is this one": (["loop MX 10 mail.a", "loop MX 20 mx.b"], "loop.example", r"5\.4\.6", "loops back"),
    "a domain whose mail host has no address": (["bare MX 10 mx.bare"], "bare.example", r"5\.4\.4", "address"),
}


@check("{}: the sender is told at once, and why", list(NO_WAY))
def reports_no_way(server, case):
    records, domain, status, words = NO_WAY[case]
    server.names.add(*records)
    sender = server.user()
    post(server, sender, f"x@{domain}")
    told = report(server, sender)
    told.expect_fields(Action="^failed$", Status=f"^{status}$", Final_Recipient=rf"x@{re.escape(domain)}", Diagnostic_Code=words)
    expect(words in told.text.get_content(), told.text.get_content())
    told.expect_read_by_flufl("permanent", f"x@{domain}")


WAITS = {
    "CNAMEs in a circle": (["round CNAME about", "about CNAME round"], "round.example"),
    "a name that the server refuses to tell": ([], "example.invalid"),
}


@check("{}: mail waits, and the queue's list says why", list(WAITS))
def waits_for_names(server, case):
    records, domain = WAITS[case]
    server.names.add(*records)
    sender = server.user()
    _, id = post(server, sender, f"x@{domain}")
    told = wait_for_action(server, id, "deferred")
    expect(told["status"] == "4.4.3" and "looked up" in told["text"], f"{told}")
    server.command("queue", "remove", id)
    wait_until_empty(server)


@check("a host that is slow to come back: a delay is reported once, after `warn_after`, and the end at `lifetime`")
def reports_delay(server):
    with server.another("d.example", queue={"retry": ["1s"], "warn_after": "2s", "lifetime": "6s"}) as other:
        sender = other.user()
        post(other, sender, "x@sink.example", rcpt=["NOTIFY=FAILURE,DELAY"])
        warned, given_up = (Report(it) for it in arrivals(other, sender, 2))
        warned.expect_fields(Action="^delayed$", Status=r"^4\.4\.1$", Will_Retry_Until=r"^\w{3}, \d")
        warned.expect_read_by_flufl("temporary", "x@sink.example")
        given_up.expect_fields(Action="^failed$", Status=r"^[45]\.4\.[17]$")
        given_up.expect_read_by_flufl("permanent", "x@sink.example")
        expect(not queued(other), f"{queued(other)}")


@check("a message beyond ASCII that fails is reported in a form that its sender's server can take")
def reports_international(server):
    sender = server.user("ärger")
    message = octets(sender.address, "niemänd@b.example", "Grüße\r\n".encode())
    submit(server, sender, "niemänd@b.example", message, ["SMTPUTF8", "BODY=8BITMIME"])
    told = report(server, sender)
    expect(told.kind == "message/global-delivery-status", told.kind)
    told.expect_fields(Final_Recipient=r"^utf-8; ?niemänd@b\.example", Action="^failed$", Status=r"^5\.1\.1$")
    expect(message.strip() in told.octets, f"{told.octets}")
