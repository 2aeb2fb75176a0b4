"""A client for the stress run: it sends commands at random, as a `View` watches."""

import asyncio
import re

from .imap_view import View
from .imap_wire import LITERAL_END, sequence_set
from .imap_world import content

PATIENCE, FULL = 30, 40
SYSTEM_FLAGS = ["\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft"]


class Client:
    """One session, its own source of chance, and its view of what it is told."""

    def __init__(self, world, name, port, login, chance):
        self.world, self.name, self.port, self.login, self.chance = world, name, port, login, chance
        self.view, self.number, self.letters, self.count = View(world, name), 0, 0, 0
        self.capabilities, self.readonly, self.condstore = set(), False, False

    async def connect(self, qresync=False):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 24)
        await self.reader.readline()
        user, password = self.login
        await self.perform(f'LOGIN "{user}" "{password}"')
        await self.perform("CAPABILITY")
        self.condstore = "CONDSTORE" in self.capabilities
        if qresync and "QRESYNC" in self.capabilities:
            await self.perform("ENABLE QRESYNC")

    @property
    def keyword(self):
        return f"${self.name}"

    def tagged(self, command):
        self.number += 1
        return f"{self.name}.{self.number} {command}".encode() + b"\r\n"

    async def perform(self, *commands):
        """Sends commands at once, and hears until all are answered. A command may hold a literal: `bytes` after it."""
        octets = []
        for command in commands:
            text, literal = command if isinstance(command, tuple) else (command, None)
            if literal is None:
                octets.append(self.tagged(text))
                self.view.send(octets[-1])
            else:
                await self.send_literal(text, literal, octets)
        self.count += len(commands)
        self.writer.write(b"".join(octets))
        await self.hear(lambda: not self.view.under_way)

    async def send_literal(self, text, literal, octets):
        """With LITERAL+ it is sent with the rest; without, it must be the last, and waits for `+`."""
        if self.capabilities & {"LITERAL+", "LITERAL-"}:
            octets.append(self.tagged(f"{text} {{{len(literal)}+}}") + literal + b"\r\n")
            self.view.send(octets[-1])
            return
        head = self.tagged(f"{text} {{{len(literal)}}}")
        self.view.send(head + literal + b"\r\n")
        self.writer.write(b"".join([*octets, head]))
        octets.clear()
        await self.hear(lambda: self.invited)
        octets.append(literal + b"\r\n")

    async def hear(self, enough):
        self.invited = False
        while not enough():
            try:
                octets = await asyncio.wait_for(self.response(), PATIENCE)
            except (TimeoutError, asyncio.TimeoutError):
                self.view.fault("every command is answered", f"{self.view.current.name} was not, for {PATIENCE} s")
                raise
            self.take(octets)

    def take(self, octets):
        self.invited |= octets.startswith(b"+")
        if found := re.match(rb"\* CAPABILITY (.*)\r\n", octets):
            self.capabilities = set(found[1].decode().upper().split())
        self.view.receive(octets)

    async def response(self):
        octets = await self.reader.readline()
        while found := LITERAL_END.search(octets):
            octets += await self.reader.readexactly(int(found[1])) + await self.reader.readline()
        if not octets:
            self.view.fault("the server stays", "it closed the connection")
            raise EOFError
        return octets

    # What it does, at random.

    async def step(self, boxes):
        """One turn: a mailbox is opened, what is new is looked at, or something is done."""
        view = self.view
        if view.box is None:
            await self.open(boxes)
        elif any(slot.uid is None for slot in view.slots):
            first = next(number for number, slot in enumerate(view.slots, 1) if slot.uid is None)
            await self.perform(f"FETCH {first}:* (UID FLAGS{' MODSEQ' if self.condstore else ''})")
        else:
            await self.work(boxes)

    async def open(self, boxes):
        box = self.chance.choice(boxes)
        self.readonly = self.chance.random() < 0.15
        kept, modifier = self.view.kept.get(box), ""
        if self.view.qresync and kept and self.chance.random() < 0.8:
            known = f" {sequence_set(kept.flags)}" if self.chance.random() < 0.5 else ""
            modifier = f" (QRESYNC ({kept.uidvalidity} {kept.modseq}{known}))"
        elif self.condstore and self.chance.random() < 0.3:
            modifier = " (CONDSTORE)"
        await self.perform(f"{'EXAMINE' if self.readonly else 'SELECT'} {box}{modifier}")

    async def work(self, boxes):
        view, chance = self.view, self.chance
        luck = chance.random()
        if luck < 0.04:
            names = ["CLOSE"] + ["UNSELECT"] * ("UNSELECT" in self.capabilities)
            await self.perform(chance.choice(names))
        elif luck < 0.08:
            await self.idle()
        elif len(view.slots) > FULL and luck < 0.20 and not self.readonly:
            await self.perform(f"STORE {sequence_set(self.some())} +FLAGS (\\Deleted)", "EXPUNGE")
        elif luck < 0.20 or len(view.slots) < 5:
            await self.perform(*(self.append(boxes) for _ in range(chance.choice([1, 1, 2]) if "LITERAL+" in self.capabilities else 1)))
        elif not view.slots or luck < 0.28:
            await self.perform(chance.choice(["NOOP", "CHECK", f"STATUS {chance.choice([box for box in boxes if box != view.box])} ({self.status_items()})"]))
        elif luck < 0.60 or self.readonly:
            await self.perform(*(self.by_number() for _ in range(chance.choice([1, 1, 2, 4]))))
        elif luck < 0.64:
            await self.perform(self.by_number(), self.by_uid(boxes))
        else:
            await self.perform(*(self.by_uid(boxes) for _ in range(chance.choice([1, 1, 2, 3]))))

    def status_items(self):
        return "MESSAGES UIDNEXT UIDVALIDITY" + (" HIGHESTMODSEQ" if self.condstore else "")

    def append(self, boxes):
        self.letters += 1
        flags = " ".join(self.flags()) if self.chance.random() < 0.3 else ""
        return f"APPEND {self.chance.choice(boxes)} ({flags})", content(f"{self.name}.m{self.letters}".encode())

    def flags(self):
        return self.chance.sample([*SYSTEM_FLAGS, self.keyword, self.keyword], self.chance.choice([1, 1, 2]))

    async def idle(self):
        if "IDLE" not in self.capabilities:
            return
        line = self.tagged("IDLE")
        self.view.send(line)
        self.writer.write(line)
        await self.hear(lambda: self.invited)
        until = asyncio.get_running_loop().time() + self.chance.uniform(0, 0.5)
        # Not cancelled, as a response that is cut in two would be lost.
        waiting = asyncio.ensure_future(self.response())
        while (left := until - asyncio.get_running_loop().time()) > 0:
            done, _ = await asyncio.wait([waiting], timeout=left)
            if done:
                self.take(waiting.result())
                waiting = asyncio.ensure_future(self.response())
        self.writer.write(b"DONE\r\n")
        self.take(await asyncio.wait_for(waiting, PATIENCE))
        await self.hear(lambda: not self.view.under_way)

    def some(self):
        """Some numbers of the view."""
        count = len(self.view.slots)
        if self.chance.random() < 0.3:
            low = self.chance.randint(1, count)
            return range(low, min(count, low + self.chance.randint(0, 9)) + 1)
        return self.chance.sample(range(1, count + 1), min(count, self.chance.choice([1, 1, 2, 5])))

    def some_uids(self):
        return sequence_set(self.view.slots[number - 1].uid for number in self.some())

    def by_number(self):
        """FETCH, STORE or SEARCH by sequence number."""
        luck = self.chance.random()
        if luck < 0.03:
            return "FETCH 1:* (UID FLAGS)"
        if luck < 0.5:
            return f"FETCH {sequence_set(self.some())} {self.items()}"
        if luck < 0.75 and not self.readonly:
            return f"STORE {sequence_set(self.some())} {self.change()}"
        return f"SEARCH {self.criteria()}"

    def by_uid(self, boxes):
        luck, chance = self.chance.random(), self.chance
        other = chance.choice(boxes)
        if luck < 0.25:
            return f"UID FETCH {self.some_uids()} {self.items()}"
        if luck < 0.50:
            return f"UID STORE {self.some_uids()} {self.change()}"
        if luck < 0.60:
            return f"UID SEARCH {self.criteria()}"
        if luck < 0.70:
            return f"UID COPY {self.some_uids()} {other}"
        if luck < 0.80 and "MOVE" in self.capabilities:
            return f"UID MOVE {self.some_uids()} {other}"
        if luck < 0.88:
            return f"UID EXPUNGE {self.some_uids()}"
        return "EXPUNGE"

    def items(self):
        items = ["FLAGS", "(UID FLAGS)", "(UID RFC822.SIZE INTERNALDATE)", "(UID ENVELOPE)", "(UID BODY.PEEK[])", "(UID FLAGS BODY.PEEK[])",
                 "(UID BODY[])", "(UID BODYSTRUCTURE)"]
        if self.condstore:
            items += ["(UID FLAGS MODSEQ)", f"(UID FLAGS) (CHANGEDSINCE {self.modseq()})"]
        return self.chance.choice(items)

    def modseq(self):
        return self.chance.choice([1, *(slot.modseq for slot in self.view.slots if slot.modseq)])

    def change(self):
        condition = f"(UNCHANGEDSINCE {self.modseq()}) " if self.condstore and self.chance.random() < 0.2 else ""
        sign = self.chance.choice(["+", "+", "+", "-", "-", "+", "+", "-", ""] if self.chance.random() < 0.3 else "++-")
        return f"{condition}{sign}FLAGS{self.chance.choice(['', '.SILENT'])} ({' '.join(self.flags())})"

    def criteria(self):
        kinds = ["ALL", f"KEYWORD {self.keyword}", f"UNKEYWORD {self.keyword}", "DELETED", "FLAGGED", "UNSEEN", f"SUBJECT {self.name}.m"]
        if self.condstore:
            kinds.append(f"MODSEQ {self.modseq()}")
        given = self.chance.choice(kinds)
        if "ESEARCH" in self.capabilities and self.chance.random() < 0.5:
            return f"RETURN (ALL COUNT MIN MAX) {given}"
        return given
