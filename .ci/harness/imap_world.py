"""What is true of some mailboxes whoever looks at them, gathered from all sessions, and what contradicts it.

A message is taken for one that may be gone, though a session has not been told, from the moment a
command may have removed it; what a server says of such a message is not held against it.
"""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field

TOKEN = re.compile(rb"^Subject: (\S+)\r$", re.M)


def content(token):
    """The one message that has this token; so a body tells whose it is, and whether it is whole."""
    line = b"%s says that this is line %%d of its body.\r\n" % token
    count = int.from_bytes(token, "big") % 61
    return (b"From: a@example.net\r\nTo: b@example.org\r\nSubject: %s\r\nMessage-ID: <%s@example.net>\r\n\r\n" % (token, token)
            + b"".join(line % number for number in range(count)))


@dataclass
class Touches:
    """How many commands that may have done something to a message were sent, and how many have ended."""

    begun: int = 0
    ended: int = 0

    @property
    def under_way(self):
        return self.begun != self.ended


@dataclass
class Message:
    """A message under its UID."""

    token: bytes | None = None
    born: bool = False
    sources: list = field(default_factory=list)
    copies: list = field(default_factory=list)
    possible: set = field(default_factory=set)
    deleted_since: int | None = None
    shown: dict = field(default_factory=dict)
    adds: dict = field(default_factory=lambda: defaultdict(Touches))
    removes: dict = field(default_factory=lambda: defaultdict(Touches))
    replaces: Touches = field(default_factory=Touches)
    fixed: dict = field(default_factory=dict)
    by_modseq: dict = field(default_factory=dict)
    suspicions: list = field(default_factory=list)
    moved: str = ""
    gone: int | None = None

    def allow(self, flags, now):
        """These flags may be on it from now on."""
        self.possible |= flags
        if b"\\deleted" in flags and self.deleted_since is None:
            self.deleted_since = now


@dataclass
class Box:
    """A mailbox."""

    uidvalidity: int | None = None
    top: int = 0
    uidnext: int = 0
    highest_modseq: int = 0
    messages: dict = field(default_factory=lambda: defaultdict(Message))
    expunges: Touches = field(default_factory=Touches)
    expunge_ended: int = -1

    def may_be_gone(self, uid):
        message = self.messages[uid]
        if message.moved or message.gone is not None:
            return True
        since = message.deleted_since if message.born else -1
        return since is not None and (self.expunges.under_way or self.expunge_ended >= since)


class World:
    """The mailboxes, and the faults that were found.

    With `in_turn` every response must come before those to the next command; without, the tagged
    responses to several commands that were sent at once may come behind all the others, as Dovecot has it.
    """

    def __init__(self, in_turn=True):
        self.in_turn = in_turn
        self.boxes, self.faults, self.rules, self.now = defaultdict(Box), [], Counter(), 0

    def tick(self):
        self.now += 1
        return self.now

    def fault(self, rule, what, evidence=()):
        self.rules[rule] += 1
        if len(self.faults) < 50:
            self.faults.append("\n".join([f"{rule}: {what}", *(f"    {line}" for line in evidence)]))

    def learn(self, box, uid, token, evidence=()):
        """That this UID is the message with this token; its copies are too."""
        message = self.boxes[box].messages[uid]
        if message.token == token:
            return
        if message.token is not None:
            self.fault("a UID means one message for ever", f"{box} {uid} was {message.token} and is {token}", evidence)
            return
        message.token = token
        for place in message.copies + message.sources:
            self.learn(*place, token, evidence)

    def learn_body(self, box, uid, octets, evidence):
        found = TOKEN.search(octets)
        if not found or octets != content(found[1]):
            self.fault("a body is what was appended", f"{box} {uid} is {octets[:300]}", evidence)
        else:
            self.learn(box, uid, found[1], evidence)

    def learn_fixed(self, box, uid, item, value, evidence):
        """Size and date never change."""
        fixed = self.boxes[box].messages[uid].fixed
        if fixed.setdefault(item, value) != value:
            self.suspect(box, uid, "what cannot change does not", f"{item} of {box} {uid} was {fixed[item]} and is {value}", evidence)

    def copied(self, source, target, since, evidence):
        """By COPYUID, of a command that was sent at `since`."""
        old, new = (self.boxes[box].messages[uid] for box, uid in (source, target))
        old.copies.append(target)
        new.sources.append(source)
        new.born = True
        new.allow(old.possible, since)
        for known, place in (old.token, target), (new.token, source):
            if known is not None:
                self.learn(*place, known, evidence)

    def may_show(self, box, uid, seen=()):
        """Every flag that may have come to it by STORE, APPEND, or from what it was copied of."""
        message = self.boxes[box].messages[uid]
        found = set(message.possible)
        for place in message.sources:
            if place not in seen:
                found |= self.may_show(*place, {*seen, place})
        return found

    def suspect(self, box, uid, rule, what, evidence):
        """A fault at once, unless the message may be gone: then it is one if the message turns out to be there."""
        if self.boxes[box].may_be_gone(uid):
            self.boxes[box].messages[uid].suspicions.append((rule, what, list(evidence)))
        else:
            self.fault(rule, what, evidence)

    def finish(self, final):
        """Judges what could not be judged before; `final` is each mailbox in the end: UID to flags."""
        for box, there in final.items():
            for uid, message in self.boxes[box].messages.items():
                self.finish_message(box, uid, message, uid in there)

    def finish_message(self, box, uid, message, there):
        if there:
            for rule, what, evidence in message.suspicions:
                self.fault(rule, what, evidence)
            if message.gone is not None:
                self.fault("what is expunged is gone", f"{box} {uid} was expunged and is there")
            if message.moved == "surely":
                self.fault("what is moved is gone", f"{box} {uid} was moved away and is there")
        elif message.token is not None and not message.moved and b"\\deleted" not in self.may_show(box, uid):
            self.fault("nothing is lost", f"{box} {uid} is gone, and nobody has removed it")
        if not message.born:
            self.fault("no message comes from nowhere", f"{box} {uid} was told by no APPENDUID and no COPYUID")
        elif surplus := set(message.shown) - self.may_show(box, uid):
            for flag in surplus:
                self.fault("no flag comes from nowhere", f"{box} {uid} shows {flag}", message.shown[flag])
