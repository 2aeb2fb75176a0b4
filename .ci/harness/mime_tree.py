"""The MIME structure of a message, as a server tells it and as others expect it: a part is `[type, parts]`, or `[type]`."""

import email
import json
import re
from dataclasses import dataclass
from xml.etree import ElementTree


@dataclass
class Leaf:
    """A part without parts, as BODYSTRUCTURE tells it."""

    number: str
    kind: str
    charset: str
    encoding: str
    size: int
    lines: int | None


def tree(body):
    """Of a BODYSTRUCTURE."""
    if isinstance(body[0], list):
        parts = [part for part in body if isinstance(part, list)][:multiplicity(body)]
        return [f"multipart/{text(body[multiplicity(body)])}", *map(tree, parts)]
    return [kind(body), *([tree(body[8])] if is_message(body) else [])]


def leaves(body, number=""):
    """The leaves of a BODYSTRUCTURE, each with its part number (RFC 9051 §6.4.5.1)."""
    if isinstance(body[0], list):
        for place, part in enumerate(body[:multiplicity(body)], 1):
            yield from leaves(part, f"{number}.{place}".lstrip("."))
        return
    number = number or "1"
    if is_message(body):
        yield from leaves(body[8], number if isinstance(body[8][0], list) else f"{number}.1")
    else:
        parameters = dict(zip([text(each) for each in (body[2] or [])[::2]], (body[2] or [])[1::2]))
        lines = int(body[7]) if kind(body).startswith("text/") else None
        yield Leaf(number, kind(body), (parameters.get("charset") or b"us-ascii").decode("latin-1"), text(body[5]), int(body[6]), lines)


def multiplicity(body):
    return next(place for place, part in enumerate(body) if not isinstance(part, list))


def kind(body):
    return f"{text(body[0])}/{text(body[1])}"


def is_message(body):
    return kind(body) in ("message/rfc822", "message/global") and len(body) > 8 and isinstance(body[8], list)


def text(octets):
    return (octets or b"").decode("latin-1").lower()


def of_python(message):
    """As Python's `email` reads a message."""
    return walk_python(email.message_from_bytes(message))


def walk_python(part):
    kind = part.get_content_type()
    # Python takes every `message` type for one that holds a message.
    holds = part.is_multipart() and kind.startswith(("multipart/", "message/rfc822")) and kind != "message/rfc822-headers"
    return [kind, *map(walk_python, part.get_payload() if holds else [])]


def of_mail_parser(file):
    """Of the JSON that `mail-parser` gives; and what the leaves hold, decoded: text, or octets."""
    parts, contents = json.loads(file.read_text())["parts"], []
    return walk_mail_parser(parts, 0, "text/plain", contents), contents


def walk_mail_parser(parts, place, default, contents):
    part = parts[place]
    fields = [field["value"]["ContentType"] for field in part["headers"]
              if field["name"] == "content_type" and isinstance(field["value"], dict) and "ContentType" in field["value"]]
    kind = "/".join(filter(None, (fields[-1]["c_type"], fields[-1]["c_subtype"]))).lower() if fields else default
    form, body = next(iter(part["body"].items()))
    if form == "Multipart":
        inner = "message/rfc822" if kind == "multipart/digest" else "text/plain"
        return [kind, *(walk_mail_parser(parts, each, inner, contents) for each in body)]
    if form == "Message":
        return [kind, walk_mail_parser(body["parts"], 0, "text/plain", contents)]
    contents.append(body if isinstance(body, str) else bytes(body))
    return [kind]


def of_mime4j(file):
    """Of the events that mime4j tells; and what the leaves hold, decoded: the text or octets of the files that it names."""
    root, contents = ElementTree.fromstring(file.read_bytes()), []
    return walk_mime4j(root, "text/plain", file.parent, contents), contents


def walk_mime4j(element, default, folder, contents):
    types = (re.match(r"\s*content-type\s*:\s*([^\s;/]+/[^\s;]+)", field.text or "", re.I) for field in element.findall("header/field"))
    kind = next((found[1].lower() for found in types if found), default)
    if (multipart := element.find("multipart")) is not None:
        inner = "message/rfc822" if kind == "multipart/digest" else "text/plain"
        return [kind, *(walk_mime4j(part, inner, folder, contents) for part in multipart.findall("body-part"))]
    if (inside := element.find("message")) is not None:
        return [kind, walk_mime4j(inside, "text/plain", folder, contents)]
    for body in element.findall("text-body") + element.findall("binary-body"):
        octets = (folder / body.get("name")).read_bytes()
        contents.append(octets)
    return [kind]


def of_mimekit(message):
    """Of one message of MimeKit's offsets."""
    def walk(part):
        return [part["mimeType"].lower(), *map(walk, part.get("children", []))]

    return walk(message["body"])
