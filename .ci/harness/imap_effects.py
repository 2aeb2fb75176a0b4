"""What commands do to messages, and which flags a session can therefore be sure of.

A session is sure of a flag that it has set or cleared itself, as long as no command that may change
it back was sent by anybody.
"""

from collections import defaultdict

from .imap_command import EXPUNGING
from .imap_wire import numbers


class Effects:
    """The part of a `View` that follows STORE, APPEND, COPY, MOVE and EXPUNGE."""

    def __init__(self, view):
        self.view, self.world = view, view.world
        self.sure = defaultdict(dict)

    def begin(self, command):
        """The command is sent."""
        box = self.world.boxes[command.box]
        messages = [box.messages[uid] for uid in command.uids]
        if command.name == "STORE":
            sign, flags = command.flag_change()
            for uid, message in zip(command.uids, messages):
                self.begin_store(command, uid, message, sign, flags)
        elif command.name == "FETCH" and command.items & {b"BODY[]", b"BODY[TEXT]"}:
            for message in messages:
                message.allow({b"\\seen"}, command.sent)
                message.adds[b"\\seen"].begun += 1
        elif command.name == "MOVE":
            for message in messages:
                message.moved = message.moved or "perhaps"
        if command.name in EXPUNGING:
            box.expunges.begun += 1
            command.expected["deleted"] = [uid for uid in self.view.uids if self.surely(uid, b"\\deleted") is True]
        if command.name in ("COPY", "MOVE", "APPEND"):
            command.expected["top"] = self.world.boxes[command.target].top
        if command.name == "SEARCH":
            command.expected["was"] = self.view.uids

    def begin_store(self, command, uid, message, sign, flags):
        if sign != "-":
            message.allow(flags, command.sent)
        touched = [message.adds[flag] for flag in flags] if sign != "-" else [message.removes[flag] for flag in flags]
        touched += [] if sign else [message.replaces]
        contrary = self.contrary(message, sign, flags)
        command.expected.setdefault("quiet", {})[uid] = (
            sum(each.begun for each in contrary) if sign and not any(each.under_way for each in contrary) else None)
        for each in touched:
            each.begun += 1

    @staticmethod
    def contrary(message, sign, flags):
        if sign == "-":
            return [message.adds[flag] for flag in flags]
        return [message.removes[flag] for flag in flags] + [message.replaces]

    def end(self, command, status):
        """The command was answered."""
        box = self.world.boxes[command.box]
        if command.name == "STORE":
            self.end_store(command, status, box)
        elif command.name == "FETCH":
            self.end_fetch(command, status, box)
        if command.name in EXPUNGING:
            box.expunges.ended += 1
            box.expunge_ended = self.world.now
        if command.name == "EXPUNGE" and not command.by_uid and status == "OK":
            for uid in command.expected["deleted"]:
                if uid in self.view.uids and self.surely(uid, b"\\deleted") is True:
                    # Another session's EXPUNGE of it may not have been heard of: so only if it is there in the end.
                    self.view.suspect(uid, "EXPUNGE removes what is deleted", f"{uid} is still there")
        if command.name == "MOVE" and status == "OK":
            for uid in command.expected.get("moved", []):
                box.messages[uid].moved = "surely"
                if uid in self.view.uids:
                    self.view.fault("MOVE removes what it has copied", f"{uid} is still there")
        if command.name == "APPEND" and status == "OK" and "appended" not in command.expected:
            self.view.fault("APPENDUID is told", "APPEND was answered without")

    def end_store(self, command, status, box):
        sign, flags = command.flag_change()
        for uid in command.uids:
            message = box.messages[uid]
            if command.is_silent:
                self.assume(command, uid, sign, flags, status)
            contrary = sum(each.begun for each in self.contrary(message, sign, flags))
            if status == "OK" and uid not in command.expected.get("modified", ()):
                quiet = command.expected["quiet"][uid]
                if sign and quiet is not None and quiet == contrary:
                    self.sure[command.box, uid].update({flag: (sign == "+", self.stamp(message, flag, sign == "+")) for flag in flags})
            touched = [message.adds[flag] for flag in flags] if sign != "-" else [message.removes[flag] for flag in flags]
            for each in touched + ([] if sign else [message.replaces]):
                each.ended += 1

    def assume(self, command, uid, sign, flags, status):
        """After FLAGS.SILENT a client reckons the flags itself, unless it was told something meanwhile,
        or NO leaves it open which of the messages it was done to."""
        slot = self.view.slot_of(uid)
        if slot is None or slot.flags is None or uid in command.expected.get("modified", ()):
            return
        if status != "OK" or b"FLAGS" in command.expected.get("answered", {}).get(uid, ()):
            slot.flags = None
        else:
            slot.flags = {"+": slot.flags | flags, "-": slot.flags - flags}.get(sign, frozenset(flags))

    @staticmethod
    def stamp(message, flag, present):
        """What stays the same as long as nobody can have changed the flag back."""
        return message.removes[flag].begun + message.replaces.begun if present else message.adds[flag].begun

    def surely(self, uid, flag):
        """Whether this session can be sure that a message has a flag (True), or has it not (False)."""
        if flag not in self.sure[self.view.box, uid]:
            return None
        present, stamp = self.sure[self.view.box, uid][flag]
        message = self.world.boxes[self.view.box].messages[uid]
        return present if stamp == self.stamp(message, flag, present) else None

    def end_fetch(self, command, status, box):
        """RFC 9051 §6.4.5: each message that is named is answered with each item, unless it is gone."""
        reads = command.items & {b"BODY[]", b"BODY[TEXT]"}
        for uid in command.uids:
            if reads:
                box.messages[uid].adds[b"\\seen"].ended += 1
            missing = {item.replace(b".PEEK", b"") for item in command.items} - command.expected.get("answered", {}).get(uid, set())
            if status == "OK" and missing and uid in self.view.uids and command.option(b"CHANGEDSINCE") is None:
                self.view.suspect(uid, "FETCH answers all that was asked", f"{uid} lacks {missing}")

    def learn_flags(self, slot, flags, modseq):
        view, box = self.view, self.world.boxes[self.view.box]
        message, flags = box.messages[slot.uid], frozenset(flag.lower() for flag in flags) - {b"\\recent"}
        for flag in flags - message.shown.keys():
            message.shown[flag] = list(view.transcript)
        for flag in self.sure[view.box, slot.uid]:
            sure = self.surely(slot.uid, flag)
            if sure is not None and sure != (flag in flags):
                view.suspect(slot.uid, "flags are what STORE made them", f"{slot.uid} has {sorted(flags)}, {flag} should be {sure}")
        if modseq and message.by_modseq.setdefault(modseq, flags) != flags:
            view.suspect(slot.uid, "other flags have another MODSEQ", f"{slot.uid} had {sorted(message.by_modseq[modseq])} at {modseq} and has {sorted(flags)}")
        if modseq and slot.uid in view.resynced:
            before, highest = view.resynced.pop(slot.uid)
            if before is not None and before != flags and modseq <= highest:
                view.fault("QRESYNC tells every change", f"{slot.uid} had {sorted(before)} and has {sorted(flags)} since {modseq}")
        slot.flags = flags

    # What response codes tell.

    def appenduid(self, command, uidvalidity, uids):
        name = command.target
        for uid, (flags, octets) in zip(numbers(uids), command.appended(), strict=True):
            self.new(command, name, uid)
            message = self.world.boxes[name].messages[uid]
            message.born = True
            message.allow(flags, command.sent)
            self.world.learn_body(name, uid, octets, self.view.transcript)
        self.same_validity(name, uidvalidity)
        command.expected["appended"] = True

    def copyuid(self, command, uidvalidity, sources, targets):
        sources, targets, name = numbers(sources), numbers(targets), command.target
        self.same_validity(name, uidvalidity)
        if len(sources) != len(targets) or not set(sources) <= set(command.uids):
            return self.view.fault("COPYUID names what was copied", f"{sources} to {targets}, asked for {command.uids}")
        for source, target in zip(sources, targets):
            self.new(command, name, target)
            self.world.copied((command.box, source), (name, target), command.sent, self.view.transcript)
        command.expected["moved"] = command.expected.get("moved", []) + sources

    def new(self, command, name, uid):
        box = self.world.boxes[name]
        if uid <= command.expected["top"]:
            self.view.fault("no UID is used again", f"{name} gave {uid}, {command.expected['top']} was there before")
        box.top = max(box.top, uid)

    def same_validity(self, name, uidvalidity):
        self.view.never_back(name, {}, {"UIDVALIDITY": int(uidvalidity)})

    def modified(self, command, named):
        named = set(numbers(named))
        command.expected["modified"] = named if command.by_uid else {
            slot.uid for number, slot in enumerate(self.view.slots, 1) if number in named}
