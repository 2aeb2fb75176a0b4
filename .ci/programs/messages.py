"""Real and malformed messages of many suites (POSTROAD_CORPORA's `mime-*` and `mail-*`): each is appended, read back by IMAP
and POP3, octet for octet, in its parts, and in what the server says of it, and delivered by LMTP."""

import email
import json
import re
import smtplib

from harness import check
from harness.corpus import Suite, canonical
from harness.imap_session import Session
from harness.mailbox import TRACE
from harness.mime_tree import leaves, of_mail_parser, of_mime4j, of_mimekit, of_python, tree
from harness.parts import compare_contents, compare_part, compare_preview
from programs.python import pop3

CONFIG = {"auth": {"cleartext": "loopback"}}
EXPLAINED = "messages-disagreements.txt"
AT_LEAST = {
    "mime-mimekit": 233, "mime-mail-parser": 486, "mime-mime4j": 400, "mime-python-email": 211, "mime-ruby-mail": 454,
    "mail-spamassassin": 682, "mail-pypi-mail-parser": 101,
}
NO_MESSAGE = re.compile(r"SOURCE|INDEX|LICENSE|ARTISTIC|NOTICE|(?:.*/)?COPYING|MIT-LICENSE|\.gitattributes|text/|encoders/"
                        r"|.*(?:\.(?:json|xml|out|tsv)|-summary\.txt|_decoded\S*)$")
MESSAGE_ID = re.compile(rb"^Message-ID:[ \t]*(<[!#-\[\]-~]+>)[ \t]*\r$", re.I | re.M)
WHOLE = "UID RFC822.SIZE ENVELOPE BODYSTRUCTURE PREVIEW BODY.PEEK[] BODY.PEEK[HEADER] BODY.PEEK[TEXT]"


@check("{}: at least {} cases agree, and none disagrees unexplained", AT_LEAST.items())
def read_back(server, name, at_least):
    suite, account = Suite(name, EXPLAINED), server.user()
    stored = []
    with Session(server, account) as session:
        session.ok("SELECT", "INBOX")
        for case, message in messages(suite):
            untagged, tagged = session.perform("APPEND", "INBOX", message)
            suite.judge(f"append/{case}", "" if tagged.split()[1] == b"OK" else f"APPEND was answered {tagged}")
            if tagged.split()[1] == b"OK":
                stored.append((case, message))
        for uid, (case, message) in enumerate(stored, 1):
            judge_message(suite, session, uid, case, message)
        judge_mailbox(suite, session, [message for _, message in stored])
    judge_maildrop(suite, server, account, stored)
    judge_delivery(suite, server, stored)
    suite.finish(at_least)


def messages(suite):
    """Every message of a suite, as it is sent."""
    for file in sorted(path for path in suite.folder.rglob("*") if path.is_file()):
        name = str(file.relative_to(suite.folder))
        if name.endswith(".mbox.txt"):
            for number, message in enumerate(re.split(rb"(?:\A|\r?\n)From [^\n]*\n", file.read_bytes())[1:]):
                yield f"{name}.{number}", canonical(message)
        elif not NO_MESSAGE.match(name):
            yield name, canonical(file.read_bytes())


def judge_message(suite, session, uid, case, message):
    told = session.fetch(uid, WHOLE)
    suite.judge(f"octets/{case}", compare_octets(told, message))
    expected, contents = expectation(suite, case, message)
    found = tree(told[b"BODYSTRUCTURE"])
    suite.judge(f"structure/{case}", "" if found == expected else f"the structure is {found}, not {expected}")
    suite.judge(f"envelope/{case}", compare_envelope(told[b"ENVELOPE"], message))
    parts = list(leaves(told[b"BODYSTRUCTURE"]))
    faults = [fault for part in parts for fault in compare_part(session, uid, part)]
    suite.judge(f"parts/{case}", "; ".join(faults))
    if contents is not None and found == expected:
        suite.judge(f"contents/{case}", compare_contents(session, uid, parts, contents))
    suite.judge(f"preview/{case}", compare_preview(session, uid, parts[0], (told[b"PREVIEW"] or b"").decode()))


