"""ImapFlow, the IMAP client of Node programs: it does what its users do, pipelines by itself, and IDLEs when it has nothing to do."""

import os
from pathlib import Path

from harness import Mailbox, check, expect, need, run

SCRIPT = Path(__file__).with_name("imapflow-user.txt")
CONFIG = {"auth": {"cleartext": "loopback"}}


@check("mailboxes, messages, flags, searches, copies, moves and news, {}", ["STARTTLS", "TLS on connect"])
def works(server, way):
    need("node")
    account = server.user()
    port = server.port["imap" if way == "STARTTLS" else "imaps"]
    ended = run("node", "-", port, account.address, account.password, "" if way == "STARTTLS" else "tls", input=SCRIPT.read_bytes(), timeout=60,
                env={"NODE_PATH": str(Path(os.environ["POSTROAD_NODE_TOOLS"]) / "node_modules"), "NODE_EXTRA_CA_CERTS": str(server.certificate)})
    expect("all is well" in ended.text, f"{ended}")
    with Mailbox(server, account) as inbox:
        found = [m.octets.partition(b"\r\n\r\n")[2] for m in inbox.messages()]
        expect(found == [b"body 1\r\n", b"news\r\n"], f"INBOX holds {found}")
    with Mailbox(server, account, "Later") as later:
        found = [m.octets.partition(b"\r\n\r\n")[2] for m in later.messages()]
        expect(found == [b"body 1\r\n", b"body 2\r\n"], f"Later holds {found}")
