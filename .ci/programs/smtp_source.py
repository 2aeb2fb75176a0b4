"""Postfix's smtp-source sends 2,000 messages over 20 sessions, by SMTP and by LMTP."""

import re

from harness import Mailbox, check, expect, maildir_messages, need, run

CONFIG = {"limits": {"smtp_connections_per_address": 30}}
MESSAGES, SESSIONS, LENGTH = 2_000, 20, 4_096


@check("{} messages over {} sessions by {} all arrive, once and whole",
       [(MESSAGES, SESSIONS, "SMTP"), (MESSAGES, SESSIONS, "LMTP"), (200, SESSIONS, "SMTP, one message a connection")])
def sends_many(server, messages, sessions, protocol):
    need("smtp-source")
    account = server.user()
    port = server.port["lmtp" if protocol == "LMTP" else "smtp"]
    words = {"SMTP": ["-d"], "LMTP": ["-d", "-L"]}.get(protocol, [])
    run("smtp-source", *words, "-s", sessions, "-m", messages, "-l", LENGTH, "-f", "source@example.net",
        "-t", account.address, f"127.0.0.1:{port}", timeout=120)
    with Mailbox(server, account) as inbox:
        arrived = inbox.contents()
    expect(len(arrived) == messages, f"{messages} were sent, {len(arrived)} arrived")
    ids = {re.search(rb"Message-Id: *<([^>]+)>", message, re.I)[1] for message in arrived}
    expect(len(ids) == messages, f"only {len(ids)} different messages arrived")
    bodies = {message.partition(b"\r\n\r\n")[2] for message in arrived}
    expect(len(bodies) == 1, f"{len(bodies)} different bodies arrived, of one that was sent")
    on_disk = {message for message in maildir_messages(account.maildir).values()}
    expect(len(on_disk) == messages, f"the Maildir holds {len(on_disk)} different messages")


@check("one message to several recipients arrives at each")
def sends_to_several(server):
    need("smtp-source")
    accounts = [server.user(name) for name in ("crowd", *(f"{number}crowd" for number in range(6)))]
    run("smtp-source", "-s", 1, "-m", 3, "-r", 5, "-f", "source@example.net", "-t", "crowd@example.org",
        f"127.0.0.1:{server.port['smtp']}")
    arrived = {}
    for account in accounts:
        with Mailbox(server, account) as inbox:
            arrived[account.address] = len(inbox.messages())
    expect(sorted(arrived.values()) == [0, 0, 3, 3, 3, 3, 3], f"three messages went to five recipients; arrived: {arrived}")
