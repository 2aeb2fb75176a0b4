"""`postroad send`, and `postroad` under the name of `sendmail`: what arrives, and what is said when nothing does."""

import json
import os
import pty
import re
import subprocess
import time
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from harness import Mailbox, Postroad, check, expect, free_ports, maildir_messages, need, octets, run, run_in_terminal, samples
from harness.server import program

CONFIG = {"limits": {"failed_login_delay": 0}}
SENDER = "someone@example.net"
MEGABYTE = 1024 * 1024


def send(server, *words, status=0, input=b"", env=None):
    return run(program(), "send", "--config", server.config_file, *words, status=status, input=input, env=env)


def sendmail(server, *words, message, status=0, name="sendmail"):
    """Runs a link of that name."""
    link = server.folder / name
    if not link.exists():
        link.symlink_to(program())
    return run(link, *words, input=message, status=status, env={"POSTROAD_CONFIG": str(server.config_file)})


def login(server, account):
    file = server.folder / "password"
    file.write_text(account.password + "\nnot this line\n")
    return ["--user", account.address, "--password-file", file]


def only(server, account):
    """The one message in the inbox, without trace fields."""
    with Mailbox(server, account) as inbox:
        contents = inbox.contents()
    expect(len(contents) == 1, f"{account.address} has {len(contents)} messages")
    return contents[0]


WAYS = {
    "the server of the configuration": lambda server, account: [],
    "its submission": login,
    "its submission, TLS from the start": lambda server, account: [*login(server, account), "--tls", "implicit"],
    "a named server, in the clear": lambda server, account: ["--server", f"127.0.0.1:{server.port['smtp']}", "--tls", "none"],
    "a named server, STARTTLS where there is some": lambda server, account: ["--server", f"localhost:{server.port['smtp']}"],
    "a named server, STARTTLS and a login": lambda server, account: [
        *login(server, account), "--server", f"localhost:{server.port['submission']}", "--ca", server.certificate],
    "a named server, TLS and a login": lambda server, account: [
        *login(server, account), "--server", f"localhost:{server.port['submissions']}", "--tls", "implicit", "--ca", server.certificate],
    "a named server, whoever it is": lambda server, account: [
        *login(server, account), "--server", f"localhost:{server.port['submission']}", "--insecure"],
}


@check("text, files and names beyond ASCII arrive by {}; Bcc is not told", list(WAYS))
def composes(server, way):
    sender, shown, copied, hidden = (server.user() for _ in range(4))
    file = server.folder / "Bericht für Ölçü 日本.bin"
    file.write_bytes(bytes(range(256)) * 10)
    note = server.folder / "note.txt"
    note.write_bytes(b"one\ntwo\r\n")
    text = "Grüße\n.\n..dots\nFrom here on\n\n" + "long " * 400 + "\n"
    send(server, "--from", f"Zoë Müller <{sender.address}>", "--to", f"Ünal <{shown.address}>", "--cc", copied.address,
         "--bcc", hidden.address, "--subject", "Grüße aus Köln: 日本語 🦉", "--attach", file, "--attach", note,
         "--header", "X-Whence: Köln", *WAYS[way](server, sender), input=text.encode())
    arrived = {account: only(server, account) for account in (shown, copied, hidden)}
    expect(len(set(arrived.values())) == 1, "the recipients got different messages")
    expect(arrived[shown].isascii(), "the message is not in ASCII")
    expect(hidden.address.encode() not in arrived[shown] and b"Bcc" not in arrived[shown], "Bcc is told")
    message = message_from_bytes(arrived[shown], policy=default)
    said = [str(message[name]) for name in ("From", "To", "Cc", "Subject", "X-Whence")]
    expected = [f"Zoë Müller <{sender.address}>", f"Ünal <{shown.address}>", copied.address, "Grüße aus Köln: 日本語 🦉", "Köln"]
    expect(said == expected, f"{said}")
    expect(message["Date"] and message["Message-ID"].endswith("@example.org>"), f"{message['Date']} {message['Message-ID']}")
    body, one, two = message.iter_parts()
    expect(body.get_content().replace("\r\n", "\n") == text, f"{body.get_content()!r}")
    expect(one.get_filename() == file.name and one.get_content() == file.read_bytes(), f"{one.get_filename()}")
    expect(two.get_payload(decode=True) == note.read_bytes() and two.get_content_type() == "text/plain", f"{two.items()}")


