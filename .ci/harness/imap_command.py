"""What a command asks for, read from its own octets."""

from dataclasses import dataclass, field

from .imap_wire import members, tokens

BY_NUMBER = {"FETCH", "STORE", "SEARCH"}
EXPUNGING = {"EXPUNGE", "CLOSE", "MOVE"}


@dataclass
class Command:
    """A command under way, with what the answers to it are judged by."""

    tag: bytes
    name: str
    by_uid: bool
    words: list
    sent: int = 0
    uids: list = field(default_factory=list)
    box: str | None = None
    expected: dict = field(default_factory=dict)

    @property
    def forbids_expunge(self):
        return self.name in BY_NUMBER and not self.by_uid

    @property
    def target(self):
        """The mailbox that it names."""
        word = self.words[1 if self.name in ("COPY", "MOVE") else 0]
        return word.decode()

    def option(self, name):
        """What follows a modifier in one of its lists, such as `(CHANGEDSINCE 7)`."""
        for words in self.words:
            if isinstance(words, list):
                upper = [word.upper() if isinstance(word, bytes) else word for word in words]
                if name in upper:
                    rest = words[upper.index(name) + 1:]
                    return rest[0] if rest else b""
        return None

    @property
    def items(self):
        """The names of what a FETCH asks for."""
        items = self.words[1]
        return {item.upper() for item in (items if isinstance(items, list) else [items])}

    @property
    def is_silent(self):
        """Of STORE."""
        return any(isinstance(word, bytes) and word.upper().endswith(b"FLAGS.SILENT") for word in self.words)

    def flag_change(self):
        """Of STORE: `+`, `-` or nothing, and the flags in lower case."""
        at = 2 if isinstance(self.words[1], list) else 1
        item, flags = self.words[at:at + 2]
        return item[:1].decode() if item[:1] in b"+-" else "", {flag.lower() for flag in flags}

    def appended(self):
        """Of APPEND: flags and content of each message."""
        found, flags = [], set()
        for word in self.words[1:]:
            if isinstance(word, list):
                flags = {flag.lower() for flag in word}
            elif word.startswith(b"From: "):
                found.append((flags, word))
                flags = set()
        return found

    def criteria(self):
        """Of SEARCH: its criteria, and its RETURN options or None."""
        if self.words[0].upper() == b"RETURN":
            return self.words[2:], {word.upper() for word in self.words[1]}
        return self.words, None


def parse_command(octets):
    """A command as a client sent it, whole."""
    tag, name, *words = tokens(octets)
    by_uid = name.upper() == b"UID"
    if by_uid:
        name, *words = words
    return Command(tag, name.upper().decode(), by_uid, words)


def named(command, slots):
    """The UIDs that its sequence set names, of those whose UID is known."""
    if command.name not in ("FETCH", "STORE", "COPY", "MOVE") and not (command.name == "EXPUNGE" and command.by_uid):
        return []
    known = [(number, slot.uid) for number, slot in enumerate(slots, 1) if slot.uid is not None]
    if not known:
        return []
    ranges = members(command.words[0], known[-1][1] if command.by_uid else len(slots))
    return [uid for number, uid in known if any((uid if command.by_uid else number) in part for part in ranges)]
