"""A mailbox as one session has been told of it, and every rule that what is told must keep."""

from collections import deque
from dataclasses import dataclass, field

from .imap_command import named, parse_command
from .imap_effects import Effects
from .imap_search import judge_search
from .imap_wire import members, numbers, pairs, parse_response

SHOWN = 30
MAY_REFUSE = {"FETCH", "STORE", "COPY", "MOVE", "SEARCH"}


@dataclass
class Slot:
    """A message sequence number: what has been told of it."""

    uid: int | None = None
    flags: frozenset | None = None
    modseq: int = 0
    new: bool = False


@dataclass
class Resync:
    """What a session kept of a mailbox when it left it, for QRESYNC."""

    uidvalidity: int
    modseq: int
    flags: dict = field(default_factory=dict)


class View:
    """One session: its commands go through `send`, the responses to it through `receive`."""

    def __init__(self, world, name):
        self.world, self.name = world, name
        self.transcript, self.under_way = deque(maxlen=SHOWN), deque()
        self.box, self.slots, self.told = None, [], {}
        self.qresync, self.vanished, self.fetched = False, set(), {}
        self.kept, self.resynced, self.selected_at = {}, {}, 0
        self.effects = Effects(self)

    def fault(self, rule, what):
        self.world.fault(rule, f"{self.name}: {what}", self.transcript)

    def suspect(self, uid, rule, what):
        self.world.suspect(self.box, uid, rule, f"{self.name}: {what}", self.transcript)

    @property
    def uids(self):
        return [slot.uid for slot in self.slots if slot.uid is not None]

    def slot_of(self, uid):
        return next((slot for slot in self.slots if slot.uid == uid), None)

    # What is sent.

    def send(self, octets):
        """A whole command of the client's."""
        self.transcript.append(f"C: {shorten(octets)}")
        command = parse_command(octets)
        command.sent, command.box = self.world.tick(), self.box
        command.uids = named(command, self.slots)
        self.under_way.append(command)
        if command.name in ("SELECT", "EXAMINE"):
            self.leave()
            self.told, self.fetched, self.vanished, self.resynced = {}, {}, set(), {}
            self.box, self.selected_at = command.target, command.sent
        if command.name in ("SELECT", "EXAMINE", "STATUS"):
            command.expected["was"] = self.snapshot(command.target)
        self.effects.begin(command)

    def snapshot(self, name):
        box = self.world.boxes[name]
        return {"top": box.top, "uidnext": box.uidnext, "modseq": box.highest_modseq}

    def leave(self):
        """The mailbox is left: what is known is kept, if nothing is missing."""
        if self.box and self.slots and all(slot.uid and slot.flags is not None for slot in self.slots) and self.told.get("HIGHESTMODSEQ"):
            self.kept[self.box] = Resync(self.told["UIDVALIDITY"], self.told["HIGHESTMODSEQ"],
                                         {slot.uid: slot.flags for slot in self.slots})
        self.box, self.slots = None, []

    # What is received.

    def receive(self, octets):
        """A whole response of the server's."""
        self.transcript.append(f"S: {shorten(octets)}")
        self.world.tick()
        try:
            response = parse_response(octets)
        except (ValueError, IndexError) as error:
            return self.fault("responses are IMAP", f"{error}")
        if response.name == "BYE":
            self.fault("the server stays", f"it said {shorten(octets)}")
        elif response.tag == b"+":
            pass
        elif response.tag != b"*":
            self.tagged(response)
        else:
            self.code(response)
            if hear := getattr(self, f"hear_{response.name.lower()}", None):
                hear(response)

    @property
    def current(self):
        return self.under_way[0] if self.under_way else None

    def concerned(self, *names):
        """The commands that an untagged response may be the answer to."""
        under_way = list(self.under_way)[:1 if self.world.in_turn else None]
        return [command for command in under_way if not names or command.name in names]

    @property
    def selecting(self):
        return self.current is not None and self.current.name in ("SELECT", "EXAMINE")

    def code(self, response):
        if not response.code:
            return
        name, *words = response.code
        name = name.upper()
        if name in (b"UIDVALIDITY", b"UIDNEXT", b"HIGHESTMODSEQ") and self.selecting:
            self.told[name.decode()] = int(words[0])
        elif name in (b"COPYUID", b"APPENDUID", b"MODIFIED"):
            for command in self.asked(response, name, *words[1:2])[:1]:
                getattr(self.effects, name.decode().lower())(command, *words)

    def asked(self, response, code, named=b""):
        """The command that a response code is about; MOVE tells before its end what it has moved."""
        if response.tag != b"*":
            return [command for command in self.under_way if command.tag == response.tag]
        moving = self.concerned("MOVE") if code == b"COPYUID" else []
        return [command for command in moving if set(numbers(named)) <= set(command.uids)] or moving

    def hear_exists(self, response):
        if self.selecting:
            self.slots = [Slot() for _ in range(response.number)]
        elif response.number < len(self.slots):
            self.fault("EXISTS never shrinks", f"{len(self.slots)} messages became {response.number}")
        else:
            self.slots += [Slot(new=True) for _ in range(response.number - len(self.slots))]

    def may_expunge(self, what):
        if self.selecting:
            self.fault("nothing is expunged in SELECT", what)
        elif self.current is None:
            self.fault("nothing is expunged while no command is under way", what)
        elif all(command.forbids_expunge for command in self.concerned()):
            self.fault("nothing is expunged during FETCH, STORE and SEARCH by number", f"{what} during {self.current.name}")

    def hear_expunge(self, response):
        self.may_expunge(f"EXPUNGE {response.number}")
        if self.qresync:
            self.fault("VANISHED is for QRESYNC, EXPUNGE for others", f"EXPUNGE {response.number}")
        if not 1 <= response.number <= len(self.slots):
            return self.fault("EXPUNGE numbers are in range", f"EXPUNGE {response.number} of {len(self.slots)}")
        self.remove(response.number - 1)

    def hear_vanished(self, response):
        if response.data and isinstance(response.data[0], list):
            self.vanished.update(numbers(response.data[1]))
            return
        self.may_expunge(f"VANISHED {response.data}")
        if not self.qresync:
            self.fault("VANISHED is for QRESYNC, EXPUNGE for others", f"VANISHED {response.data}")
        for uid in numbers(response.data[0]):
            position = self.place(uid)
            if position is None:
                self.fault("VANISHED names messages of the mailbox", f"VANISHED {uid}, of {self.uids}")
            else:
                self.remove(position)

    def place(self, uid):
        """Where a UID is, or may be: at a number whose UID is not known yet."""
        for position, slot in enumerate(self.slots):
            if slot.uid == uid or (slot.uid is None and all(other.uid is None or other.uid > uid for other in self.slots[position + 1:])):
                return position
            if slot.uid is not None and slot.uid > uid:
                return None
        return None

    def remove(self, position):
        uid = self.slots.pop(position).uid
        if uid is not None:
            message = self.world.boxes[self.box].messages[uid]
            message.gone = self.world.now if message.gone is None else message.gone
            for command in self.under_way:
                command.expected.setdefault("expunged", set()).add(uid)

    def hear_fetch(self, response):
        if not 1 <= response.number <= len(self.slots):
            return self.fault("FETCH numbers are in range", f"FETCH {response.number} of {len(self.slots)}")
        items = pairs(response.data[0])
        slot = self.slots[response.number - 1]
        if b"UID" in items:
            self.learn_uid(response.number - 1, int(items[b"UID"]))
        elif self.under_way and all(command.by_uid and command.name in ("FETCH", "STORE") for command in self.concerned()) and (
                self.world.in_turn or set(items) - {b"FLAGS", b"MODSEQ"}):
            self.fault("responses to UID commands tell the UID", f"{list(items)}")
        if self.selecting:
            if b"FLAGS" in items and b"UID" in items:
                self.fetched[int(items[b"UID"])] = items[b"FLAGS"]
        if slot.uid is None:
            return
        for command in self.concerned():
            if slot.uid in command.uids:
                command.expected.setdefault("answered", {}).setdefault(slot.uid, set()).update(items)
        self.learn_items(slot, items)

    def learn_uid(self, position, uid):
        slot, box = self.slots[position], self.world.boxes[self.box]
        if slot.uid is not None:
            if slot.uid != uid:
                self.fault("a number means one UID", f"{position + 1} was UID {slot.uid} and is {uid}")
            return
        below = [other.uid for other in self.slots[:position] if other.uid is not None]
        above = [other.uid for other in self.slots[position + 1:] if other.uid is not None]
        if (below and max(below) >= uid) or (above and min(above) <= uid):
            self.fault("UIDs ascend", f"{position + 1} has UID {uid} among {self.uids}")
        uidnext = self.told.get("UIDNEXT")
        if uidnext and not self.selecting and slot.new != (uid >= uidnext):
            self.fault("UIDs are given from UIDNEXT on", f"UIDNEXT was {uidnext}, {'new' if slot.new else 'old'} {uid} is there")
        gone = box.messages[uid].gone
        if gone is not None and gone < self.selected_at:
            self.fault("no UID is used again", f"{uid} was expunged and is there")
        slot.uid, box.top = uid, max(box.top, uid)

    def learn_items(self, slot, items):
        for name, value in items.items():
            if name == b"BODY[]" and value is not None:
                self.world.learn_body(self.box, slot.uid, value, self.transcript)
            elif name == b"ENVELOPE":
                if value[1] is None:
                    self.suspect(slot.uid, "an envelope is the message's", f"{slot.uid} has {value}")
                else:
                    self.world.learn(self.box, slot.uid, value[1], self.transcript)
            elif name in (b"RFC822.SIZE", b"INTERNALDATE"):
                self.world.learn_fixed(self.box, slot.uid, name, value, self.transcript)
        modseq = int(items[b"MODSEQ"][0]) if b"MODSEQ" in items else 0
        if modseq:
            if modseq < slot.modseq:
                self.fault("MODSEQs grow", f"{slot.uid} had {slot.modseq} and has {modseq}")
            box = self.world.boxes[self.box]
            slot.modseq, box.highest_modseq = modseq, max(box.highest_modseq, modseq)
        if b"FLAGS" in items:
            self.effects.learn_flags(slot, items[b"FLAGS"], modseq)

    def hear_search(self, response):
        judge_search(self, response.data, extended=False)

    def hear_esearch(self, response):
        judge_search(self, response.data, extended=True)

    def hear_status(self, response):
        was = next((command.expected["was"] for command in self.concerned("STATUS")), {})
        items = pairs(response.data[1])
        self.never_back(response.data[0].decode(), was, {name.decode(): int(value) for name, value in items.items()})

    def never_back(self, name, was, told):
        box = self.world.boxes[name]
        if "UIDVALIDITY" in told:
            box.uidvalidity = box.uidvalidity or told["UIDVALIDITY"]
            if box.uidvalidity != told["UIDVALIDITY"]:
                self.fault("UIDVALIDITY stays", f"{name} had {box.uidvalidity} and has {told['UIDVALIDITY']}")
        if "UIDNEXT" in told:
            if told["UIDNEXT"] <= was.get("top", 0) or told["UIDNEXT"] < was.get("uidnext", 0):
                self.fault("UIDNEXT never goes back", f"{name} has {told['UIDNEXT']} after {was}")
            box.uidnext = max(box.uidnext, told["UIDNEXT"])
        if "HIGHESTMODSEQ" in told:
            if told["HIGHESTMODSEQ"] < was.get("modseq", 0):
                self.fault("HIGHESTMODSEQ never goes back", f"{name} has {told['HIGHESTMODSEQ']} after {was}")
            box.highest_modseq = max(box.highest_modseq, told["HIGHESTMODSEQ"])

    # What ends a command.

    def tagged(self, response):
        command = next((each for each in self.under_way if each.tag == response.tag), None)
        if command is None:
            return self.fault("tagged responses answer commands", f"{response.tag} was not asked")
        if command is not self.current:
            self.fault("commands are answered in their order", f"{response.tag} before {self.current.tag}")
        self.code(response)
        if response.name == "BAD" or (response.name == "NO" and command.name not in MAY_REFUSE):
            self.fault("valid commands are taken", f"{command.name} was answered {response.name}")
        if command.name in ("SELECT", "EXAMINE"):
            self.selected(command, response.name)
        self.effects.end(command, response.name)
        self.under_way.remove(command)
        if command.name == "ENABLE" and response.name == "OK":
            self.qresync |= b"QRESYNC" in [word.upper() for word in command.words]
        if command.name in ("CLOSE", "UNSELECT"):
            self.leave()

    def selected(self, command, status):
        if status != "OK":
            self.box = None
            return
        self.never_back(self.box, command.expected["was"], self.told)
        resync = command.option(b"QRESYNC")
        if resync and self.box in self.kept:
            self.resynchronize(self.kept[self.box], command.words[1][1])
        for slot in self.slots:
            slot.new = False

    def resynchronize(self, kept, arguments):
        """RFC 7162: what was kept, without what vanished, with what is new or changed, is what is there."""
        if int(arguments[0]) != self.told.get("UIDVALIDITY"):
            return
        there = sorted((set(kept.flags) - self.vanished) | set(self.fetched))
        # With a set of known UIDs nothing is told of others (RFC 7162 §3.2.5.2), which are above them all.
        whole = len(arguments) < 3
        if len(there) > len(self.slots) or (whole and len(there) < len(self.slots)):
            return self.fault("a resynchronized view is whole", f"{len(self.slots)} exist, {there} are known")
        highest = self.told.get("HIGHESTMODSEQ", 0)
        for slot, uid in zip(self.slots, there):
            if slot.uid not in (None, uid):
                self.fault("a resynchronized view is whole", f"{slot.uid} is told where {uid} is known")
            slot.uid = uid
            if slot.flags is None:
                slot.flags, slot.modseq = kept.flags.get(uid), 0
                self.resynced[uid] = (slot.flags, highest)


def shorten(octets):
    text = octets.decode("latin-1").rstrip().replace("\r\n", "⏎")
    return text if len(text) < 300 else f"{text[:250]} […] {text[-40:]}"
