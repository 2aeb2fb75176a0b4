"""fetchmail takes mail away by POP3 and IMAP, and hands it to a program or on by SMTP and LMTP."""

from harness import Mailbox, check, expect, need, run, samples
from harness.local import append
from harness.mailbox import crlf, expect_same, without_trace

DOORS = {
    "POP3, STLS": ("pop3", "pop3", "sslproto 'TLS1.2+'"),
    "POP3, TLS on connect": ("pop3", "pop3s", "ssl"),
    "IMAP, STARTTLS": ("imap", "imap", "sslproto 'TLS1.2+'"),
    "IMAP, TLS on connect": ("imap", "imaps", "ssl"),
}


def fetchmail(server, account, door, *words, further="", status=0):
    need("fetchmail")
    protocol, service, tls = DOORS[door]
    rc = server.folder / "fetchmailrc"
    rc.write_text(
        f"poll localhost port {server.port[service]} proto {protocol} auth password timeout 20\n"
        f"  user '{account.address}' password '{account.password}'\n"
        f"  {tls} sslcertck sslcertfile '{server.certificate}' {further}\n")
    rc.chmod(0o600)
    return run("fetchmail", "-f", rc, "--nosyslog", "--pidfile", server.folder / "fetchmail.pid", "--idfile",
               server.folder / "fetchids", *words, status=status, env={"HOME": str(server.folder)})


@check("takes mail by {}", list(DOORS))
def takes_mail(server, door):
    account = server.user()
    messages = [message for _, message in samples("a@example.net", account.address)]
    for message in messages:
        append(server, account, "INBOX", message)
    taken = server.folder / f"taken-{account.address}"
    taken.mkdir()
    script = server.folder / "take"
    script.write_text(f'#!/bin/sh\ncat > "$(mktemp {taken}/XXXXXX)"\n')
    script.chmod(0o755)
    fetchmail(server, account, door, further=f"nokeep fetchall no rewrite mda '{script}'")
    got = [without_trace(crlf(file.read_bytes())) for file in taken.iterdir()]
    expect_same(messages, got, "what fetchmail took")
    with Mailbox(server, account) as inbox:
        inbox.expect_contents([])
    fetchmail(server, account, door, further=f"nokeep mda '{script}'", status=1)


@check("takes only what is new, by UIDL, and leaves the rest")
def keeps(server):
    account = server.user()
    messages = [message for _, message in samples("a@example.net", account.address)[:3]]
    taken = server.folder / "kept"
    for count, message in enumerate(messages, 1):
        append(server, account, "INBOX", message)
        fetchmail(server, account, "POP3, TLS on connect", "--uidl", further=f"keep no rewrite mda 'cat >> {taken}; echo ---- >> {taken}'")
        expect(taken.read_text().count("----\n") == count, f"after {count} rounds {taken.read_text()}")
    with Mailbox(server, account) as inbox:
        inbox.expect_contents(messages)


@check("moves mail from one account to another, by {}", ["SMTP", "LMTP"])
def moves(server, protocol):
    source, target = server.user(), server.user()
    messages = [message for name, message in samples("a@example.net", source.address) if name != "every other octet"]
    for message in messages:
        append(server, source, "INBOX", message)
    where = f"smtphost localhost/{server.port['smtp']}" if protocol == "SMTP" else f"smtphost localhost/{server.port['lmtp']} lmtp"
    fetchmail(server, source, "IMAP, TLS on connect", further=f"nokeep fetchall no rewrite smtpname {target.address} {where}")
    with Mailbox(server, target) as inbox:
        inbox.expect_contents(messages)
