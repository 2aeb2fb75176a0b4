"""The leaves of a message: what FETCH gives of them, against BODYSTRUCTURE and against what they hold."""

import base64
import binascii
import quopri
import re

from .imap_session import fetched


def compare_part(session, uid, part):
    """BODY[n] is as long as BODYSTRUCTURE says, and BINARY[n] is what it decodes to (RFC 3516 §4.3)."""
    name = part.number
    octets = session.fetch(uid, f"BODY.PEEK[{name}]")[b"BODY[%s]" % name.encode()] or b""
    if len(octets) != part.size:
        yield f"BODY[{name}] has {len(octets)} octets, BODYSTRUCTURE says {part.size}"
    lines = octets.count(b"\n")
    if part.lines not in (None, lines):
        yield f"BODY[{name}] has {lines} lines, BODYSTRUCTURE says {part.lines}"
    expected, found = decode(octets, part.encoding), binary(session, uid, name)
    if expected is not None and found != expected:
        yield f"BINARY[{name}] is {found[:100] if found else found}, not {expected[:100]} ({part.encoding})"
    if found is not None:
        size = session.fetch(uid, f"BINARY.SIZE[{name}]")[b"BINARY.SIZE[%s]" % name.encode()]
        if int(size) != len(found):
            yield f"BINARY.SIZE[{name}] is {size}, not {len(found)}"


def binary(session, uid, number):
    """The decoded part, or None where the server cannot decode it."""
    untagged, tagged = session.perform(f"UID FETCH {uid} (BINARY.PEEK[{number}])")
    if b"UNKNOWN-CTE" in tagged:
        return None
    return fetched(untagged)[b"BINARY[%s]" % number.encode()] or b""


def decode(octets, encoding):
    """What Python makes of a body, if it is clear what that is; None otherwise."""
    if encoding in ("7bit", "8bit", "binary"):
        return octets
    if encoding == "quoted-printable":
        # Blanks at a line's end are none of the encoded line (RFC 2045 §6.7).
        return quopri.decodestring(re.sub(rb"[ \t]+(?=\r\n|\Z)", b"", octets))
    if encoding == "base64":
        try:
            return base64.b64decode(b"".join(octets.split()), validate=True)
        except binascii.Error:
            return None
    return None


def compare_contents(session, uid, parts, contents):
    """What the leaves hold, decoded: line ends apart, as the suites tell them with LF."""
    if len(parts) != len(contents):
        return f"{len(parts)} leaves, not {len(contents)}"
    for part, expected in zip(parts, contents):
        found = binary(session, uid, part.number)
        if isinstance(expected, str) and found is not None:
            found = readable(found, part.charset)
        if found is not None and same_lines(found) != same_lines(expected):
            return f"BINARY[{part.number}] holds {found[:200]!r}, not {expected[:200]!r}"
    return ""


def compare_preview(session, uid, part, preview):
    """A preview has no more than 256 characters (RFC 8970 §3), and of a plain text its words, in their order."""
    if len(preview) > 256:
        return f"the preview has {len(preview)} characters"
    content = binary(session, uid, part.number) if part.kind == "text/plain" else None
    text = readable(content, part.charset) if content else None
    if text is None or "\ufffd" in text:
        return ""
    words = iter(text.split())
    # The last may be cut.
    missing = [word for word in preview.split()[:-1] if word not in words]
    return f"the preview says {preview!r}; not in {text[:300]!r}, or not there: {missing[0]!r}" if missing else ""


def readable(octets, charset):
    """The text of a body; where US-ASCII is promised and something else comes, that is UTF-8 or Windows'. None: an unknown charset."""
    try:
        return octets.decode("utf-8" if charset.lower() == "us-ascii" else charset)
    except LookupError:
        return None
    except UnicodeDecodeError:
        return octets.decode("windows-1252" if charset.lower() == "us-ascii" else charset, "replace")


def same_lines(content):
    return content.replace("\r\n", "\n") if isinstance(content, str) else content.replace(b"\r\n", b"\n")
