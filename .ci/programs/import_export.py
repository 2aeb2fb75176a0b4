"""Mail goes in from mbox and Maildir and out again, octet for octet, also when it is killed on the way."""

import hashlib
import json
import mailbox
import os
import random
import re
import subprocess
from collections import Counter
from pathlib import Path

from harness import Postroad, check, expect, octets, run
from harness.server import program
from programs.python import imap

CONFIG = {"auth": {"cleartext": "loopback"}}
MANY = 3_000


def corpora():
    folder = os.environ.get("POSTROAD_CORPORA")
    expect(folder and Path(folder).is_dir(), "POSTROAD_CORPORA names no folder")
    return Path(folder)


def with_lf(message):
    """A message as an mbox has it."""
    message = message.replace(b"\r\n", b"\n")
    return message if message.endswith(b"\n") or not message else message + b"\n"


def digest(message):
    return hashlib.sha256(with_lf(message)).hexdigest()


def write_mbox(path, messages):
    with open(path, "wb") as file:
        for number, message in enumerate(messages):
            file.write(b"From ann@example.net Mon Jun  1 12:%02d:%02d 2026\n" % (number // 60 % 60, number % 60))
            file.write(re.sub(rb"(?m)^(>*From )", rb">\1", with_lf(message)) + b"\n")


def stored(account, folder=""):
    """How often each message is in a mailbox, by its digest."""
    home = account.maildir / folder
    return Counter(digest(file.read_bytes()) for part in ("cur", "new") for file in (home / part).iterdir())


def exported(path):
    """The messages of an mbox without the marks in front, as Python's reader of mboxes finds them."""
    text = path.read_bytes()
    parts = re.split(rb"(?m)^From MAILER-DAEMON .*\n", text)[1:]
    marks = re.compile(rb"\A(?:(?:Status|X-Status|X-Keywords): .*\n)+")
    plain = [re.sub(rb"(?m)^>(>*From )", rb"\1", marks.sub(b"", part.removesuffix(b"\n"))) for part in parts]
    expect(len(mailbox.mbox(path, create=False)) == len(parts), f"Python's reader counts other messages than {len(parts)}")
    return Counter(map(digest, plain))


def killed_and_resumed(command, busy, spare=0.02):
    """Runs a command again and again, killing it ever later, until it ends; how often it was killed."""
    for kills in range(200):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            out, err = process.communicate(timeout=spare * (kills + 1) + random.random() * busy)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            continue
        expect(process.returncode == 0, f"{command} ended with {process.returncode}: {err.decode()}")
        return kills, json.loads(out)
    raise AssertionError("it never ended")


@check("an mbox of another project: every message comes in and goes out with its octets")
def foreign_mbox(server):
    source = corpora() / "mox-imaptest-mbox" / "imaptest.mbox"
    account = server.user()
    out = server.command("import", account.address, source, "--folder", "Lists", "--json")
    imported = json.loads(out.out)["imported"]
    expect(imported == len(mailbox.mbox(source, create=False)), f"{imported} messages were imported")
    again = json.loads(server.command("import", account.address, source, "--folder", "Lists", "--json").out)
    expect((again["imported"], again["known"]) == (0, imported), f"the second time: {again}")
    target = server.folder / "lists.mbox"
    server.command("export", account.address, target, "--format", "mbox", "--folder", "Lists")
    expect(exported(target) == stored(account, ".Lists"), "what was exported is not what is stored")
    other = server.user("second")
    server.command("import", other.address, target)
    expect(stored(other) == stored(account, ".Lists"), "what was imported again is not what it was")
    server.command("verify")


@check("real mail and spam: an mbox round trip keeps every digest")
def real_mail(server):
    files = [file for file in sorted((corpora() / "mail-spamassassin").rglob("*")) if file.is_file()]
    messages = [text for text in (file.read_bytes() for file in files) if b"\n\n" in text and b"\0" not in text]
    messages = [text for text in messages if not re.match(rb"(?i)From |(X-)?Status:|X-Keywords:", text)]
    expect(len(messages) > 20, f"there are {len(messages)} messages")
    source, target = server.folder / "in.mbox", server.folder / "out.mbox"
    write_mbox(source, messages)
    account = server.user()
    server.command("import", account.address, source)
    expected = Counter(map(digest, messages))
    expect(stored(account) == expected, "what is stored is not what was imported")
    server.command("export", account.address, target, "--format", "mbox", "--folder", "INBOX")
    expect(exported(target) == expected, "what was exported is not what was imported")


@check("a Maildir with folders, flags, keywords and dates comes back as it was")
def maildir(server):
    account, other = server.user(), server.user("third")
    session = imap(server, account)
    for folder in "INBOX", "Work", "Work.2026", "R&AOk-union":
        if folder != "INBOX":
            session.create(folder)
        for number, flags in enumerate(["", "\\Seen", "\\Answered \\Flagged $Label1", "\\Draft Own-word"]):
            date = f'"0{number + 1}-Feb-2020 10:00:00 +0000"'
            session.append(folder, f"({flags})", date, octets("a@example.net", account.address, b"%s %d\r\n" % (folder.encode(), number)))
    target = server.folder / "maildir"
    server.command("export", account.address, target)
    server.command("import", other.address, target)
    views = []
    for session in session, imap(server, other):
        view = {}
        for folder in "INBOX", "Work", "Work.2026", "R&AOk-union":
            session.select(folder, readonly=True)
            rows = session.fetch("1:*", "(FLAGS INTERNALDATE RFC822)")[1]
            view[folder] = sorted(
                (row[1], sorted(set(re.search(rb"FLAGS \(([^)]*)\)", row[0])[1].split()) - {b"\\Recent"}), re.search(rb'E "([^"]*)"', row[0])[1])
                for row in rows if isinstance(row, tuple))
        views.append(view)
        session.logout()
    expect(views[0] == views[1], f"it was {views[0]} and is {views[1]}")


@check("killed at any moment and started again, an import brings every message once")
def killed_import(server):
    account = server.user()
    messages = [octets("a@example.net", account.address, b"%d\r\n" % number * random.randrange(1, 200)) for number in range(MANY)]
    source = server.folder / "many.mbox"
    write_mbox(source, messages)
    command = [program(), "import", account.address, str(source), "--json", "--config", str(server.config_file)]
    kills, last = killed_and_resumed(command, 0.2)
    print(f"     killed {kills} times, {last}", flush=True)
    expect(kills > 0, "it was never killed")
    expect(stored(account) == Counter(map(digest, messages)), "not every message is there once")
    target = server.folder / "many-out.mbox"
    command = [program(), "export", account.address, str(target), "--format", "mbox", "--folder", "INBOX", "--json", "--config", str(server.config_file)]
    kills, last = killed_and_resumed(command, 0.1, 0.005)
    print(f"     killed {kills} times, {last}", flush=True)
    expect(exported(target) == Counter(map(digest, messages)), "not every message was exported once")


@check("a file that can't be read is named, and the rest comes in")
def unreadable(server):
    account = server.user()
    source = server.folder / "broken"
    mailbox.Maildir(source, create=True)
    (source / "cur" / "1.a.host:2,S").write_bytes(octets("a@example.net", account.address, b"one\r\n"))
    (source / "cur" / "2.b.host:2,").mkdir()
    done = run(program(), "import", account.address, str(source), "--config", server.config_file, status=1)
    expect(b"2.b.host" in done.err, f"it is not named: {done}")
    expect(sum(stored(account).values()) == 1, "the rest did not come in")
