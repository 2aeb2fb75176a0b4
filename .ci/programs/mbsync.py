"""mbsync keeps a local Maildir and the server's mailboxes the same, changed on both sides."""

from harness import check, need, run
from harness.local import LocalMaildir, synchronize_both_ways

TLS = {"STARTTLS": ("imap", "STARTTLS"), "TLS on connect": ("imaps", "IMAPS")}

CONFIGURATION = """
IMAPAccount postroad
Host localhost
Port {port}
User {account.address}
Pass {account.password}
SSLType {ssl}
CertificateFile {server.certificate}
SystemCertificates no
AuthMechs {mechanism}

IMAPStore far
Account postroad

MaildirStore near
Path {folder}/
Inbox {folder}/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Expunge Both
SyncState *
"""


@check("changes on either side reach the other, {} with {}",
       [(tls, mechanism) for tls in TLS for mechanism in ("PLAIN", "LOGIN")])
def synchronizes(server, tls, mechanism):
    need("mbsync")
    account = server.user()
    folder = server.folder / f"mbsync-{account.address}"
    folder.mkdir()
    service, ssl = TLS[tls]
    rc = folder.with_suffix(".rc")
    rc.write_text(CONFIGURATION.format(
        server=server, account=account, folder=folder, port=server.port[service], ssl=ssl, mechanism=mechanism))
    synchronize_both_ways(server, account, lambda name: LocalMaildir(folder / name),
                          lambda: run("mbsync", "--config", rc, "--all"))
