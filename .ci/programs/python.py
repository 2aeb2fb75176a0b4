"""Python's own smtplib, poplib and imaplib."""

import base64
import imaplib
import poplib
import smtplib
import ssl
import time

from harness import Failure, Mailbox, Postroad, check, expect, octets, samples

CONFIG = {"auth": {"cleartext": "loopback"}, "limits": {"failed_login_delay": 0}}
SENDER = "someone@example.net"


def trusting(server):
    return ssl.create_default_context(cafile=server.certificate)


def smtp(server, account, way="STARTTLS"):
    if way == "TLS on connect":
        session = smtplib.SMTP_SSL("localhost", server.port["submissions"], timeout=30, context=trusting(server))
    else:
        session = smtplib.SMTP("localhost", server.port["submission"], timeout=30)
    if way == "STARTTLS":
        session.starttls(context=trusting(server))
    session.login(account.address, account.password)
    return session


def pop3(server, account, way="TLS on connect"):
    if way == "TLS on connect":
        session = poplib.POP3_SSL("localhost", server.port["pop3s"], timeout=30, context=trusting(server))
    else:
        session = poplib.POP3("localhost", server.port["pop3"], timeout=30)
    if way == "STLS":
        session.stls(context=trusting(server))
    session.user(account.address)
    session.pass_(account.password)
    return session


def imap(server, account, way="TLS on connect"):
    if way == "TLS on connect":
        session = imaplib.IMAP4_SSL("localhost", server.port["imaps"], timeout=30, ssl_context=trusting(server))
    else:
        session = imaplib.IMAP4("localhost", server.port["imap"], timeout=30)
    if way == "STARTTLS":
        session.starttls(ssl_context=trusting(server))
    session.login(account.address, account.password)
    return session


def refused(error, action, *arguments):
    try:
        action(*arguments)
    except error as refusal:
        return refusal
    raise Failure(f"{action.__name__}{arguments} was not refused")


@check("smtplib: several messages over one {} session", ["plain", "STARTTLS", "TLS on connect"])
def sends(server, way):
    sender, recipient = server.user(), server.user()
    messages = [message for _, message in samples(sender.address, recipient.address)]
    with smtp(server, sender, way) as session:
        for message in messages:
            options = ["BODY=8BITMIME"] if any(octet > 127 for octet in message) else []
            expect(session.sendmail(sender.address, [recipient.address], message, options) == {}, "a recipient was refused")
    with Mailbox(server, recipient) as inbox:
        inbox.expect_contents(messages)


@check("smtplib: a message to one known and one unknown recipient reaches the known one")
def sends_partly(server):
    known = server.user()
    message = octets(SENDER, known.address, b"x\r\n")
    with smtplib.SMTP("localhost", server.port["smtp"], timeout=30) as session:
        failed = session.sendmail(SENDER, [known.address, "nobody@example.org"], message)
    expect(list(failed) == ["nobody@example.org"] and failed["nobody@example.org"][0] == 550, f"{failed}")
    with Mailbox(server, known) as inbox:
        inbox.expect_contents([message])


@check("smtplib: an international message with SMTPUTF8")
def sends_international(server):
    account = server.user()
    message = octets("ünïcode@bücher.example", account.address, "Grüße\r\n".encode())
    with smtplib.SMTP("localhost", server.port["smtp"], timeout=30) as session:
        session.ehlo()
        expect(session.has_extn("smtputf8"), "SMTPUTF8 is not announced")
        session.sendmail("ünïcode@bücher.example", [account.address], message, ["SMTPUTF8", "BODY=8BITMIME"])
    with Mailbox(server, account) as inbox:
        inbox.expect_contents([message])


@check("smtplib: a password of UTF-8, blanks and quotes logs in by every protocol")
def logs_in_with_odd_password(server):
    account = server.user(password='päss "wörd" \\ x')
    with smtplib.SMTP_SSL("localhost", server.port["submissions"], timeout=30, context=trusting(server)) as session:
        session.ehlo()
        response = base64.b64encode(f"\0{account.address}\0{account.password}".encode()).decode()
        code, answer = session.docmd("AUTH", f"PLAIN {response}")
        expect(code == 235, f"AUTH PLAIN was answered {code} {answer}")
    session = poplib.POP3_SSL("localhost", server.port["pop3s"], timeout=30, context=trusting(server))
    session.utf8()
    session.user(account.address)
    session.pass_(account.password)
    session.quit()
    session = imaplib.IMAP4_SSL("localhost", server.port["imaps"], timeout=30, ssl_context=trusting(server))
    status, answer = session.authenticate("PLAIN", lambda _: f"\0{account.address}\0{account.password}".encode())
    expect(status == "OK", f"{answer}")
    session.logout()


