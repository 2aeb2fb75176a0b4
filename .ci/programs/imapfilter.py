"""imapfilter sorts mail by its rules: it searches, flags, copies, moves and deletes, and hears of news by IDLE."""

import subprocess

from harness import Mailbox, check, expect, need, octets, run, wait_for
from harness.local import append

CONFIG = {"auth": {"cleartext": "loopback"}}
OPTIONS = """
options.timeout = 20
options.certificates = false
options.create = true
options.subscribe = true
options.expunge = true
options.starttls = {starttls}
account = IMAP {{
    server = "localhost", port = {port}, username = "{account.address}", password = "{account.password}",{ssl}
}}
"""
WAYS = {"TLS on connect": ("imaps", "false", ' ssl = "auto",'), "STARTTLS": ("imap", "true", "")}
SUBJECTS = ["invoice 1", "invoice 2", "spam", "for the archive", "of interest", "keep"]

RULES = """
inbox = account.INBOX
inbox:contain_subject("invoice"):move_messages(account["Invoices/2026"])
inbox:contain_subject("spam"):delete_messages()
inbox:contain_subject("archive"):copy_messages(account.Archive)
interesting = inbox:contain_body("interesting") + inbox:is_flagged()
interesting:mark_flagged()
interesting:add_flags({{ "$Sorted" }})
kept = inbox:contain_subject("keep") * inbox:is_unseen() * inbox:is_smaller(5000)
kept:mark_seen()
for _, message in ipairs(inbox:contain_subject("of interest")) do
    mailbox, uid = table.unpack(message)
    print("subject: " .. mailbox[uid]:fetch_field("Subject"))
    print("body: " .. mailbox[uid]:fetch_body())
    print("date: " .. mailbox[uid]:fetch_date())
end
exist, unread, recent, next = inbox:check_status()
print("status: " .. exist)
"""


def configure(server, account, way, rules):
    need("imapfilter")
    service, starttls, ssl = WAYS[way]
    file = server.folder / f"imapfilter-{account.address}.lua"
    file.write_text(OPTIONS.format(account=account, port=server.port[service], starttls=starttls, ssl=ssl) + rules.format())
    return ["imapfilter", "-t", server.certificate, "-c", file]


def environment(server):
    return {"HOME": str(server.folder), "IMAPFILTER_HOME": str(server.folder)}


def bodies(server, account, folder):
    with Mailbox(server, account, folder) as mailbox:
        return {message.octets.partition(b"\r\n\r\n")[2].decode().strip(): message.flags for message in mailbox.messages()}


@check("rules sort a mailbox, {}", list(WAYS))
def sorts(server, way):
    account = server.user()
    for subject in SUBJECTS:
        body = f"interesting: {subject}" if subject == "of interest" else subject
        append(server, account, "INBOX", octets("a@example.net", account.address, body.encode() + b"\r\n", subject=subject))
    ended = run(*configure(server, account, way, RULES), env=environment(server))
    expect("subject: Subject: of interest" in ended.text and "body: interesting: of interest" in ended.text, f"what was fetched is not told: {ended}")
    expect("status: 3" in ended.text, f"STATUS does not count three: {ended}")
    inbox = bodies(server, account, "INBOX")
    expect(set(inbox) == {"for the archive", "interesting: of interest", "keep"}, f"INBOX holds {inbox}")
    expect(inbox["interesting: of interest"] >= {"\\Flagged", "$Sorted"}, f"{inbox}")
    expect("\\Seen" in inbox["keep"], f"{inbox}")
    expect(set(bodies(server, account, "Invoices.2026")) == {"invoice 1", "invoice 2"}, "the invoices are not where they were moved")
    expect(set(bodies(server, account, "Archive")) == {"for the archive"}, "the copy is not in the archive")
    with Mailbox(server, account) as mailbox:
        subscribed = b"\n".join(mailbox.ok(mailbox.imap.lsub()))
    expect(b"Archive" in subscribed and b"Invoices.2026" in subscribed, f"subscribed is {subscribed}")


@check("mailboxes are made, listed, renamed, subscribed and deleted")
def manages(server):
    account = server.user()
    rules = """
account:create_mailbox("One/Two")
account:create_mailbox("Doomed")
account:subscribe_mailbox("One/Two")
account:rename_mailbox("One/Two", "One/Three")
account:delete_mailbox("Doomed")
print("listed: " .. table.concat(account:list_all(), " ") .. " " .. table.concat(account:list_all("One"), " "))
"""
    ended = run(*configure(server, account, "TLS on connect", rules), env=environment(server))
    listed = next(line for line in ended.text.splitlines() if line.startswith("listed: ")).split()[1:]
    expect("One/Three" in listed and "INBOX" in listed and not {"Doomed", "One/Two"} & set(listed), f"{ended}")


@check("IDLE wakes it when mail comes")
def idles(server):
    account = server.user()
    rules = 'print("waiting"); io.flush(); account.INBOX:enter_idle(); print("woken by " .. #account.INBOX:select_all())'
    command = [str(word) for word in configure(server, account, "TLS on connect", rules)]
    log = server.folder / "imapfilter-idle.log"
    with open(log, "wb") as out:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment(server))
    try:
        wait_for(lambda: b"waiting" in log.read_bytes(), lambda: log.read_text())
        letters = 0
        # It says that it waits before it does: so mail comes until it wakes.
        while child.poll() is None and letters < 20:
            letters += 1
            append(server, account, "INBOX", octets("a@example.net", account.address, b"news\r\n"))
            try:
                child.wait(1)
            except subprocess.TimeoutExpired:
                pass
        expect(child.poll() == 0 and b"woken by" in log.read_bytes(), f"it did not wake: {log.read_text()}")
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
