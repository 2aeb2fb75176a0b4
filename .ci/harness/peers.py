"""Other mail hosts, good and bad: Postfix's smtp-sink, and one that rolls dice. Both remember what they took."""

import asyncio
import random
import re
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from .check import expect

# What a host does in place of a good reply.
HANG, DROP = "says nothing more", "closes the connection"
TAKE_AND_HANG, TAKE_AND_DROP = "takes the message, then says nothing", "takes the message, then closes the connection"


@dataclass(frozen=True)
class Taken:
    """A message that a host took for a recipient."""

    recipient: str
    body: bytes
    at: float = 0
    # The reply was withheld, so that the client can't know.
    hidden: bool = False


class Sink:
    """An smtp-sink at an address. Its words may change from one start to the next."""

    # It tells nobody whom it refused.
    refused = frozenset()

    def __init__(self, folder, address, port, *words):
        self.folder = Path(folder) / f"sink-{address}"
        self.place, self.words, self.process = f"{address}:{port}", words, None
        self.folder.mkdir()
        # It gives up its privileges.
        self.folder.chmod(0o777)

    def start(self):
        command = ["smtp-sink", "-u", "nobody", "-t", "300", *self.words, "-D", self.folder / "dump", self.place, "200"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
        self.process = None

    def restart(self, *words):
        self.stop()
        self.words = words
        self.start()

    def taken(self):
        """Every message it took, once for each recipient."""
        dump, found = self.folder / "dump", []
        dump = dump.read_bytes().replace(b"\r\n", b"\n") if dump.exists() else b""
        for text in re.split(rb"^X-Client-Addr: ", dump, flags=re.M)[1:]:
            head, _, body = text.partition(b"\n\n")
            for recipient in re.findall(rb"^X-Rcpt-Args: <([^>]+)>", head, re.M):
                found.append(Taken(recipient.decode(), body.removesuffix(b"\n").replace(b"\n", b"\r\n")))
        return found


@dataclass
class Peer:
    """A host in Python. `mood` gives for each stage (greeting, ehlo, mail, rcpt, data, end) what it
    does in place of a good reply, each with its odds."""

    address: str
    port: int
    mood: dict = field(default_factory=dict)
    dice: random.Random = field(default_factory=random.Random)

    def __post_init__(self):
        self.messages, self.refused = [], set()

    def taken(self):
        return list(self.messages)

    async def open(self):
        return await asyncio.start_server(self.attend, self.address, self.port, backlog=200)

    async def attend(self, reader, writer):
        try:
            await self.talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    def whim(self, stage, recipients=()):
        """What comes at this stage in place of a good reply. Who is refused for good is always."""
        reactions = self.mood.get(stage, ())
        for_good = any(reaction.startswith("5") for _, reaction in reactions)
        roll = (random.Random(f"{stage} {recipients}") if for_good else self.dice).random()
        for odds, reaction in reactions:
            roll -= odds
            if roll < 0:
                return reaction
        return None

    async def talk(self, reader, writer):
        recipients, goes_on = [], await self.react(reader, writer, self.whim("greeting"), "220 peer ESMTP")
        while goes_on and (line := await reader.readline()):
            verb, argument = line[:4].upper().decode(), line[4:].strip().decode()
            match verb:
                case "EHLO":
                    goes_on = await self.react(reader, writer, self.whim("ehlo"), "250-peer\r\n250-PIPELINING\r\n250 ENHANCEDSTATUSCODES")
                case "MAIL":
                    recipients = []
                    goes_on = await self.react(reader, writer, self.whim("mail"), "250 2.1.0 ok")
                case "RCPT":
                    goes_on = await self.name(reader, writer, argument, recipients)
                case "DATA":
                    goes_on = await self.receive(reader, writer, recipients)
                case "QUIT":
                    goes_on = await self.react(reader, writer, "221 2.0.0 bye", "") and False
                case _:
                    goes_on = await self.react(reader, writer, None, "250 2.0.0 ok")

    async def react(self, reader, writer, reaction, reply):
        """Says `reply`, unless it does something else; says whether the dialogue goes on."""
        if reaction in (DROP, TAKE_AND_DROP):
            return False
        if reaction in (HANG, TAKE_AND_HANG):
            while await reader.read(65_536):
                pass
            return False
        reaction = reaction or reply
        writer.write(f"{reaction}\r\n".encode())
        await writer.drain()
        return not reaction.startswith("421")

    async def name(self, reader, writer, argument, recipients):
        recipient = re.search(r"<([^>]*)>", argument)[1]
        whim = self.whim("rcpt", [recipient])
        if whim is None:
            recipients.append(recipient)
        elif whim.startswith("5"):
            self.refused.add(recipient)
        return await self.react(reader, writer, whim, "250 2.1.5 ok")

    async def receive(self, reader, writer, recipients):
        if not recipients:
            return await self.react(reader, writer, "503 5.5.1 no recipients", "")
        whim = self.whim("data")
        if not await self.react(reader, writer, whim, "354 go on"):
            return False
        if whim:
            return True
        content = await reader.readuntil(b"\r\n.\r\n")
        body = re.sub(rb"(?m)^\.", b"", content[:-3].partition(b"\r\n\r\n")[2])
        whim = self.whim("end", recipients)
        hidden = whim in (TAKE_AND_DROP, TAKE_AND_HANG)
        if hidden or whim is None:
            self.messages += [Taken(recipient, body, time.monotonic(), hidden) for recipient in recipients]
        elif whim.startswith("5"):
            self.refused.update(recipients)
        return await self.react(reader, writer, whim, "250 2.0.0 taken")


class Peers:
    """A thread on which peers listen."""

    def __init__(self, peers):
        self.peers, self.ready, self.trouble = peers, threading.Event(), None
        self.thread = threading.Thread(target=asyncio.run, args=(self.listen(),), daemon=True)

    async def listen(self):
        self.loop, self.over = asyncio.get_running_loop(), asyncio.Event()
        try:
            servers = [await peer.open() for peer in self.peers]
        except OSError as error:
            self.trouble, servers = error, []
        self.ready.set()
        await self.over.wait()
        for server in servers:
            server.close()

    def __enter__(self):
        self.thread.start()
        self.ready.wait()
        expect(self.trouble is None, f"the peers can't listen: {self.trouble}")
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.over.set)
        self.thread.join(10)
        expect(not self.thread.is_alive(), "the peers do not end")
