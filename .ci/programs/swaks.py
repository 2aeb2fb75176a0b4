"""swaks sends by every door, with every SASL mechanism it has, over TCP and over a UNIX socket."""

import re

from harness import Mailbox, check, expect, need, octets, run, samples

CONFIG = {"auth": {"cleartext": "loopback"}, "limits": {"message": 1_000_000, "failed_login_delay": 0}}
SENDER = "someone@example.net"

TLS = {"plain": [], "STARTTLS": ["--tls"], "TLS on connect": ["--tls-on-connect"]}


def swaks(server, *words, message=None, status=0):
    need("swaks")
    words = [*words, "--timeout", "20", "--tls-verify", "--tls-ca-path", server.certificate, "--tls-sni", "localhost"]
    if "--socket" not in words:
        words = ["--server", "localhost", *words]
    if message is not None:
        file = server.folder / "message"
        file.write_bytes(stuffed(message))
        words += ["--no-data-fixup", "--data", f"@{file}"]
    return run("swaks", *words, status=status)


def stuffed(message):
    """The message as it goes over the wire: swaks changes what it stuffs itself."""
    return re.sub(rb"^\.", b"..", message, flags=re.M) + b".\r\n"


def login(account, mechanism):
    return ["--auth", mechanism, "--auth-user", account.address, "--auth-password", account.password]


@check("what comes to port 25 arrives octet for octet, {}", ["plain", "STARTTLS"])
def sends_to_smtp(server, tls):
    account = server.user()
    messages = [message for _, message in samples(SENDER, account.address)]
    for message in messages:
        swaks(server, "--port", server.port["smtp"], *TLS[tls], "--from", SENDER, "--to", account.address, message=message)
    with Mailbox(server, account) as inbox:
        inbox.expect_contents(messages)


@check("pipelined commands are answered in order")
def pipelines(server):
    accounts = [server.user() for _ in range(3)]
    message = octets(SENDER, accounts[0].address, b"to three\r\n")
    to = ",".join(account.address for account in accounts)
    swaks(server, "--port", server.port["smtp"], "--pipeline", "--from", SENDER, "--to", to, message=message)
    for account in accounts:
        with Mailbox(server, account) as inbox:
            inbox.expect_contents([message])


@check("{} submission with {}", [(tls, mechanism) for tls in TLS for mechanism in ("PLAIN", "LOGIN")])
def submits(server, tls, mechanism):
    sender, recipient = server.user(), server.user()
    port = server.port["submissions" if tls == "TLS on connect" else "submission"]
    message = octets(sender.address, recipient.address, b"submitted\r\n.\r\n")
    swaks(server, "--port", port, *TLS[tls], *login(sender, mechanism),
          "--from", sender.address, "--to", recipient.address, message=message)
    with Mailbox(server, recipient) as inbox:
        inbox.expect_contents([message])


@check("LMTP over {} delivers to each recipient", ["TCP", "a UNIX socket"])
def delivers_by_lmtp(server, transport):
    where = ["--port", server.port["lmtp"]] if transport == "TCP" else ["--socket", server.lmtp_socket]
    accounts = [server.user(), server.user()]
    message = octets(SENDER, "both", b"by LMTP\r\n..\r\n")
    ended = swaks(server, "--protocol", "LMTP", *where, "--from", SENDER,
                  "--to", ",".join(account.address for account in accounts), message=message)
    expect(ended.text.count("250 2.") >= 4, f"expected a reply for each recipient: {ended}")
    for account in accounts:
        with Mailbox(server, account) as inbox:
            inbox.expect_contents([message])


@check("an unknown user is refused with 550 5.1.1")
def refuses_unknown_user(server):
    ended = swaks(server, "--port", server.port["smtp"], "--from", SENDER, "--to", "nobody@example.org", status=24)
    expect("550 5.1.1" in ended.text, f"{ended}")


@check("mail for another domain is not relayed, to {}", [
    "someone@example.com", "someone%example.com@elsewhere.example", "@example.org:someone@example.com",
    '"someone@example.com"@elsewhere.example',
])
def is_no_open_relay(server, recipient):
    ended = swaks(server, "--port", server.port["smtp"], "--from", SENDER, "--to", recipient, status=24)
    expect(" 550 5." in ended.text or " 501 5." in ended.text, f"{ended}")


@check("submission demands a login (530)")
def submission_demands_login(server):
    account = server.user()
    ended = swaks(server, "--port", server.port["submission"], "--from", account.address, "--to", account.address, status=23)
    expect("530 5.7.0" in ended.text, f"{ended}")


@check("a wrong password is refused with 535 5.7.8")
def refuses_wrong_password(server):
    account = server.user()
    ended = swaks(server, "--port", server.port["submission"], "--tls", "--auth", "PLAIN", "--auth-user",
                  account.address, "--auth-password", "wrong", "--quit-after", "AUTH", status=28)
    expect("535 5.7.8" in ended.text, f"{ended}")


@check("nobody submits in another's name")
def refuses_anothers_name(server):
    mallory, alice = server.user(), server.user()
    ended = swaks(server, "--port", server.port["submission"], "--tls", *login(mallory, "PLAIN"),
                  "--from", alice.address, "--to", alice.address, status=None)
    expect(ended.status in (23, 24) and " 5.7.1 " in ended.text, f"{ended}")
    forged = octets(alice.address, alice.address, b"not by alice\r\n")
    ended = swaks(server, "--port", server.port["submission"], "--tls", *login(mallory, "PLAIN"),
                  "--from", mallory.address, "--to", alice.address, message=forged, status=26)
    expect(" 5.7.1 " in ended.text, f"{ended}")
    with Mailbox(server, alice) as inbox:
        inbox.expect_contents([])


@check("a message over the limit is refused with 552 5.3.4, announced or not")
def refuses_large_message(server):
    account = server.user()
    message = octets(SENDER, account.address, (b"x" * 70 + b"\r\n") * 15_000)
    ended = swaks(server, "--port", server.port["smtp"], "--from", SENDER, "--to", account.address, message=message, status=26)
    expect("552 5.3.4" in ended.text, f"{ended}")
    announced = swaks(server, "--port", server.port["smtp"], "--from", f"<{SENDER}> SIZE=1000001", "--to", account.address, status=None)
    with Mailbox(server, account) as inbox:
        inbox.expect_contents([])
    expect(announced.status != 0, f"{announced}")


@check("an alias, a sub-address and postmaster lead to a mailbox")
def finds_other_names(server):
    account = server.user()
    server.config["aliases"] = {"info@example.org": account.address, "postmaster": account.address}
    server.write_config()
    server.reload()
    names = ["info@example.org", account.address.replace("@", "+tag@"), "postmaster"]
    messages = [octets(SENDER, name, b"by another name\r\n") for name in names]
    for name, message in zip(names, messages):
        swaks(server, "--port", server.port["smtp"], "--from", SENDER, "--to", name, message=message)
    with Mailbox(server, account) as inbox:
        inbox.expect_contents(messages)
