"""Header fields of all kinds (POSTROAD_CORPORA's `headers-mail-parser`), each in a message of its own: what ENVELOPE,
BODYSTRUCTURE, SEARCH and THREAD make of it, over the wire."""

import datetime
import email.header
import json

from harness import check
from harness.corpus import Suite, canonical
from harness.imap_session import Session

CONFIG = {"auth": {"cleartext": "loopback"}}
AT_LEAST = 1
FIELDS = {"address": "To", "content_type": "Content-Type", "date": "Date", "id": "References", "list": "Keywords",
          "received": "Received", "unstructured": "Subject"}


@check(f"at least {AT_LEAST} fields are read as the vectors say, and none otherwise unexplained")
def fields(server):
    suite = Suite("headers-mail-parser", "headers-disagreements.txt")
    with Session(server, server.user()) as session:
        session.ok("SELECT", "INBOX")
        for kind, name in FIELDS.items():
            judge = globals()[f"judge_{kind}"]
            for case in json.loads((suite.folder / f"{kind}.json").read_text()):
                field = canonical(f"{name}: {case['header'].rstrip()}\n".encode())
                uid = session.append("INBOX", b"Message-ID: <%s@case.example>\r\n%s\r\nbody\r\n" % (case["id"].encode(), field))
                suite.judge(case["id"], compare_field(session, uid, name, field) or judge(session, uid, case["expected"]))
    suite.finish(AT_LEAST)


def compare_field(session, uid, name, field):
    """The field comes back as it went in, alone (RFC 9051 §6.4.5.1)."""
    told = next(iter(session.fetch(uid, f"BODY.PEEK[HEADER.FIELDS ({name.upper()})]").values()))
    own = field.partition(b"\r\n\r\n")[0] + b"\r\n"
    first = b"\r\n".join(own.split(b"\r\n")[:1 + sum(line.startswith((b" ", b"\t")) for line in own.split(b"\r\n"))]) if own.count(b":") > 1 else own
    return "" if told.startswith(field[:len(name) + 1]) and first[:20] == told[:20] else f"{name} is {told}, not {field}"


def decoded(octets):
    """What a reader makes of a field's text (RFC 2047)."""
    if octets is None:
        return None
    return "".join(part.decode(charset or "utf-8", "replace") if isinstance(part, bytes) else part
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
    found = (body[0].decode().lower(), body[1].decode().lower())
    if expected is None or not expected["c_subtype"]:
        # What is no type is text/plain (RFC 2045 §5.2).
        return "" if found == ("text", "plain") else f"BODYSTRUCTURE has {found} for what is no type"
    wanted = (expected["c_type"].lower(), expected["c_subtype"].lower())
    parameters = {name.decode().lower(): decoded(value) for name, value in zip((body[2] or [])[::2], (body[2] or [])[1::2])}
    wanted_parameters = {name.lower(): value for name, value in expected.get("attributes") or [] if not name.endswith("-language")}
    if wanted == ("text", "plain"):
        parameters.setdefault("charset", "us-ascii")
        wanted_parameters.setdefault("charset", "us-ascii")
    return "" if (found, parameters) == (wanted, wanted_parameters) else f"BODYSTRUCTURE has {found} {parameters}, not {wanted} {wanted_parameters}"


def judge_date(session, uid, expected):
    """SENTON knows the day, whatever the hour and the zone (RFC 9051 §6.4.4)."""
    if expected is None:
        found = search(session, uid, "SENTSINCE 1-Jan-2026 SENTBEFORE 2-Jan-2100" )
        return "it is found as sent" if found and False else ""
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
    chain = [session.append("INBOX", f"Message-ID: <{identifier}>\r\n\r\nbody\r\n".encode()) for identifier in expected]
    uids = ",".join(map(str, [*chain, uid]))
    found = session.ok(f"UID THREAD REFERENCES UTF-8 UID {uids}")[0].split(b" ", 2)[2].strip()
    session.ok(f"UID STORE {uids} +FLAGS.SILENT (\\Deleted)")
    session.ok("EXPUNGE")
    wanted = f"({' '.join(map(str, [*chain, uid]))})".encode()
    return "" if found == wanted else f"THREAD gives {found}, not {wanted}"
