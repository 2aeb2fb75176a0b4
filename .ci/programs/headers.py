"""Header fields of all kinds (POSTROAD_CORPORA's `headers-mail-parser`), each in a message of its own: what ENVELOPE,
BODYSTRUCTURE, SEARCH and THREAD make of it, over the wire."""

import datetime
import email.header
import email.utils
import json
import re
import urllib.parse

from harness import check
from harness.corpus import Suite, canonical
from harness.imap_session import Session
from harness.mime_tree import multiplicity

CONFIG = {"auth": {"cleartext": "loopback"}}
AT_LEAST = 201


def body(case):
    """A body, with a part in it if it is to be a multipart's."""
    attributes = dict(case["expected"].get("attributes") or []) if case["id"].startswith("content_type") and case["expected"] else {}
    boundary = attributes.get("boundary")
    return f"--{boundary}\r\n\r\nbody\r\n--{boundary}--\r\n".encode() if boundary else b"body\r\n"


def compare_field(session, uid, name, field):
    """The field comes back as it went in, alone (RFC 9051 §6.4.5.1)."""
    told = next(value for item, value in session.fetch(uid, f"BODY.PEEK[HEADER.FIELDS ({name})]").items() if item.startswith(b"BODY["))
    own = re.match(rb"[^\n]*\n(?:[ \t][^\n]*\n)*", field)[0]
    return "" if told == own + b"\r\n" else f"{name} is {told}, not {own}"


def decoded(octets):
    """What a reader makes of a field's text (RFC 2047)."""
    if octets is None:
        return None
    return "".join(part.decode((charset or "utf-8").partition("*")[0], "replace") if isinstance(part, bytes) else part
                   for part, charset in email.header.decode_header(octets.decode()))


def judge_address(session, uid, expected):
    addresses = session.fetch(uid, "ENVELOPE")[b"ENVELOPE"][5] or []
    found, wanted = list(flat(addresses)), []
    for entry in expected.get("List", []):
        wanted.append((entry["name"], entry["address"]))
    for group in expected.get("Group", []):
        wanted += [("group", group["name"])] if group["name"] else []
        wanted += [(entry["name"], entry["address"]) for entry in group["addresses"]]
    return "" if found == wanted else f"ENVELOPE has {found}, not {wanted}"


def flat(addresses):
    """Name and address of each; a group's start is `group` and its name (RFC 9051 §7.5.2)."""
    for name, _, mailbox, host in addresses:
        if host is not None:
            yield decoded(name), f"{mailbox.decode()}@{host.decode()}" if host else mailbox.decode()
        elif mailbox is not None:
            yield "group", decoded(mailbox)


def judge_content_type(session, uid, expected):
    body = session.fetch(uid, "BODYSTRUCTURE")[b"BODYSTRUCTURE"]
    if isinstance(body[0], list):
        body = [b"multipart", *body[multiplicity(body):]]
    found = (body[0].decode().lower(), body[1].decode().lower())
    if expected is None or not expected["c_subtype"]:
        # What is no type is text/plain (RFC 2045 §5.2).
        return "" if found == ("text", "plain") else f"BODYSTRUCTURE has {found} for what is no type"
    wanted = (expected["c_type"].lower(), expected["c_subtype"].lower())
    parameters = dict(parameter(name.decode().lower(), value) for name, value in zip((body[2] or [])[::2], (body[2] or [])[1::2]))
    wanted_parameters = {name.lower(): value for name, value in expected.get("attributes") or [] if not name.endswith("-language")}
    if wanted == ("text", "plain"):
        parameters.setdefault("charset", "us-ascii")
        wanted_parameters.setdefault("charset", "us-ascii")
    return "" if (found, parameters) == (wanted, wanted_parameters) else f"BODYSTRUCTURE has {found} {parameters}, not {wanted} {wanted_parameters}"


def parameter(name, value):
    """A parameter as a reader takes it (RFC 2231 §4)."""
    if not name.endswith("*"):
        return name, decoded(value)
    charset, _, text = email.utils.decode_rfc2231(value.decode())
    return name[:-1], urllib.parse.unquote(text, charset or "us-ascii")


