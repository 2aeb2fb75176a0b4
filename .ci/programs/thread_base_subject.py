"""Subjects and what is left of them without what replies and forwarding add (POSTROAD_CORPORA's `thread-base-subject`)."""

import json

from harness import check
from harness.corpus import Suite
from harness.imap_session import Session

CONFIG = {"auth": {"cleartext": "loopback"}}
AT_LEAST = 25


@check(f"THREAD and SORT find the base subjects of at least {AT_LEAST} subjects")
def base_subjects(server):
    suite = Suite("thread-base-subject", "thread-base-subject-disagreements.txt")
    with Session(server, server.user()) as session:
        for line in (suite.folder / "subjects.jsonl").read_text().splitlines():
            case = json.loads(line)
            suite.judge(case["id"], compare(session, case))
    suite.finish(AT_LEAST)


def compare(session, case):
    """A mailbox with a message of the base subject, and one of the subject."""
    mailbox = f'"{case["id"]}"'
    session.ok("CREATE", mailbox)
    for number, subject in enumerate([case["base"], case["subject"]], 1):
        session.append(mailbox, f"Subject: {subject}\r\nDate: Mon, {number} Jun 2026 10:00:00 +0000\r\n"
                                f"Message-ID: <{number}.{case['id']}@example.org>\r\n\r\n".encode())
    session.ok("SELECT", mailbox)
    faults = []
    for command, expected in expected_answers(case):
        answer = session.ok(command)[0].split(b" ", 2)[2].strip()
        if answer != expected:
            faults.append(f"{command} is answered {answer}, not {expected}")
    return "; ".join(faults)


def expected_answers(case):
    """Subjects with the same base are one thread, and sorted neither way; a reply is below what it replies to (RFC 5256 §2.1, §3)."""
    yield "THREAD ORDEREDSUBJECT UTF-8 ALL", b"(1 2)"
    yield "SORT (SUBJECT) UTF-8 ALL", b"1 2"
    yield "SORT (REVERSE SUBJECT) UTF-8 ALL", b"1 2"
    if case["base"] and "is_reply" in case:
        yield "THREAD REFERENCES UTF-8 ALL", b"(1 2)" if case["is_reply"] else b"((1)(2))"
