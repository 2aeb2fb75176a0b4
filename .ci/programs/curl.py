"""curl speaks SMTP, POP3 and IMAP, each plain, upgraded and with TLS on connect."""

import re

from harness import Mailbox, check, expect, need, octets, run, samples

CONFIG = {"auth": {"cleartext": "loopback"}}
SENDER = "someone@example.net"

SMTP = {"smtp": "submission", "smtp with STARTTLS": "submission", "smtps": "submissions"}
POP3 = {"pop3": "pop3", "pop3 with STLS": "pop3", "pop3s": "pop3s"}
IMAP = {"imap": "imap", "imap with STARTTLS": "imap", "imaps": "imaps"}


def curl(server, scheme, service, path, account, *words, status=0, input=b""):
    need("curl")
    upgrade = ["--ssl-reqd"] if " " in scheme else []
    user = ["--user", f"{account.address}:{account.password}"] if account else []
    url = f"{scheme.split()[0]}://localhost:{server.port[service]}/{path}"
    return run("curl", "--silent", "--show-error", "--max-time", "30", "--cacert", server.certificate,
               *upgrade, *user, *words, url, input=input, status=status).out


def deliver(server, account, *messages):
    for message in messages:
        curl(server, "smtp", "smtp", "client.example.net", None, "--mail-from", SENDER,
             "--mail-rcpt", account.address, "--upload-file", "-", input=message)


def filled(server):
    account = server.user()
    messages = [message for _, message in samples(SENDER, account.address)]
    deliver(server, account, *messages)
    return account, messages


@check("{} with {}", [(scheme, mechanism) for scheme in SMTP for mechanism in ("PLAIN", "LOGIN")])
def submits(server, scheme, mechanism):
    sender, recipient = server.user(), server.user()
    messages = [message for _, message in samples(sender.address, recipient.address)]
    for message in messages if scheme == "smtps" else messages[:3]:
        curl(server, scheme, SMTP[scheme], "client.example.net", sender, "--login-options", f"AUTH={mechanism}",
             "--mail-from", sender.address, "--mail-rcpt", recipient.address, "--upload-file", "-", input=message)
    with Mailbox(server, recipient) as inbox:
        inbox.expect_contents(messages if scheme == "smtps" else messages[:3])


@check("VRFY and HELP are answered")
def asks_smtp(server):
    account = server.user()
    answer = curl(server, "smtp", "smtp", "client.example.net", None, "--request", "HELP")
    expect(re.match(rb"214[ -]", answer), f"HELP was answered {answer}")
    answer = curl(server, "smtp", "smtp", "client.example.net", None, "--mail-rcpt", account.address)
    expect(answer.startswith(b"252"), f"VRFY was answered {answer}")


@check("{} lists, retrieves, tops and deletes", list(POP3))
def reads_pop3(server, scheme):
    account, messages = filled(server)

    def pop3(path="", *words):
        return curl(server, scheme, POP3[scheme], path, account, *words)

    listed = dict(line.split() for line in pop3().splitlines())
    expect(len(listed) == len(messages), f"{len(messages)} messages were delivered, LIST says {listed}")
    for number in range(1, len(messages) + 1):
        retrieved = pop3(number)
        expect(retrieved.endswith(messages[number - 1]), f"message {number}: {retrieved[-2000:]}")
        expect(int(listed[str(number).encode()]) == len(retrieved), f"LIST says {listed}, {number} has {len(retrieved)}")
    unique = pop3("", "--request", "UIDL").splitlines()
    expect(len({line.split()[1] for line in unique}) == len(messages), f"UIDL: {unique}")
    top = pop3("", "--request", "TOP 3 1")
    expect(b"\r\n\r\n" in top and top.rstrip().endswith(b"\r\n."), f"TOP 3 1: {top}")
    pop3("1", "--request", "DELE", "--list-only")
    with Mailbox(server, account) as inbox:
        inbox.expect_contents(messages[1:])


@check("pop3s logs in with {}", ["AUTH=PLAIN", "AUTH=LOGIN"])
def logs_in_to_pop3(server, options):
    account = server.user()
    curl(server, "pop3s", "pop3s", "", account, "--login-options", options)


@check("imaps logs in with {}", ["AUTH=PLAIN", "AUTH=LOGIN"])
def logs_in_to_imap(server, options):
    account = server.user()
    curl(server, "imaps", "imaps", "", account, "--login-options", options)


@check("{} lists, fetches, searches, stores and appends", list(IMAP))
def reads_imap(server, scheme):
    account, messages = filled(server)

    def imap(path="", *words):
        return curl(server, scheme, IMAP[scheme], path, account, *words)

    expect(b"INBOX" in imap(), f"LIST: {imap()}")
    for number, message in enumerate(messages, 1):
        fetched = imap(f"INBOX;MAILINDEX={number}")
        expect(fetched.endswith(message), f"message {number}: {fetched[-2000:]}")
    uids = imap("INBOX", "--request", "UID SEARCH SUBJECT dots")
    uid = re.search(rb"SEARCH (\d+)\r", uids)
    expect(uid, f"SEARCH SUBJECT dots: {uids}")
    body = imap(f"INBOX;UID={uid[1].decode()};SECTION=TEXT")
    expect(body == messages[2].partition(b"\r\n\r\n")[2], f"BODY[TEXT]: {body}")
    imap("INBOX", "--request", "STORE 1 +FLAGS (\\Flagged)")
    expect(re.search(rb"SEARCH 1\r", imap("INBOX", "--request", "SEARCH FLAGGED")), "the flag was not kept")
    imap("", "--request", "CREATE Work")
    appended = octets(account.address, "x@example.net", b"appended\r\n")
    file = server.folder / "appended"
    file.write_bytes(appended)
    imap("Work", "--upload-file", file)
    with Mailbox(server, account, "Work") as work:
        work.expect_contents([appended])


@check("a certificate that is not trusted is not talked to")
def certificate_matters(server):
    account = server.user()
    need("curl")
    ended = run("curl", "--silent", f"imaps://localhost:{server.port['imaps']}/", "--user",
                f"{account.address}:{account.password}", status=None, env={"CURL_CA_BUNDLE": ""})
    expect(ended.status == 60, f"{ended}")
