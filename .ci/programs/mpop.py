"""mpop retrieves by POP3, with each SASL mechanism and each way of TLS."""

from harness import Mailbox, check, need, run, samples
from harness.local import LocalMaildir, append
from harness.mailbox import expect_same

CONFIG = {"auth": {"cleartext": "loopback"}}
TLS = {
    "plain": ("pop3", "tls off"),
    "STLS": ("pop3", "tls on\ntls_starttls on"),
    "TLS on connect": ("pop3s", "tls on\ntls_starttls off"),
}


@check("{} with {}", [(tls, auth) for tls in TLS for auth in ("user", "plain", "login", "scram-sha-256")])
def retrieves(server, tls, auth):
    need("mpop")
    account = server.user()
    messages = [message for _, message in samples("a@example.net", account.address)]
    for message in messages:
        append(server, account, "INBOX", message)
    local = LocalMaildir(server.folder / f"mpop-{account.address}").make()
    service, words = TLS[tls]
    trust = "" if tls == "plain" else f"tls_trust_file {server.certificate}\n"
    rc = server.folder / "mpoprc"
    rc.write_text(
        f"account default\nhost localhost\nport {server.port[service]}\nuser {account.address}\n"
        f"password {account.password}\nauth {auth}\n{words}\n{trust}timeout 20\nkeep off\nreceived_header off\n"
        f"uidls_file {server.folder}/mpop-uidls-%U\ndelivery maildir {local.root}\n")
    rc.chmod(0o600)
    run("mpop", "-C", rc)
    expect_same(messages, local.contents(), "what mpop retrieved")
    with Mailbox(server, account) as inbox:
        inbox.expect_contents([])
