"""The `postroad` command itself: users, reload, shutdown, logs, and what `check` says."""

import imaplib
import json
import re
import signal
import smtplib
import socket
import ssl
import time

from harness import Account, Mailbox, Postroad, check, expect, octets, run
from harness.server import make_certificate, program
from programs.python import imap, pop3, refused, smtp

CONFIG = {"limits": {"failed_login_delay": 0}}
SENDER = "someone@example.net"


@check("a user added while the server runs logs in at once")
def adds_user(server):
    account = server.user("newcomer")
    imap(server, account).logout()
    expect(account.address in server.command("user", "list").out.decode(), "`user list` does not list the user")


@check("adding a user twice, or in a foreign domain, is refused in words")
def refuses_bad_user(server):
    account = server.user("twice")
    for address in account.address, "x@elsewhere.example", "not an address":
        ended = server.command("user", "add", address, "--password-stdin", input=b"pw\n", status=None)
        expect(ended.status != 0 and ended.err and b"panicked" not in ended.err, f"{ended}")


@check("a changed password counts at once; the old one no longer")
def changes_password(server):
    account = server.user("changer")
    server.command("user", "passwd", account.address, "--password-stdin", input=b"new one\n")
    refused(imaplib.IMAP4.error, imap, server, account)
    imap(server, Account(account.address, "new one", account.maildir)).logout()


@check("a removed user no longer logs in nor gets mail; the mail stays on disk")
def removes_user(server):
    account = server.user("leaver")
    with smtplib.SMTP("localhost", server.port["smtp"], timeout=30) as session:
        session.sendmail(SENDER, account.address, octets(SENDER, account.address, b"x\r\n"))
    server.command("user", "remove", account.address)
    refused(imaplib.IMAP4.error, imap, server, account)
    with smtplib.SMTP("localhost", server.port["smtp"], timeout=30) as session:
        session.ehlo()
        session.mail(SENDER)
        expect(session.rcpt(account.address)[0] == 550, "mail for a removed user is taken")
    expect(any(account.maildir.rglob("new/*")), "removing a user removed the mail")


@check("no password is kept in the clear")
def keeps_no_password(server):
    account = server.user("hashed", password="Kittiwake-99-z")
    imap(server, account).logout()
    holding = [f for f in server.folder.rglob("*") if f.is_file() and b"Kittiwake" in f.read_bytes()]
    expect(not holding, f"the password stands in {holding}")


@check("SIGHUP takes a new certificate; sessions that run go on")
def reloads(server):
    def served():
        return ssl.get_server_certificate(("127.0.0.1", server.port["imaps"]))

    account = server.user("stayer")
    session, before = imap(server, account), served()
    make_certificate(server.folder)
    server.reload()
    deadline = time.monotonic() + 10
    while served() == before:
        expect(time.monotonic() < deadline, "10 s after SIGHUP the old certificate is served")
        time.sleep(0.05)
    expect(session.noop()[0] == "OK", "the session that ran did not go on")


@check("SIGHUP with a broken configuration changes nothing, and says so")
def survives_bad_reload(server):
    account = server.user("survivor")
    good = server.config_file.read_text()
    server.news()
    try:
        server.config_file.write_text("hostnam = 3\n")
        server.reload()
        deadline, said = time.monotonic() + 10, ""
        while "hostnam" not in said:
            expect(time.monotonic() < deadline, f"10 s after SIGHUP nothing was said of the error: {said}")
            time.sleep(0.05)
            said += server.news()
        imap(server, account).logout()
    finally:
        server.config_file.write_text(good)
        server.reload()


@check("SIGTERM finishes the message under way, says goodbye to who idles, and exits with 0")
def finishes():
    server = Postroad()
    try:
        server.start()
        account = server.user()
        message = octets(SENDER, account.address, b"half\r\nother half\r\n")
        idle = imap(server, account)
        session = smtplib.SMTP("localhost", server.port["smtp"], timeout=30)
        session.ehlo()
        session.mail(SENDER)
        session.rcpt(account.address)
        session.docmd("DATA")
        session.send(message[:-12])
        time.sleep(0.2)
        server.process.send_signal(signal.SIGTERM)
        expect(idle.readline().startswith(b"* BYE"), "an IMAP session was not told BYE")
        session.send(message[-12:] + b".\r\n")
        code, text = session.getreply()
        expect(code == 250, f"the message under way was answered {code} {text}")
        expect(session.getreply()[0] == 421, "the SMTP session was not told 421 before the end")
        expect(server.process.wait(30) == 0, "the server did not exit with 0")
        server.start()
        with Mailbox(server, account) as inbox:
            inbox.expect_contents([message])
    finally:
        server.close()