@check("an address beyond ASCII gets its mail; one with such a domain needs no SMTPUTF8")
def addresses_beyond_ascii(server):
    # imaplib does not log in with such a name.
    account, plain = server.user("jürgen"), server.user()
    ended = send(server, "--from", SENDER, "--to", account.address, "--subject", "x", "--body", "x", "--verbose")
    expect("SMTPUTF8" in ended.text.partition("MAIL FROM")[2].partition("\n")[0], f"{ended}")
    arrived, = maildir_messages(account.maildir).values()
    expect(f"To: <{account.address}>\r\n".encode() in arrived, f"{arrived}")
    ended = send(server, "--from", "ann@köln.example", "--to", plain.address, "--subject", "ü", "--body", "ü", "--verbose")
    expect("SMTPUTF8" not in ended.text.partition("MAIL FROM")[2].partition("\n")[0], f"{ended}")


@check("a file of 20 MiB arrives octet for octet, and is held once")
def sends_large_file(server):
    sender, account = server.user(), server.user()
    file = server.folder / "large"
    file.write_bytes(os.urandom(20 * MEGABYTE))
    command = [program(), "send", "--config", server.config_file, "--from", sender.address, "--to", account.address,
               "--subject", "large", "--body", "", "--attach", file, *login(server, sender)]
    with subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as child:
        most = 0
        while child.poll() is None:
            most = max(most, peak(child.pid))
            time.sleep(0.005)
    expect(child.returncode == 0, f"it ended with {child.returncode}")
    _, attached = message_from_bytes(only(server, account), policy=default).iter_parts()
    expect(attached.get_content() == file.read_bytes(), "the file has changed")
    expect(20 * 1024 < most < 38 * 1024, f"sending 20 MiB took {most} KiB")