def compare_octets(told, message):
    header = header_of(message)
    for item, expected in (b"BODY[]", message), (b"BODY[HEADER]", header), (b"BODY[TEXT]", message[len(header):]):
        if told[item] != expected:
            return f"{item.decode()} is {told[item][:200]}, not {expected[:200]}"
    return "" if int(told[b"RFC822.SIZE"]) == len(message) else f"RFC822.SIZE is {told[b'RFC822.SIZE']}, not {len(message)}"


def header_of(message):
    return re.match(rb"(?:(?!\r\n)[^\n]*\n)*(?:\r\n)?", message)[0]


def expectation(suite, case, message):
    """The structure that the suite expects, or Python where it has no word on that; and the leaves' contents, or None."""
    file = suite.folder / case
    if suite.name == "mime-mail-parser" and file.with_suffix(".json").exists():
        return of_mail_parser(file.with_suffix(".json"))
    if suite.name == "mime-mime4j":
        return of_mime4j(file.with_name(f"{file.stem}_decoded.xml"))
    mailbox, _, number = case.rpartition(".mbox.txt.")
    if (offsets := suite.folder / f"{mailbox}.dos-offsets.json").exists():
        return of_mimekit(json.loads(offsets.read_text())[int(number)]), None
    return of_python(message), None


def compare_envelope(envelope, message):
    """What an ENVELOPE says of the fields that stand once and in one way: the Message-ID, the subject, the date."""
    read = email.message_from_bytes(message)
    for place, name in (0, "Date"), (1, "Subject"), (8, "In-Reply-To"), (9, "Message-ID"):
        values = [value for field, value in read.raw_items() if field.lower() == name.lower()]
        expected = plain(" ".join(values[0].split())) if values else ""
        found = " ".join((envelope[place] or b"").decode(errors="surrogateescape").split())
        if found != expected:
            return f"{name} is {found!r}, not {expected!r}"
    return ""


def plain(value):
    """A field's body as it stands in the message."""
    return value.encode("ascii", "surrogateescape").decode(errors="surrogateescape")


