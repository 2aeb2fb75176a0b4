"""curl's own tests of IMAP and POP3 (POSTROAD_CORPORA's `curl-mail`), which it plays against a server that answers by script.

The command is curl's, the server is ours: the accounts, mailboxes and messages that a test speaks of are made first. Its exit
status, what it gives out and what it says after its login must be what the test expects. How it logs in is compared only where
a test is about that: curl is then told the mechanism, which the script is alone to offer.
"""

import os
import re
import shlex
from dataclasses import dataclass, field

from harness import check, need, run
from harness.corpus import Suite
from harness.imap_session import Session
from harness.mailbox import crlf

CONFIG = {"auth": {"cleartext": "loopback"}, "limits": {"failed_login_delay": 0}}
AT_LEAST = 28
# What stands in a <protocol> to log in with, beside the lines that are not commands.
LOGIN = ("CAPABILITY", "CAPA", "LOGIN", "AUTHENTICATE", "AUTH", "USER", "PASS", "APOP", "LOGOUT", "QUIT")
COMMAND = re.compile(r"(?:[A-Z]\d+ )?((?:UID )?[A-Z]{3,}\b.*)")


@dataclass
class Case:
    """One test file."""

    number: str
    text: str
    accounts: list = field(default_factory=list)

    def section(self, name):
        found = re.search(rf"^ *<{name}(?: [^>\n]*)?>\n(.*?)^ *</{name}>", self.text, re.M | re.S)
        return found[1].replace("%TESTNUMBER00", "").replace("%TESTNUMBER", self.number) if found else ""

    def octets(self, name):
        return self.section(name).encode("latin-1")

    @property
    def service(self):
        return "pop3" if re.search(r"^POP3$", self.section("keywords"), re.M) else "imap"

    @property
    def mechanism(self):
        """The one mechanism that the script offers, if the test is about that."""
        offered = re.findall(r"^AUTH (.*)$", self.section("servercmd"), re.M)
        return offered[0].split()[0] if offered else "+APOP" if "CAPA APOP" in self.section("servercmd") else None


@check(f"at least {AT_LEAST} of curl's tests go as they are written, and none goes otherwise unexplained")
def tests(server):
    need("curl")
    suite, made = Suite("curl-mail", "curl-mail-disagreements.txt"), {}
    for line in (suite.folder / "INDEX.tsv").read_text().splitlines()[1:]:
        name, stratum, _ = line.split("\t")
        if stratum.startswith(("IMAP", "POP3")):
            case = Case(name.removeprefix("test"), (suite.folder / name).read_text(encoding="latin-1"))
            suite.judge(name, play(server, case, made))
    suite.finish(AT_LEAST)


def play(server, case, made):
    if "<tool>" in case.text:
        return "it is played by a program of curl's own tests, not by curl"
    command = with_accounts(server, case, made)
    if case.service == "pop3":
        fill_pop3(case)
    else:
        fill_imap(server, case)
    for name, value in {"HOSTIP": "127.0.0.1", "IMAPPORT": server.port["imap"], "POP3PORT": server.port["pop3"]}.items():
        command = command.replace(f"%{name}", str(value))
    if "UIDVALIDITY=" in command:
        command = re.sub(r"UIDVALIDITY=\d+", f"UIDVALIDITY={uidvalidity(server, case)}", command)
    options = ["--max-time", "10", *(["--login-options", f"AUTH={case.mechanism}"] if case.mechanism and "--login-options" not in command else [])]
    words = [word for given in shlex.split(command) for word in ([given, *options] if given == "-:" else [given])]
    folder = server.folder / "curl"
    upload = folder / "log" / f"upload{case.number}"
    upload.parent.mkdir(parents=True, exist_ok=True)
    upload.write_bytes(crlf(case.octets("file")))
    ended = run("curl", "-q", "-sv", *options, *words, status=None, folder=folder)
    return "; ".join([*compare(case, ended), *compare_upload(server, case)])


