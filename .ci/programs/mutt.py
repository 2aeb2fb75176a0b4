"""mutt and NeoMutt in batch mode: they send, and read by IMAP, by POP3 and the Maildir itself."""

from harness import Mailbox, check, expect, maildir_messages, need, octets, run, run_in_terminal
from harness.local import append

CONFIGURATION = """
set ssl_starttls=yes
set ssl_force_tls=yes
set certificate_file="{server.certificate}"
set ssl_verify_dates=yes
set from="{account.address}"
set realname="A User"
set use_envelope_from=yes
set smtp_url="smtp{s}://{user}:{account.password}@localhost:{smtp}/"
set smtp_authenticators="{mechanism}"
set imap_user="{account.address}"
set imap_pass="{account.password}"
set pop_user="{account.address}"
set pop_pass="{account.password}"
set record="{record}"
set folder="{server.folder}"
set timeout=10
set net_inc=0
unset wait_key
unset confirmappend
unset confirmcreate
set send_charset=us-ascii:utf-8
unset mark_old
set quit=yes
set sort=subject
set copy=yes
set delete=yes
set move=no
set sleep_time=0
set pop_delete=no
set check_new=no
"""

PROGRAMS = ("mutt", "neomutt")


def configure(server, program, account, tls="", mechanism="plain", record=""):
    need(program)
    service = "submissions" if tls == "s" else "submission"
    rc = server.folder / f"{program}-{account.address}.rc"
    rc.write_text(CONFIGURATION.format(
        server=server, account=account, s=tls, user=account.address.replace("@", "%40"),
        smtp=server.port[service], mechanism=mechanism, record=record))
    return [program, "-n", "-F", rc]


def home(server):
    return {"HOME": str(server.folder), "LC_ALL": "C.UTF-8"}


@check("{} sends, smtp{} with {}",
       [(program, tls, mechanism) for program in PROGRAMS for tls in ("", "s") for mechanism in ("plain", "login")])
def sends(server, program, tls, mechanism):
    sender, recipient = server.user(), server.user()
    attachment = server.folder / "owl.bin"
    attachment.write_bytes(bytes(range(256)) * 20)
    command = configure(server, program, sender, tls, mechanism)
    run(*command, "-s", "Grüße", "-a", attachment, "--", recipient.address,
        input="Zwölf Boxkämpfer\n.\nFrom here\n".encode(), env=home(server))
    with Mailbox(server, recipient) as inbox:
        arrived, = inbox.contents()
    expect("Zwölf Boxkämpfer".encode() in arrived and b"owl.bin" in arrived, f"{arrived}")


@check("{} saves what it sent by IMAP", ["mutt"])
def saves(server, program):
    sender = server.user()
    record = f"imaps://localhost:{server.port['imaps']}/Kept"
    with Mailbox(server, sender) as mailbox:
        mailbox.ok(mailbox.imap.create("Kept"))
    command = configure(server, program, sender, record=record)
    run(*command, "-s", "kept", "--", sender.address, input=b"kept\n", env=home(server))
    with Mailbox(server, sender, "Kept") as kept:
        expect(len(kept.messages()) == 1, "nothing was saved")
        expect("\\Seen" in kept.messages()[0].flags, "what was saved is unread")


@check("{} reads a folder by {}: copies one message, deletes another", [
    (program, way) for program in PROGRAMS for way in ("imap", "imaps", "Maildir")])
def reads(server, program, way):
    account = server.user()
    messages = [octets("a@example.net", account.address, b"%d\r\n" % number, subject=f"number {number}") for number in range(3)]
    for message in messages:
        append(server, account, "INBOX", message)
    folder = account.maildir if way == "Maildir" else f"{way}://localhost:{server.port[way]}/INBOX"
    saved = server.folder / f"saved-{program}-{way}"
    # From a hook, as keys that are pushed before the folder is open may be thrown away with a message.
    keys = f"<first-entry><copy-message>{saved}<enter><first-entry><next-entry><delete-message><sync-mailbox><quit>"
    command = configure(server, program, account)
    ended = run_in_terminal(*command, "-f", folder, "-e", f"folder-hook . 'push \"{keys}\"'", timeout=30, env=home(server))
    expect(saved.exists(), f"nothing was copied: {ended}")
    expect(b"number 0" in saved.read_bytes() and b"number 1" not in saved.read_bytes(), "the wrong message was copied")
    with Mailbox(server, account) as inbox:
        inbox.expect_contents([messages[0], messages[2]])
    expect(len(maildir_messages(account.maildir)) == 2, "the Maildir does not hold two messages")
