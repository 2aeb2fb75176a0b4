"""getmail6 retrieves by POP3 and IMAP into a Maildir."""

import shutil

from harness import Failure, Mailbox, check, need, run, samples
from harness.local import LocalMaildir, append
from harness.mailbox import expect_same

RETRIEVERS = {"SimplePOP3Retriever": "pop3", "SimplePOP3SSLRetriever": "pop3s", "SimpleIMAPSSLRetriever": "imaps"}
CONFIG = {"auth": {"cleartext": "loopback"}}


# getmail misses the end of a child that ends before it waits (ForkingBase._wait_for_child).
OWN_FAULT = "operation error (waiting child pid"
ATTEMPTS = 5


@check("{} retrieves and deletes", list(RETRIEVERS))
def retrieves(server, retriever):
    need("getmail")
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return retrieve(server, retriever, f"{retriever}-{attempt}")
        except Failure as failure:
            if OWN_FAULT not in str(failure) or attempt == ATTEMPTS:
                raise


def retrieve(server, retriever, name):
    account = server.user()
    messages = [message for _, message in samples("a@example.net", account.address)]
    for message in messages:
        append(server, account, "INBOX", message)
    folder = server.folder / f"getmail-{name}"
    local = LocalMaildir(folder / "mail").make()
    give_to_nobody(server.folder, folder)
    trust = f"ca_certs = {server.certificate}\n" if "SSL" in retriever else ""
    (folder / "getmailrc").write_text(
        f"[retriever]\ntype = {retriever}\nserver = localhost\nport = {server.port[RETRIEVERS[retriever]]}\n"
        f"username = {account.address}\npassword = {account.password}\ntimeout = 5\n{trust}"
        f"[destination]\ntype = Maildir\npath = {local.root}/\nuser = nobody\n"
        "[options]\ndelete = true\ndelivered_to = false\nreceived = false\n")
    run("getmail", "--getmaildir", folder, "--rcfile", folder / "getmailrc")
    retrieved = [message.replace(b"\r\nX-getmail-retrieved-from-mailbox: INBOX", b"") for message in local.contents()]
    expect_same(messages, retrieved, "what getmail retrieved")
    with Mailbox(server, account) as inbox:
        inbox.expect_contents([])


def give_to_nobody(parent, folder):
    """getmail refuses to deliver as root, so it delivers as nobody."""
    parent.chmod(0o755)
    for path in [folder, *folder.rglob("*")]:
        shutil.chown(path, "nobody", "nogroup")
