"""msmtp submits: plain, STARTTLS and TLS on connect, with each SASL mechanism that both ends have."""

from harness import Mailbox, check, expect, need, octets, run, samples

CONFIG = {"auth": {"cleartext": "loopback"}, "limits": {"failed_login_delay": 0}}

TLS = {
    "plain": ["--tls=off"],
    "STARTTLS": ["--tls=on", "--tls-starttls=on"],
    "TLS on connect": ["--tls=on", "--tls-starttls=off"],
}
MECHANISMS = ("plain", "login", "scram-sha-256")


def msmtp(server, tls, mechanism, account, recipients, message, status=0, password=None):
    need("msmtp")
    port = server.port["submissions" if tls == "TLS on connect" else "submission"]
    trust = [] if tls == "plain" else [f"--tls-trust-file={server.certificate}"]
    return run(
        "msmtp", "--host=localhost", f"--port={port}", *TLS[tls], *trust, f"--auth={mechanism}",
        f"--user={account.address}", f"--passwordeval=echo '{password or account.password}'",
        f"--from={account.address}", "--timeout=20", "--", *recipients,
        input=message.replace(b"\r\n", b"\n"), status=status, env={"HOME": str(server.folder)})


@check("{} with {}", [(tls, mechanism) for tls in TLS for mechanism in MECHANISMS])
def submits(server, tls, mechanism):
    sender, recipient = server.user(), server.user()
    message = octets(sender.address, recipient.address, b"submitted\r\n.\r\n..\r\n")
    msmtp(server, tls, mechanism, sender, [recipient.address], message)
    with Mailbox(server, recipient) as inbox:
        inbox.expect_contents([message])


@check("every sample arrives octet for octet")
def submits_samples(server):
    sender, recipient = server.user(), server.user()
    messages = [message for _, message in samples(sender.address, recipient.address)]
    for message in messages:
        msmtp(server, "TLS on connect", "scram-sha-256", sender, [recipient.address], message)
    with Mailbox(server, recipient) as inbox:
        inbox.expect_contents(messages)


@check("Bcc reaches its recipient and is not told to the others")
def hides_bcc(server):
    sender, shown, hidden = server.user(), server.user(), server.user()
    message = octets(sender.address, shown.address, b"x\r\n", fields=[f"Bcc: {hidden.address}"])
    msmtp(server, "STARTTLS", "plain", sender, [shown.address, hidden.address], message)
    for account in shown, hidden:
        with Mailbox(server, account) as inbox:
            arrived, = inbox.contents()
            expect(b"Bcc:" not in arrived and arrived.endswith(b"\r\n\r\nx\r\n"), f"{arrived}")


@check("a wrong password is refused, with {}", MECHANISMS)
def refuses_wrong_password(server, mechanism):
    sender = server.user()
    ended = msmtp(server, "STARTTLS", mechanism, sender, [sender.address], b"x: y\r\n\r\n", status=None, password="wrong")
    expect(ended.status != 0 and "535" in ended.text, f"{ended}")
