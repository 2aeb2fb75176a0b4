"""OfflineIMAP keeps a local Maildir and the server's mailboxes the same, changed on both sides."""

from harness import check, need, run
from harness.local import LocalMaildir, synchronize_both_ways

CONFIGURATION = """
[general]
accounts = postroad
metadata = {folder}-state
ui = basic

[Account postroad]
localrepository = near
remoterepository = far

[Repository near]
type = Maildir
localfolders = {folder}
sep = /

[Repository far]
type = IMAP
remotehost = localhost
remoteport = {port}
remoteuser = {account.address}
remotepass = {account.password}
auth_mechanisms = {mechanism}
ssl = yes
sslcacertfile = {server.certificate}
expunge = yes
"""


@check("changes on either side reach the other, with {}", ["PLAIN", "LOGIN"])
def synchronizes(server, mechanism):
    need("offlineimap")
    account = server.user()
    folder = server.folder / f"offlineimap-{account.address}"
    rc = server.folder / f"offlineimap-{account.address}.rc"
    rc.write_text(CONFIGURATION.format(
        server=server, account=account, folder=folder, port=server.port["imaps"], mechanism=mechanism))
    synchronize_both_ways(server, account, lambda name: LocalMaildir(folder / name),
                          lambda: run("offlineimap", "-c", rc, "-o", timeout=120))