def judge_mailbox(suite, session, contents):
    """What SORT, THREAD and SEARCH say of the mailbox as a whole."""
    sizes = [len(message) for message in contents]
    by_size = sorted(range(1, len(sizes) + 1), key=lambda number: (sizes[number - 1], number))
    found = numbers(session.ok("UID SORT (SIZE) UTF-8 ALL"))
    suite.judge("mailbox/sort by size", "" if found == by_size else f"SORT gave {found}, not {by_size}")
    middle = sorted(sizes)[len(sizes) // 2]
    larger = [number for number, size in enumerate(sizes, 1) if size > middle]
    found = sorted(numbers(session.ok(f"UID SEARCH LARGER {middle}")))
    suite.judge("mailbox/search by size", "" if found == larger else f"SEARCH gave {found}, not {larger}")
    for algorithm in "REFERENCES", "ORDEREDSUBJECT":
        threads = top_threads(session.ok(f"UID THREAD {algorithm} UTF-8 ALL")[0])
        found = sorted(number for thread in threads for number in thread)
        suite.judge(f"mailbox/{algorithm.lower()}", "" if found == sorted(by_size) else f"THREAD {algorithm} holds {found}")
        if algorithm == "REFERENCES":
            apart = [pair for pair in replies(contents) if not any(pair <= thread for thread in threads)]
            suite.judge("mailbox/replies are in the thread of what they reply to", "" if not apart else f"{apart} are not")
    for number, message in enumerate(contents, 1):
        identifier = MESSAGE_ID.search(message.partition(b"\r\n\r\n")[0] + b"\r\n")
        if identifier:
            same = [other for other, each in enumerate(contents, 1) if identifier[1] in each.partition(b"\r\n\r\n")[0]]
            found = numbers(session.ok(f'UID SEARCH HEADER MESSAGE-ID "{identifier[1].decode()}"'))
            suite.judge(f"mailbox/search by Message-ID {number}", "" if number in found and set(found) <= set(same) else f"SEARCH gave {found}, not {same}")


def top_threads(response):
    """The messages of each thread of a THREAD response."""
    threads, depth = [], 0
    for token in re.findall(rb"[()]|\d+", response):
        if token.isdigit():
            threads[-1].add(int(token))
        else:
            depth += 1 if token == b"(" else -1
            if token == b"(" and depth == 1:
                threads.append(set())
    return threads


def replies(contents):
    """Pairs of messages of which one names the other in References, each id being one message's alone."""
    heads = [message.partition(b"\r\n\r\n")[0] + b"\r\n" for message in contents]
    holders = {}
    for number, head in enumerate(heads, 1):
        for identifier in re.findall(MESSAGE_ID, head):
            holders.setdefault(identifier, []).append(number)
    for number, head in enumerate(heads, 1):
        references = re.search(rb"^References:((?:[ \t]*(?:\r\n[ \t]+)?<[!#-\[\]-~]+>)+)[ \t]*\r$", head, re.I | re.M)
        for identifier in re.findall(rb"<[^>]+>", references[1]) if references else []:
            if len(holders.get(identifier, [])) == 1 and holders[identifier] != [number]:
                yield {number, *holders[identifier]}


def numbers(responses):
    return [int(number) for number in responses[0].split()[2:]]


def judge_maildrop(suite, server, account, stored):
    """RETR, TOP, LIST and UIDL of every message."""
    session = pop3(server, account, "plain")
    listed = [int(line.split()[1]) for line in session.list()[1]]
    unique = {line.split()[1] for line in session.uidl()[1]}
    suite.judge("maildrop/LIST and UIDL", "" if listed == [len(message) for _, message in stored] and len(unique) == len(stored)
                else f"{listed}, and {len(unique)} unique-ids")
    for number, (case, message) in enumerate(stored, 1):
        retrieved, top = (lines(session, command) for command in (f"RETR {number}", f"TOP {number} 1"))
        whole = ended(message)
        header = header_of(whole)
        first = re.match(rb"[^\n]*\n?", whole[len(header):])[0]
        faults = [] if retrieved == whole else [f"RETR gave {retrieved[:200]}, not {message[:200]}"]
        faults += [] if top == header + first else [f"TOP gave {top[-200:]}, not {(header + first)[-200:]}"]
        suite.judge(f"maildrop/{case}", "; ".join(faults))
    session.quit()


def judge_delivery(suite, server, stored):
    """Delivered by LMTP, a message is what it was, under the fields that a delivery writes above it."""
    account, delivered = server.user(), []
    with smtplib.LMTP("127.0.0.1", server.port["lmtp"]) as lmtp:
        for case, message in stored:
            try:
                lmtp.sendmail("sender@example.net", [account.address], message, ["BODY=8BITMIME", "SMTPUTF8"])
                delivered.append((case, message))
            except smtplib.SMTPException as refusal:
                suite.judge(f"delivery/{case}", f"it is refused: {refusal}")
    with Session(server, account) as session:
        session.ok("SELECT", "INBOX")
        for uid, (case, message) in enumerate(delivered, 1):
            found = session.fetch(uid, "BODY.PEEK[]")[b"BODY[]"]
            trace, same = found[:-len(ended(message))], found.endswith(ended(message))
            suite.judge(f"delivery/{case}", "" if same and TRACE.fullmatch(trace) else f"BODY[] is {found[:600]}")


def ended(message):
    """With a whole last line, as in a multi-line response (RFC 1939 §3) and behind DATA (RFC 5321 §4.1.1.4)."""
    return message if message.endswith(b"\r\n") else message + b"\r\n"


def lines(session, command):
    """A multi-line response, dots undone; poplib refuses lines that are as long as mail's are."""
    session._putcmd(command)
    session._getresp()
    octets = []
    while (line := session.file.readline()) != b".\r\n":
        octets.append(line[1:] if line.startswith(b"..") else line)
    return b"".join(octets)