def with_accounts(server, case, made):
    """The command, for accounts with the names and passwords that it knows; each maildrop is of one test."""
    def own(found):
        name = found[2].replace('"', "quoted.") + (f".{case.number}" if case.service == "pop3" else "")
        if name not in made:
            made[name] = server.user(name, found[3])
        if made[name] not in case.accounts:
            case.accounts.append(made[name])
        return f"-u {found[1]}{name}:{found[3]}"

    return re.sub(r"-u ('?)([^\s:]+):([^\s']+)", own, case.section("command").strip())


def fill_imap(server, case):
    """A mailbox that is called as the test, and holds as many messages as the test counts; each is the one that it expects."""
    if re.search(r"-X '(?:CREATE|DELETE)", case.section("command")):
        return
    wanted = max(map(int, re.findall(r"(?:INDEX=|UID=|STORE |COPY )(\d+)", case.section("command"))), default=3)
    data = crlf(case.octets("data"))
    message = data if data.startswith(b"From:") else b"Subject: x\r\n\r\n" + data
    for account in case.accounts:
        with Session(server, account) as session:
            session.ok("CREATE", case.number)
            session.ok("APPEND", case.number, *[message] * wanted)


def uidvalidity(server, case):
    with Session(server, case.accounts[0]) as session:
        return session.data("STATUS", "STATUS", case.number, "(UIDVALIDITY)")[1][1].decode()


def fill_pop3(case):
    """As many messages as the test counts, unless it wants there to be none."""
    wanted = max(map(int, re.findall(r"pop3://\S*?/(\d+)", case.section("command"))), default=0)
    if not wanted or case.section("errorcode").strip() == "8":
        return
    for account in case.accounts:
        folder = account.maildir / "cur"
        for part in "cur", "new", "tmp":
            (account.maildir / part).mkdir(parents=True, exist_ok=True)
        first = folder / "1600000000.M0P1.host:2,S"
        first.write_bytes(case.octets("data") or b"Subject: x\n\nx\n")
        for number in range(1, wanted):
            os.link(first, folder / f"{1_600_000_000 + number}.M0P1.host:2,S")


def compare(case, ended):
    status = int(case.section("errorcode").strip() or 0)
    if ended.status != status:
        yield f"curl ended with {ended.status}, not {status}: {ended.text[-300:]}"
    said = re.findall(r"^> (.*?)\r?$", ended.err.decode("latin-1"), re.M)
    expected, found = (commands(lines) for lines in (case.section("protocol").splitlines(), said))
    if found != expected:
        yield f"curl said {found}, not {expected}"
    logged_in = re.compile(rf"(?:A\d+ )?(?:AUTH|AUTHENTICATE) {re.escape(case.mechanism or '')}\b|APOP ")
    if case.mechanism and not any(map(logged_in.match, said)):
        yield f"curl did not use {case.mechanism}"
    yield from compare_output(case, ended.out) if not status else ()


def commands(lines):
    """The commands that follow the login, without their tags."""
    found = (COMMAND.fullmatch(line) for line in lines)
    return [line[1] for line in found if line and line[1].split()[0] not in LOGIN]


def compare_output(case, out):
    """Messages are given out octet for octet; of other responses the same are told, whatever the mailbox holds."""
    told = b"".join(case.octets(name) for name in ("data", "data1", "data2"))
    if "-T " in case.section("command") or "-I" in case.section("command"):
        return
    if told.startswith(b"* "):
        missing = response_names(told) - response_names(out)
        if missing:
            yield f"there is no {sorted(missing)} in {out}"
    elif told and out != crlf(told) * len(case.accounts):
        yield f"curl gave out {out[:300]}, not {crlf(told)}"


def response_names(octets):
    return {name.upper() for name in re.findall(rb"^\* (?:\d+ )?(OK \[\w+|\w+)", octets, re.M)}


def compare_upload(server, case):
    if "-T " in case.section("command") and not case.section("errorcode"):
        with Session(server, case.accounts[0]) as session:
            session.ok("SELECT", case.number)
            found = session.data("FETCH", "FETCH", "*", "(BODY.PEEK[])")[0][1]
        if found != crlf(case.octets("upload")):
            yield f"the server holds {found[:300]}"