def judge_date(session, uid, expected):
    """SENTON knows the day, whatever the hour and the zone (RFC 9051 §6.4.4)."""
    if expected is None:
        return "it is found by the day of a date that is none" if search(session, uid, "SENTSINCE 1-Jan-1900") else ""
    day = datetime.date(expected["year"], expected["month"], expected["day"])
    return "" if search(session, uid, f"SENTON {day.day}-{day:%b-%Y}") else f"it is not found as sent on {day}"


def search(session, uid, criteria):
    return str(uid).encode() in session.ok(f"UID SEARCH UID {uid} {criteria}")[0].split()[2:]


def judge_unstructured(session, uid, expected):
    return judge_text(session, uid, "SUBJECT", expected)


def judge_text(session, uid, key, expected):
    """Its text is found decoded (RFC 9051 §6.4.4), and nothing that is longer."""
    found = [bool(session.ok("UID SEARCH CHARSET UTF-8 UID", str(uid), key, text.encode())[0].split()[2:]) for text in (expected, expected + "x")]
    return "" if found == [True, False] else f"SEARCH {key} {expected!r} finds {found[0]}, with an x behind {found[1]}"


def judge_list(session, uid, expected):
    return "; ".join(filter(None, (judge_text(session, uid, "HEADER KEYWORDS", entry) for entry in expected)))


def judge_received(session, uid, expected):
    """What the field holds is found in it; times are written in many ways, so that only the words are looked for."""
    words = [expected[name] for name in ("id", "for_") if expected.get(name)]
    words += [value for name in ("from", "by") if expected.get(name) for value in expected[name].values()]
    missing = [word for word in words if not session.ok("UID SEARCH UID", str(uid), "HEADER RECEIVED", word.encode())[0].split()[2:]]
    return f"{missing} are not found" if missing else ""


def judge_id(session, uid, expected):
    """With a message of each id, THREAD makes a chain of them, which ends in this message (RFC 5256 §3)."""
    chain = []
    for place, identifier in enumerate(expected):
        before = " ".join(f"<{each}>" for each in expected[:place])
        chain.append(session.append("INBOX", f"Message-ID: <{identifier}>\r\nReferences: {before}\r\n\r\nbody\r\n".encode()))
    uids = ",".join(map(str, [*chain, uid]))
    found = session.ok(f"UID THREAD REFERENCES UTF-8 UID {uids}")[0].split(b" ", 2)[2].strip()
    session.ok(f"UID STORE {uids} +FLAGS.SILENT (\\Deleted)")
    session.ok("EXPUNGE")
    wanted = f"({' '.join(map(str, [*chain, uid]))})".encode()
    return "" if found == wanted else f"THREAD gives {found}, not {wanted}"


# Each kind of field: one that is of that kind, and who judges what is made of it.
JUDGES = {"address": ("To", judge_address), "content_type": ("Content-Type", judge_content_type), "date": ("Date", judge_date),
          "id": ("References", judge_id), "list": ("Keywords", judge_list), "received": ("Received", judge_received),
          "unstructured": ("Subject", judge_unstructured)}


@check(f"at least {AT_LEAST} fields are read as the vectors say, and none otherwise unexplained")
def fields(server):
    suite = Suite("headers-mail-parser", "headers-disagreements.txt")
    with Session(server, server.user()) as session:
        session.ok("SELECT", "INBOX")
        for kind, (name, judge) in JUDGES.items():
            for case in json.loads((suite.folder / f"{kind}.json").read_text()):
                header = case["header"].rstrip("\r\n")
                field = canonical(f"{name}: {header}\n".encode())
                uid = session.append("INBOX", b"Message-ID: <%s@case.example>\r\n%s\r\n%s" % (case["id"].encode(), field, body(case)))
                suite.judge(case["id"], compare_field(session, uid, name, field) or judge(session, uid, case["expected"]))
    suite.finish(AT_LEAST)