@check("poplib over {}: LIST, UIDL, RETR, TOP, RSET, and DELE that counts only after QUIT", ["plain", "STLS", "TLS on connect"])
def reads_pop3(server, way):
    account = server.user()
    messages = [message for _, message in samples(SENDER, account.address)]
    with Mailbox(server, account) as inbox:
        for message in messages:
            inbox.ok(inbox.imap.append("INBOX", None, None, message))
    session = pop3(server, account, way)
    count, size = session.stat()
    expect((count, size) == (len(messages), sum(map(len, messages))), f"STAT says {count} messages of {size} octets")
    for number, message in enumerate(messages, 1):
        _, lines, _ = session.retr(number)
        expect(b"\r\n".join(lines) + b"\r\n" == message, f"message {number}: {lines}")
        _, lines, _ = session.top(number, 1)
        head, _, body = message.partition(b"\r\n\r\n")
        first = [body.split(b"\r\n")[0]] if body else []
        expect(lines == [*head.split(b"\r\n"), b"", *first], f"TOP {number} 1: {lines}")
    unique = session.uidl()[1]
    session.dele(1)
    refused(poplib.error_proto, session.retr, 1)
    session.rset()
    session.dele(2)
    session.close()
    session = pop3(server, account, way)
    expect(session.uidl()[1] == unique, "unique-ids changed, or a DELE without QUIT counted")
    session.dele(1)
    session.quit()
    session = pop3(server, account, way)
    expect([line.split()[1] for line in session.uidl()[1]] == [line.split()[1] for line in unique[1:]], "DELE and QUIT left it there")
    session.quit()


@check("poplib: a maildrop is one session's alone, and CAPA says what there is")
def locks_maildrop(server):
    account = server.user()
    first = pop3(server, account)
    expect("in-use" in str(refused(poplib.error_proto, pop3, server, account)).lower(), "expected [IN-USE]")
    capabilities = first.capa()
    expect({"TOP", "UIDL", "PIPELINING", "RESP-CODES", "SASL", "EXPIRE", "IMPLEMENTATION"} <= set(capabilities), f"{capabilities}")
    first.quit()
    pop3(server, account).quit()


@check("imaplib over {}: mailboxes made, renamed, subscribed, listed and deleted", ["plain", "STARTTLS", "TLS on connect"])
def manages_mailboxes(server, way):
    session = imap(server, server.user(), way)
    names = ["Work", "Work.2026", "R&AOk-union", '"a b"']
    for name in names:
        expect(session.create(name)[0] == "OK", f"CREATE {name}")
        expect(session.subscribe(name)[0] == "OK", f"SUBSCRIBE {name}")
    listed = b"\n".join(session.list()[1])
    expect(all(name.strip('"').encode() in listed for name in names), f"LIST: {listed}")
    expect(session.rename("Work", "Labour")[0] == "OK", "RENAME")
    listed = b"\n".join(session.list()[1])
    expect(b"Labour.2026" in listed and b"Work" not in listed, f"LIST after RENAME: {listed}")
    expect(session.create("INBOX")[0] == "NO", "CREATE INBOX was not refused")
    expect(session.delete("Labour.2026")[0] == "OK", "DELETE")
    expect(b"a b" in b"\n".join(session.lsub()[1]), "LSUB lost a subscription")
    session.logout()


@check("imaplib: APPEND, SEARCH, FETCH, STORE, COPY, MOVE and EXPUNGE")
def works_on_messages(server):
    account = server.user()
    session = imap(server, account)
    messages = [message for _, message in samples(SENDER, account.address)]
    when = "05-May-2026 10:11:12 +0200"
    for message in messages:
        status, answer = session.append("INBOX", "(\\Seen $Forwarded)", f'"{when}"', message)
        expect(status == "OK" and b"APPENDUID" in answer[0], f"{answer}")
    session.select()
    fetched = session.fetch("1", "(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)")[1][0]
    expect(b"$Forwarded" in fetched and b"RFC822.SIZE %d " % len(messages[0]) in fetched, f"{fetched}")
    told = imaplib.Internaldate2tuple(fetched)
    expect(told and time.mktime(told) == 1_777_968_672, f"INTERNALDATE is not {when}: {fetched}")
    session.literal = "Köln".encode()
    expect(session.search("UTF-8", "TEXT")[1] == [b"7"], "SEARCH CHARSET UTF-8 TEXT")
    expect(session.search(None, "SUBJECT", "dots")[1] == [b"3"], f"{session.search(None, 'SUBJECT', 'dots')}")
    expect(session.search(None, "KEYWORD", "$Forwarded")[1][0].split() == [b"%d" % n for n in range(1, len(messages) + 1)], "SEARCH KEYWORD")
    partial = session.fetch("3", "(BODY.PEEK[TEXT]<2.5>)")[1][0][1]
    expect(partial == messages[2].partition(b"\r\n\r\n")[2][2:7], f"{partial}")
    session.create("Other")
    expect(b"COPYUID" in session.copy("1:2", "Other")[1][0], "COPY has no COPYUID")
    expect(session.uid("MOVE", "1", "Other")[0] == "OK" and session.response("EXPUNGE")[1] == [b"1"], "UID MOVE")
    session.store("1", "+FLAGS", "(\\Deleted)")
    expect(session.expunge()[1] == [b"1"], "EXPUNGE")
    session.logout()
    with Mailbox(server, account) as inbox:
        inbox.expect_contents(messages[2:])
    with Mailbox(server, account, "Other") as other:
        other.expect_contents([messages[0], messages[1], messages[0]])


@check("no login without TLS where the configuration says so")
def demands_tls():
    with Postroad(auth={"cleartext": "never"}) as server:
        account = server.user()
        session = imaplib.IMAP4("localhost", server.port["imap"], timeout=30)
        expect("LOGINDISABLED" in session.capabilities, f"{session.capabilities}")
        refused(imaplib.IMAP4.error, session.login, account.address, account.password)
        refused((smtplib.SMTPException,), smtp, server, account, "plain")
        refused(poplib.error_proto, pop3, server, account, "plain")