@check("every line of a JSON log is JSON with a time and an event, and no line holds a secret")
def logs_json():
    server = Postroad(log_format="json", auth={"cleartext": "loopback"}, limits={"failed_login_delay": 0})
    try:
        server.start()
        account = server.user(password="Sanderling-71-k")
        server.news()
        imap(server, account).logout()
        pop3(server, account).quit()
        smtp(server, account).quit()
        smtp(server, account, "plain").quit()
        refused(imaplib.IMAP4.error, imap, server, Account(account.address, "Whimbrel-1", account.maildir))
        server.stop()
        lines = server.news().splitlines()
        events = [json.loads(line) for line in lines]
        expect(len(events) >= 5 and all({"time", "event"} <= event.keys() for event in events), f"{lines}")
        text = "\n".join(lines)
        secrets = "Sanderling", "Whimbrel", "U2FuZGVybGluZ", "NhbmRlcmxpbm", "TYW5kZXJsaW5n"
        expect(not any(secret in text for secret in secrets), f"a secret is in the log:\n{text}")
    finally:
        server.close()


@check("`check` says that a good configuration is good, and prints the limits")
def checks_good(server):
    said = server.command("check").out.decode()
    expect("RFC 5321" in said and "2048" in said.replace(",", ""), f"{said}")


BROKEN = {
    "a misspelt key": ('hostnam = "x"\n', ["hostname", "1"]),
    "a misspelt table": ('hostname = "x"\n\n[listne]\nsmtp = []\n', ["listen", "3"]),
    "a misspelt service": ("[listen]\nsmpt = []\n", ["smtp", "2"]),
    "a misspelt limit": ("[limits]\nmesage = 3\n", ["message", "2"]),
    "a wrong type": ('[limits]\nmessage = "big"\n', ["message", "2"]),
    "a wrong choice": ('[auth]\ncleartext = "sometimes"\n', ["never", "loopback", "2"]),
    "bad TOML": ("hostname = \n", ["1"]),
    "an impossible address": ('[listen]\nsmtp = ["127.0.0.1:99999"]\n', ["127.0.0.1:99999"]),
    "a certificate that is not there": ('[tls]\ncertificate = "nowhere.pem"\nkey = "nowhere.key"\n', ["nowhere.pem"]),
}


@check("`check` says what is wrong with {}, and where", list(BROKEN))
def checks_broken(server, which):
    configuration, words = BROKEN[which]
    file = server.folder / "broken.toml"
    file.write_text(configuration)
    for subcommand in "check", "serve":
        ended = run(program(), subcommand, "--config", file, "--data", server.folder / "unused", status=None, timeout=10)
        expect(ended.status not in (0, 101), f"{ended}")
        missing = [word for word in words if not re.search(rf"\b{re.escape(word)}\b", ended.err.decode())]
        expect(not missing, f"expected {missing} in what is said: {ended}")


@check("a port that is taken is an error in words")
def says_port_taken(server):
    taken = Postroad()
    taken.config["listen"]["smtp"] = [f"127.0.0.1:{server.port['smtp']}"]
    taken.write_config()
    ended = taken.command("serve", status=None, timeout=10)
    expect(ended.status not in (0, 101) and str(server.port["smtp"]) in ended.text, f"{ended}")
    taken.close()


@check("the SMTP extensions announced are those configured, in their order")
def announces_configured():
    extensions = ["PIPELINING", "SIZE", "VRFY", "ETRN", "AUTH", "DSN"]
    with Postroad(smtp={"extensions": extensions}, auth={"cleartext": "loopback"},
                  limits={"message": 10_485_760}) as server:
        with socket.create_connection(("127.0.0.1", server.port["smtp"]), 10) as connection:
            stream = connection.makefile("rb")
            expect(stream.readline() == b"220 mail.example.org ESMTP Service Ready\r\n", "the greeting")
            connection.sendall(b"EHLO client.example.org\r\n")
            lines = [stream.readline()]
            while lines[-1][3:4] == b"-":
                lines.append(stream.readline())
            words = [line[4:].split()[0].decode() for line in lines[1:]]
            expect(words == [word for word in extensions if word != "AUTH"] or words == extensions, f"{lines}")
