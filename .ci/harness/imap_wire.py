"""IMAP as it goes over the wire: responses and commands taken apart, sequence sets read and written."""

import re
from dataclasses import dataclass, field

TOKEN = re.compile(rb'\s*(?:(?P<open>\()|(?P<close>\))|"(?P<quoted>(?:[^"\\]|\\.)*)"|~?\{(?P<literal>\d+)[+-]?\}\r\n'
                   rb'|(?P<atom>[^\s()"{\[]*\[[^\]]*\](?:<\d+>)?|[^\s()"{]+))')
LITERAL_END = re.compile(rb"\{(\d+)[+-]?\}\r\n$")
CODE = re.compile(rb"(?P<status>OK|NO|BAD|BYE|PREAUTH)\b ?(?:\[(?P<code>[^\]]*)\])?(?P<text>[^\r\n]*)", re.I)
HIGHEST = 1 << 32


@dataclass
class Response:
    """One response: `+`, tagged or untagged."""

    tag: bytes
    name: str
    number: int | None = None
    code: list = field(default_factory=list)
    data: list = field(default_factory=list)


def tokens(octets):
    """Lists, strings and atoms, nested; NIL is None."""
    stack, at = [[]], 0
    while found := TOKEN.match(octets, at):
        at, kind = found.end(), found.lastgroup
        if kind == "open":
            stack.append([])
        elif kind == "close":
            if len(stack) == 1:
                raise ValueError(f"a ) too many: {octets[:200]}")
            done = stack.pop()
            stack[-1].append(done)
        elif kind == "literal":
            end = at + int(found["literal"])
            stack[-1].append(octets[at:end])
            at = end
        elif kind == "quoted":
            stack[-1].append(re.sub(rb"\\(.)", rb"\1", found["quoted"]))
        else:
            stack[-1].append(None if found["atom"].upper() == b"NIL" else found["atom"])
    if len(stack) != 1 or octets[at:].strip():
        raise ValueError(f"not IMAP: {octets[:300]}")
    return stack[0]


def parse_response(octets):
    """A whole response with its literals."""
    tag, _, rest = octets.partition(b" ")
    if tag == b"+":
        return Response(tag, "+")
    if found := CODE.match(rest):
        code = tokens(found["code"]) if found["code"] else []
        return Response(tag, found["status"].decode().upper(), code=code)
    words = tokens(rest)
    if words[0].isdigit():
        return Response(tag, words[1].decode().upper(), int(words[0]), data=words[2:])
    return Response(tag, words[0].decode().upper(), data=words[1:])


def members(text, highest=HIGHEST):
    """The numbers of a sequence set, where `*` is `highest`, as ranges."""
    ranges = []
    for part in text.decode().split(","):
        ends = [highest if end == "*" else int(end) for end in part.split(":")]
        ranges.append(range(min(ends), max(ends) + 1))
    return ranges


def numbers(text):
    """The numbers of a sequence set without `*`, in its order."""
    return [number for part in members(text) for number in part]


def sequence_set(wanted):
    """A sequence set of these numbers, with ranges where they follow each other."""
    ranges = []
    for number in sorted(set(wanted)):
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ",".join(f"{low}:{high}" if low != high else f"{low}" for low, high in ranges)


def pairs(words):
    """The items of a FETCH response, by upper-case name."""
    return {name.upper(): value for name, value in zip(words[::2], words[1::2])}
