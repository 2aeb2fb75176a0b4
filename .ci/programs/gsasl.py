"""GNU SASL logs in by IMAP and SMTP with SCRAM, bound to the TLS channel and not."""

from harness import check, expect, need, run

CONFIG = {"auth": {"cleartext": "never"}, "limits": {"failed_login_delay": 0}}
MECHANISMS = ("PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS")


def gsasl(server, protocol, mechanism, account, password, status=None):
    need("gsasl")
    port = server.port["imap" if protocol == "imap" else "submission"]
    return run("gsasl", f"--{protocol}", f"--connect=localhost:{port}", f"--mechanism={mechanism}",
               f"--authentication-id={account.address}", f"--password={password}", "--no-cb" if mechanism != "SCRAM-SHA-256-PLUS" else "--starttls",
               f"--x509-ca-file={server.certificate}", status=status, timeout=20)


@check("{} with {}", [(protocol, mechanism) for protocol in ("imap", "smtp") for mechanism in MECHANISMS])
def logs_in(server, protocol, mechanism):
    account = server.user()
    ended = gsasl(server, protocol, mechanism, account, account.password)
    expect(ended.status == 0, f"{ended}")


@check("{} with {} and a wrong password is refused", [(protocol, mechanism) for protocol in ("imap", "smtp") for mechanism in MECHANISMS])
def refuses(server, protocol, mechanism):
    ended = gsasl(server, protocol, mechanism, server.user(), "wrong")
    expect(ended.status != 0, f"{ended}")
