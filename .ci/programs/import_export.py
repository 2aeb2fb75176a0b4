"""Mail goes in from mbox and Maildir and out again, octet for octet, also when it is killed on the way."""

import fcntl
import hashlib
import json
import mailbox
import os
import random
import re
import socket
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


@check("nobody is no user, and two imports into an account don't get in each other's way")
def guarded_import(server):
    account = server.user()
    source = plain_maildir(server.folder / "guarded", account, a="one")
    nobody = server.command("import", f"nobody@{account.address.rpartition('@')[2]}", source, status=1)
    expect(b"there is no such user" in nobody.err, f"it says {nobody}")
    expect(imported(server, account, source, status=0)[0]["imported"] == 1, "it was not imported")
    with open(account.maildir / "postroad-import.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = server.command("import", account.address, source, status=1)
        expect(b"another import into this account goes on" in second.err, f"it says {second}")
    expect(imported(server, account, source, status=0)[0]["known"] == 1, "it was not known afterwards")


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


def plain_maildir(path, account, **messages):
    """A Maildir whose messages in `cur` have these names and texts."""
    mailbox.Maildir(path, create=True)
    for name, text in messages.items():
        (path / "cur" / f"{name}.host:2,").write_bytes(octets("a@example.net", account.address, text.encode() + b"\r\n"))
    return path


def imported(server, account, source, *words, status=1):
    """What an import says of itself, and how often it says why something is not imported."""
    done = server.command("import", account.address, source, *words, "--json", status=status)
    report = json.loads(done.out) if done.out else None
    for failed in report["failed"] if report else []:
        expect(done.err.count(f"{failed['file']}: {failed['why']}".encode()) == 1, f"{failed} is not named once: {done}")
    return report, done.err.decode()


@check("folders whose name no mailbox can have are named, all others come in")
def bad_folders(server):
    account = server.user()
    source = plain_maildir(server.folder / "names", account, a="inbox")
    good = {"UTF-é".encode(): "UTF-&AOk-", b"Good": "Good", b"Entw&APw-rfe": "Entw&APw-rfe"}
    bad = [b"caf\xe9", b"bad&name", "R&D-é".encode(), b"a%b", b"a..b", b"tab\tbed"]
    for name in [*good, *bad]:
        folder = source / os.fsdecode(b"." + name)
        plain_maildir(folder, account, m=name.hex())
    (source / ".Linked").symlink_to(source / ".Good")
    report, _ = imported(server, account, source)
    expect(report["imported"] == 1 + len(good), f"the others did not come in: {report}")
    expect(len(report["failed"]) == len(bad) + 1, f"not all that are left out are named: {report}")
    for given, name in good.items():
        text, = (file.read_bytes() for file in (account.maildir / f".{name}" / "cur").iterdir())
        expect(given.hex().encode() in text, f"{name} has {text}")
    again, _ = imported(server, account, source)
    expect((again["imported"], again["failed"]) == (0, report["failed"]), f"the second time: {again}")


@check("a keyword that a mailbox can't have is left out and named once")
def bad_keywords(server):
    account = server.user()
    source = plain_maildir(server.folder / "keywords", account)
    (source / "dovecot-keywords").write_text("0 work\n1 we ird\n2 unused one\n")
    for number in range(3):
        text = octets("a@example.net", account.address, b"%d\r\n" % number)
        (source / "cur" / f"{number}.a.host:2,Sab").write_bytes(text)
    report, _ = imported(server, account, source)
    expect(report["imported"] == 3 and len(report["failed"]) == 1, f"it says {report}")
    expect("`we ird`" in report["failed"][0]["why"], f"it says {report}")
    session = imap(server, account)
    session.select("INBOX", readonly=True)
    flags = [set(re.search(rb"FLAGS \(([^)]*)\)", row)[1].split()) - {b"\\Recent"} for row in session.fetch("1:*", "(FLAGS)")[1]]
    expect(flags == [{b"\\Seen", b"work"}] * 3, f"the flags are {flags}")
    session.logout()
    text = octets("a@example.net", account.address, b"x\r\n")
    marked = server.folder / "marked.mbox"
    fields = b"X-Keywords: " + b" ".join(b"k%d" % number for number in range(30)) + b"\n"
    marked.write_bytes(b"From a@example.net Mon Jun  1 12:00:00 2026\n" + fields + with_lf(text))
    report, _ = imported(server, account, marked)
    expect(report["imported"] == 1 and len(report["failed"]) == 5, f"of 30 keywords there is room for 25: {report}")


@check("what is no file among the messages is named and never waited for")
def no_files(server):
    account = server.user()
    source = plain_maildir(server.folder / "odd", account, a="one")
    odd = [source / part / f"{part}-{kind}" for part in ("cur", "new") for kind in ("fifo", "socket", "folder", "link", "empty")]
    for path in odd:
        match path.name.rpartition("-")[2]:
            case "fifo":
                os.mkfifo(path)
            case "socket":
                with socket.socket(socket.AF_UNIX) as bound:
                    bound.bind(os.path.relpath(path))
            case "folder":
                path.mkdir()
            case "link":
                path.symlink_to(source / "cur" / "a.host:2,")
            case "empty":
                path.touch()
    os.mkfifo(source / "dovecot-keywords")
    report, _ = imported(server, account, source)
    named = sorted(failed["file"] for failed in report["failed"])
    expect(named == sorted(map(str, [*odd, source / "dovecot-keywords"])), f"it names {named}")
    expect(report["imported"] == 1 == sum(stored(account).values()), f"it says {report}")
    pipe = server.folder / "pipe"
    os.mkfifo(pipe)
    expect("not a file" in imported(server, account, pipe)[1], "a pipe is read as an mbox")


@check("what an mbox has before its first message is named, and so is an empty message")
def mbox_losses(server):
    account = server.user()
    opening = b"From a@example.net Mon Jun  1 12:00:00 2026\n"
    message = with_lf(octets("a@example.net", account.address, b"x\r\n"))
    source = server.folder / "garbage.mbox"
    source.write_bytes(b"#!garbage\n\n" + opening + b"Status: R\n\n" + opening + message + b"\n" + opening)
    for count in 1, 0:
        report, _ = imported(server, account, source)
        whys = [failed["why"] for failed in report["failed"]]
        expect(report["imported"] == count and len(whys) == 3, f"it says {report}")
        expect(whys[0].startswith("11 octets "), f"it says {whys[0]}")
        expect([re.search(r"octet (\d+) is empty", why)[1] for why in whys[1:]] == ["11", str(source.stat().st_size - len(opening))], f"it says {whys}")
    expect(stored(account) == Counter([digest(message)]), "something else came in")
    source.write_bytes(message)
    report, said = imported(server, account, source, "--folder", "Nothing")
    expect(report is None and "this is no mbox" in said, f"it says {said}")
    expect(not (account.maildir / ".Nothing").exists(), "a mailbox was made for nothing")
    source.write_bytes(b"\n")
    expect(imported(server, account, source, status=0)[0]["imported"] == 0, "an mbox may be empty")


@check("an account's own mail is neither source nor target")
def own_mail(server):
    account = server.user()
    session = imap(server, account)
    session.create("Work")
    for folder in "INBOX", "Work":
        session.append(folder, None, None, octets("a@example.net", account.address, b"x\r\n"))
    session.logout()
    home, data = account.maildir, server.data
    link, outside = server.folder / "link", server.folder / "outside"
    link.symlink_to(home)
    (outside / "sub").mkdir(parents=True)
    (outside / ".Work").symlink_to(home / ".Work")
    (outside / "new").symlink_to(home / "new")
    before = {path: path.stat().st_mtime_ns for path in data.rglob("*")}
    own = [home, link, home / ".Work", link / ".Work" / "cur", home.parent, data / "mail", home / "cur" / ".." / ".." / home.name]
    for source in [*own, data, server.folder]:
        done = server.command("import", account.address, source, status=1)
        expect(b"the account's own mail" in done.err, f"{source}: {done}")
    for target in [*own, home / ".New", outside, outside / "none" / ".." / ".." / "link" / ".New"]:
        done = server.command("export", account.address, target, status=1)
        expect(b"in the mail of the server" in done.err, f"{target}: {done}")
    done = server.command("export", account.address, link / "Work.mbox", "--format", "mbox", "--folder", "Work", status=1)
    expect(b"in the mail of the server" in done.err, f"{done}")
    after = {path: path.stat().st_mtime_ns for path in data.rglob("*")}
    changed = {path for path in {*before, *after} if before.get(path) != after.get(path)}
    expect(not changed, f"this was written: {changed}")
    expect(not (outside / "none").exists(), "a folder was made on the way")
    done = json.loads(server.command("export", account.address, outside / "sub", "--json").out)
    expect(done["exported"] == 2, f"elsewhere it goes: {done}")


@check("an mbox of a bare name is exported into the folder that one is in")
def bare_name(server):
    account = server.user()
    source = server.folder / "one.mbox"
    write_mbox(source, [octets("a@example.net", account.address, b"x\r\n")])
    server.command("import", account.address, source)
    folder = server.folder / "here"
    folder.mkdir()
    run(program(), "export", account.address, "bare.mbox", "--format", "mbox", "--folder", "INBOX",
        "--config", server.config_file.absolute(), folder=folder)
    expect(exported(folder / "bare.mbox") == stored(account), "it is not what is stored")
