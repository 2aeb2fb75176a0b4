#!/usr/bin/env python3
"""Writes `conformance/BOARD.md`: the transcripts against Postroad, Postfix, Dovecot, OpenSMTPD and Exim, by RFC.

    cargo build --release && cargo build -p postroad-conformance && conformance/board/board.py

It needs root, for mail servers want to change users; Debian's postfix, dovecot-core, -imapd, -pop3d and -lmtpd; and Debian's exim4-base,
exim4-daemon-light, opensmtpd, libevent-2.1-7 and what else they lack, which exclude Postfix, unpacked into `POSTROAD_DEBIAN_ROOT`. A
server that does not start stands on the board with the reason.
"""

import json
import re
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / ".ci"))

from harness.check import Failure  # noqa: E402
from harness.foreign import DOMAIN, Dovecot  # noqa: E402
from harness.process import run  # noqa: E402
from harness.server import PASSWORD, Postroad, program, target  # noqa: E402
from servers import Exim, OpenSmtpd, Postfix  # noqa: E402

TRANSCRIPTS = ROOT / "conformance" / "transcripts"
ACCOUNTS = 420


class Own(Postroad):
    """Postroad, as the others are."""

    def __init__(self):
        super().__init__(auth={"cleartext": "loopback"}, limits={"failed_login_delay": 0})

    def __enter__(self):
        super().__enter__()
        for number in range(1, ACCOUNTS + 1):
            self.user(f"u{number}")
        return self

    def version(self):
        return "Postroad " + run(program(), "--version").out.decode().split()[-1]

    def words(self):
        names = ("smtp", "submission", "lmtp", "pop3", "imap")
        places = [word for name in names for word in (f"--{name}", f"127.0.0.1:{self.port[name]}")]
        return [*places, "--user", f"u{{}}@{DOMAIN}:{PASSWORD}"]


def ask(kind):
    """The version of a server, and what came of each transcript; or why there is nothing."""
    try:
        with kind() as server:
            ended = run(target() / "debug" / "postroad-conformance", "run", "--format", "json", "--patience", "5", *server.words(),
                        TRANSCRIPTS, status=None, timeout=900)
            return server.version(), json.loads(ended.out)["cases"]
    except Failure as why:
        return kind.__name__, str(why).strip().splitlines()[-1]


def clause(title):
    return title.partition(": ")[0]


def rfcs(title):
    return sorted({int(number) for number in re.findall(r"RFC (\d+)", title)}) or [0]


def name(case):
    return str(Path(case["file"]).relative_to(TRANSCRIPTS).with_suffix(""))


def board(answers):
    ran = {version: cases for version, cases in answers if isinstance(cases, list)}
    lines = ["# The board", "",
             "The transcripts that any server can be asked, by RFC: passed / failed / skipped. Written by `conformance/board/board.py`; each server "
             "as it comes, but for ports, one domain and its users. A failure is a difference from what the transcript says, and mostly a "
             "choice that RFCs leave to servers or a habit that they do not; its clause says which. Skipped is what a server does not speak or announce.", "",
             "| RFC | " + " | ".join(ran) + " |", "|---|" + "---|" * len(ran)]
    counts = {version: Counter((rfc, case["outcome"]) for case in cases for rfc in rfcs(case["title"])) for version, cases in ran.items()}
    asked = {rfc for count in counts.values() for rfc, outcome in count if outcome in ("passed", "failed")}
    row = lambda count, key: " / ".join(str(count[key, outcome]) for outcome in ("passed", "failed", "skipped"))  # noqa: E731
    for rfc in sorted(asked):
        lines.append(f"| {rfc or 'none'} | " + " | ".join(row(counts[version], rfc) for version in ran) + " |")
    totals = {version: Counter(("all", case["outcome"]) for case in cases) for version, cases in ran.items()}
    lines += ["| all transcripts | " + " | ".join(row(totals[version], "all") for version in ran) + " |", ""]
    for version, cases in answers:
        lines += [f"## {version}", ""]
        if isinstance(cases, str):
            lines += [f"It could not be asked: {cases}", ""]
            continue
        failed = [case for case in cases if case["outcome"] == "failed"]
        lines += [f"- [{name(case)}](transcripts/{name(case)}.txt): {clause(case['title'])}; line {case['line']}, {case['problem']}" for case in failed] or ["It fails none."]
        lines += [""]
    return "\n".join(lines)


if __name__ == "__main__":
    answers = [ask(kind) for kind in (Own, Postfix, Dovecot, OpenSmtpd, Exim)]
    (ROOT / "conformance" / "BOARD.md").write_text(board(answers))
    for version, cases in answers:
        print(version, cases if isinstance(cases, str) else dict(Counter(case["outcome"] for case in cases)))
