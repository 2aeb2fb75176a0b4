"""aioimaplib, a client for asyncio: it does what its users do, by commands that may wait for each other, and IDLEs."""

import os
from pathlib import Path

from harness import Mailbox, check, expect, run

SCRIPT = Path(__file__).with_name("aioimaplib-user.txt")
CONFIG = {"auth": {"cleartext": "loopback"}}


@check("mailboxes, messages, flags, searches, copies, moves and news, {}", ["plain", "TLS on connect"])
def works(server, way):
    account = server.user()
    python = Path(os.environ["POSTROAD_PYTHON_TOOLS"]) / "bin" / "python"
    port = server.port["imap" if way == "plain" else "imaps"]
    certificate = [] if way == "plain" else [server.certificate]
    ended = run(python, "-", port, account.address, account.password, *certificate, input=SCRIPT.read_bytes(), timeout=60)
    expect("all is well" in ended.text, f"{ended}")
    with Mailbox(server, account) as inbox:
        expect([m.octets.partition(b"\r\n\r\n")[2] for m in inbox.messages()] == [b"body 1\r\n", b"news\r\n"], f"{inbox.messages()}")
    with Mailbox(server, account, "Later") as later:
        bodies = [m.octets.partition(b"\r\n\r\n")[2] for m in later.messages()]
        expect(bodies == [b"body 1\r\n", b"body 2\r\n"], f"{bodies}")