def peak(pid):
    """The most KiB of memory that a process has had so far."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return int((re.search(r"VmHWM:\s+(\d+)", status) or [0, 0])[1])


@check("on a terminal a large mail shows how far it is; elsewhere it does not")
def shows_progress(server):
    account = server.user()
    file = server.folder / "large"
    file.write_bytes(b"x" * (12 * MEGABYTE))
    words = ["--from", SENDER, "--to", account.address, "--subject", "x", "--body", "", "--attach", file]
    ended = run_in_terminal(program(), "send", "--config", server.config_file, *words)
    expect("MiB at" in ended.text, f"{ended}")
    ended = send(server, *words)
    expect(ended.err == b"" and ended.text.startswith("accepted by 127.0.0.1: 250 2."), f"{ended}")


@check("a password is asked for on the terminal, and not shown")
def asks_for_password(server):
    sender, account = server.user(), server.user()
    words = [program(), "send", "--config", str(server.config_file), "--from", sender.address, "--to", account.address,
             "--subject", "x", "--body", "x", "--user", sender.address]
    child, terminal = pty.fork()
    if child == 0:
        os.execv(words[0], words)
    shown = b""
    try:
        while b"Password of" not in shown:
            shown += os.read(terminal, 1024)
        os.write(terminal, sender.password.encode() + b"\n")
        while octets := os.read(terminal, 1024):
            shown += octets
    except OSError:
        pass
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.close(terminal)
    expect(status == 0 and sender.password.encode() not in shown, f"{status}: {shown}")
    only(server, account)


@check("the password may come by the environment or standard input; --verbose shows the dialogue without it")
def shows_dialogue(server):
    sender, account = server.user(), server.user()
    words = ["--from", sender.address, "--to", account.address, "--subject", "x", "--body", "x", "--user", sender.address, "--verbose"]
    for ended in (
        send(server, *words, env={"POSTROAD_PASSWORD": sender.password}),
        send(server, *words, "--password-stdin", input=sender.password.encode() + b"\n"),
    ):
        said = ended.err.decode()
        expect(all(word in said for word in ("S: 220 ", "C: EHLO ", "C: STARTTLS", "C: AUTH ", "[redacted]", "C: MAIL FROM:<", "S: 250 2.")), f"{ended}")
        expect(sender.password not in ended.text, f"{ended}")


@check("--json tells of each recipient")
def tells_json(server):
    account = server.user()
    ended = send(server, "--from", SENDER, "--to", f"{account.address}, nobody@example.org", "--subject", "x", "--body", "x",
                 "--json", status=67)
    told = json.loads(ended.out)
    good, bad = told["recipients"]
    expect((good["address"], good["accepted"], good["reply"]["code"]) == (account.address, True, 250), f"{ended}")
    expect((bad["accepted"], bad["permanent"], bad["status"], bad["stage"]) == (False, True, "5.1.1", "RCPT"), f"{ended}")
    only(server, account)


REFUSALS = {
    "an unknown user": (67, "--to nobody@example.org", ["nobody gets it", "550 5.1.1"]),
    "a foreign domain": (77, "--to bob@elsewhere.example", ["550 5.7.1", "--user"]),
    "a wrong password": (77, "--user {user} --password-stdin", ["535 5.7.8", "password"]),
    "no login at submission": (77, "--server localhost:{submission} --ca {certificate}", ["530 5.7.0", "--user"]),
    "another's name": (77, "--from other@example.org --user {user} --password-file {password}", ["5.7.1"]),
    "a certificate that is not trusted": (75, "--server localhost:{submission} --tls require", ["certificate", "--ca", "--insecure"]),
    "TLS from the start where there is none": (75, "--server localhost:{submission} --tls implicit", ["handshake", "--tls require"]),
    "an unreachable server": (75, "--server localhost:{closed}", ["refused", "nothing was sent"]),
    "an unknown server": (75, "--server nowhere.invalid", ["nowhere.invalid:25", "nothing was sent"]),
    "a password that could be read on the way": (2, "--server mail.example.com --user x --password-stdin --tls may", ["TLS"]),
}


@check("{} is refused in words, with an exit code", list(REFUSALS))
def refuses(server, what):
    status, words, expected = REFUSALS[what]
    account = server.user()
    values = {**server.port, "certificate": server.certificate, "user": account.address, "closed": free_ports(1)[0],
              "password": login(server, account)[-1]}
    words = words.format(**values).split()
    words += [] if "--to" in words else ["--to", account.address]
    words += [] if "--from" in words else ["--from", account.address]
    ended = send(server, *words, "--subject", "x", "--body", "x", status=status, input=b"wrong\n")
    expect(all(word in ended.err.decode() for word in expected) and not ended.out, f"{ended}")
    with Mailbox(server, account) as inbox:
        inbox.expect_contents([])


@check("a certificate for another name is refused, and the password is not told")
def refuses_wrong_name(server):
    account = server.user()
    other = server.folder / "other.toml"
    other.write_text(server.config_file.read_text().replace("mail.example.org", "other.example.org"))
    ended = run(program(), "send", "--config", other, "--from", account.address, "--to", account.address, "--subject", "x",
                "--body", "x", "-v", *login(server, account), status=75)
    expect("not valid for name" in ended.text and "AUTH" not in ended.text, f"{ended}")


@check("sendmail: every sample arrives octet for octet")
def sendmail_samples(server):
    account = server.user()
    # A pipe has LF line ends; what stands between them stays.
    messages = [message for _, message in samples(SENDER, account.address)]
    for message in messages:
        sendmail(server, "-i", "-f", SENDER, account.address, message=message.replace(b"\r\n", b"\n"))
    with Mailbox(server, account) as inbox:
        inbox.expect_contents(messages)
        expect(all(b"Return-Path: <someone@example.net>" in it.octets for it in inbox.messages()), "another reverse-path")


@check("sendmail: without -i a lone dot ends the message, with -i or -oi it does not")
def sendmail_dots(server):
    for words, kept in ([], b""), (["-i"], b".\r\nmore\r\n"), (["-oi"], b".\r\nmore\r\n"):
        account = server.user()
        message = octets(SENDER, account.address, b"..text\n")
        sendmail(server, *words, account.address, message=message.replace(b"\r\n", b"\n") + b".\nmore\n")
        arrived = only(server, account)
        expect(arrived == octets_of(message) + kept, f"{arrived}")


def octets_of(message):
    return message.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


@check("sendmail -t: To, Cc and Bcc get it, Bcc is removed; From, Date and Message-ID are added")
def sendmail_header(server):
    shown, copied, hidden, more = (server.user() for _ in range(4))
    sendmail(server, "-t", "-F", "Cron Dæmon", "-f", "root", more.address, message=(
        f"To: {shown.address.partition('@')[0]}\nCc: Copy\n <{copied.address}>\nBcc: {hidden.address}\nSubject: hi\n\ntext\n").encode())
    arrived = {only(server, account) for account in (shown, copied, hidden, more)}
    expect(len(arrived) == 1, "the recipients got different messages")
    message = message_from_bytes(arrived.pop(), policy=default)
    expect("Bcc" not in message and message["Date"] and message["Message-ID"], f"{message.items()}")
    expect((str(message["From"]), message["To"].addresses[0].addr_spec) == ("Cron Dæmon <root@example.org>", shown.address), f"{message.items()}")


@check("sendmail: a text without a header is a message, as `echo text | sendmail bob` means it")
def sendmail_text(server):
    account = server.user()
    sendmail(server, account.address.partition("@")[0], message=b"no header here\n")
    message = message_from_bytes(only(server, account), policy=default)
    expect(message["From"] and message.get_content().strip() == "no header here", f"{message}")


@check("mutt sends by it, with a file")
def mutt_sends(server):
    need("mutt")
    account = server.user()
    sendmail(server, "-bp", message=b"")  # makes the link
    file, settings = server.folder / "attached.bin", server.folder / "muttrc"
    file.write_bytes(bytes(range(256)))
    settings.write_text(f'set sendmail="{server.folder}/sendmail -oem -oi"\nset from="Ann <ann@example.org>"\nset use_envelope_from\n'
                        f'set copy=no\nset folder="{server.folder}"\nset charset=utf-8\n')
    run("mutt", "-n", "-F", settings, "-s", "Grüße", "-a", file, "--", account.address, input="Grüße\n.\n".encode(),
        env={"HOME": str(server.folder), "POSTROAD_CONFIG": str(server.config_file)})
    message = message_from_bytes(only(server, account), policy=default)
    text, attached = message.iter_parts()
    expect(message["Subject"] == "Grüße" and text.get_content().replace("\r\n", "\n") == "Grüße\n.\n", f"{message}")
    expect(attached.get_content() == file.read_bytes(), "the file has changed")


@check("sendmail submits as `sendmail.toml` says")
def sendmail_submits(server):
    sender, account = server.user(), server.user()
    file = server.data / "sendmail.toml"
    (server.data / "sendmail-password").write_text(sender.password + "\n")
    file.write_text(f'server = "localhost:{server.port["submission"]}"\nuser = "{sender.address}"\n'
                    f'password_file = "sendmail-password"\nca = "{server.certificate}"\nfrom = "Ann <{sender.address}>"\n')
    try:
        sendmail(server, account.address, message=b"Subject: x\n\ntext\n")
        arrived = only(server, account)
        expect(f'From: "Ann" <{sender.address}>'.encode() in arrived, f"{arrived}")
    finally:
        file.unlink()


@check("sendmail reports its failures: reports go nowhere with -f '', and -N, -R, -V are taken")
def sendmail_reports(server):
    account = server.user()
    ended = sendmail(server, "-v", "-f", "", "-N", "never", "-R", "hdrs", "-V", "id+1", account.address, message=b"Subject: x\n\nx\n")
    said = ended.err.decode()
    expect("MAIL FROM:<>" in said and "RET=HDRS" in said and "ENVID=id+2B1" in said and "NOTIFY=NEVER" in said, f"{ended}")


EXITS = {
    "an unknown user": (67, ["nobody@example.org"], "550 5.1.1"),
    "a foreign domain": (77, ["bob@elsewhere.example"], "Relaying denied"),
    "nobody": (64, [], "who is to get it"),
    "an unknown option": (64, ["--frobnicate", "x"], "no such option"),
    "SMTP on standard input": (64, ["-bs"], "SMTP is not spoken here"),
    "nobody in the header": (65, ["-t"], "nobody stands in"),
}


@check("sendmail: {} ends with the code of sysexits.h", list(EXITS))
def sendmail_exits(server, what):
    status, words, expected = EXITS[what]
    ended = sendmail(server, *words, message=b"Subject: x\n\nx\n", status=status)
    expect(ended.err.decode().startswith("sendmail: ") and expected in ended.text and not ended.out, f"{ended}")


@check("mailq lists the queue, and newaliases says that it is not here")
def other_names(server):
    expect(sendmail(server, message=b"", name="mailq").out == b"The queue is empty.\n", "mailq")
    ended = sendmail(server, message=b"", status=64, name="newaliases")
    expect(b"sendmail: -b" in ended.err, f"{ended}")


@check("sendmail: a server that does not run takes nothing, and 75 says so")
def sendmail_unreachable():
    server = Postroad()
    try:
        ended = sendmail(server, "x@example.org", message=b"Subject: x\n\nx\n", status=75)
        expect("refused" in ended.text and "nothing was sent" in ended.text and "postroad serve" in ended.text, f"{ended}")
    finally:
        server.close()
