"""Many clients at random commands on the same few mailboxes: each is told the truth all the time.

What is demanded is in `harness/imap_view.py` and its neighbours; that a server which breaks a rule
is found out is shown by `imap_stress_rules.py`. A run is repeated with `POSTROAD_STRESS_SEED`, and
takes another than the usual time with `POSTROAD_STRESS_SECONDS`.
"""

import asyncio
import os
import random
import time

from harness import check, expect
from harness.imap_client import Client
from harness.imap_world import World

CLIENTS, BOXES, SECONDS = 20, [f"box{number}" for number in range(5)], 60
CONFIG = {"auth": {"cleartext": "loopback"}}


async def stress(port, login, seed, seconds, in_turn=True):
    """Runs the clients; returns the world as they saw it, and the number of their commands."""
    world = World(in_turn)
    clients = [Client(world, f"c{number}", port, login, random.Random(f"{seed}.{number}")) for number in range(CLIENTS)]
    for number, client in enumerate(clients):
        await client.connect(qresync=number % 3 == 0)
    for box in BOXES:
        await clients[0].perform(f"CREATE {box}")
        for _ in range(10):
            await clients[0].perform(clients[0].append([box]))
    deadline = time.monotonic() + seconds
    outcomes = await asyncio.gather(*(drive(client, deadline) for client in clients), return_exceptions=True)
    for client, outcome in zip(clients, outcomes):
        if isinstance(outcome, Exception):
            client.view.fault("the run goes to its end", f"{type(outcome).__name__}: {outcome}")
    if not any(isinstance(outcome, Exception) for outcome in outcomes):
        await compare(world, clients, port, login, seed)
    return world, sum(client.count for client in clients)


async def drive(client, deadline):
    while time.monotonic() < deadline and not client.world.faults:
        await client.step(BOXES)


async def compare(world, clients, port, login, seed):
    """In the end, when all is quiet, every session sees what a new one sees."""
    final, judge = {}, Client(world, "judge", port, login, random.Random(seed))
    await judge.connect()
    for client in clients:
        if client.view.box:
            await client.perform("NOOP")
            await client.perform("NOOP")
    for box in BOXES:
        await judge.perform(f"EXAMINE {box}")
        if judge.view.slots:
            await judge.perform("FETCH 1:* (UID FLAGS BODY.PEEK[])")
        final[box] = {slot.uid: slot.flags for slot in judge.view.slots}
        for client in clients:
            if client.view.box == box:
                compare_view(client.view, final[box])
    world.finish(final)


def compare_view(view, final):
    if len(view.slots) != len(final) or any(slot.uid not in (None, uid) for slot, uid in zip(view.slots, sorted(final))):
        view.fault("every session ends with the same messages", f"{view.uids} instead of {sorted(final)}")
    for slot in view.slots:
        if slot.uid in final and slot.flags not in (None, final[slot.uid]):
            view.fault("every session ends with the same flags", f"{view.box} {slot.uid} has {sorted(slot.flags)}, not {sorted(final[slot.uid])}")


def judge(port, login, seconds):
    seed = int(os.environ.get("POSTROAD_STRESS_SEED") or random.randrange(10**9))
    seconds = float(os.environ.get("POSTROAD_STRESS_SECONDS") or seconds)
    print(f"     seed {seed}", flush=True)
    world, count = asyncio.run(stress(port, login, seed, seconds))
    messages = sum(len(box.messages) for box in world.boxes.values())
    print(f"     {count} commands in {seconds:.0f} s, {messages} messages, {sum(world.rules.values())} faults {dict(world.rules)}", flush=True)
    expect(not world.faults, "\n\n".join(world.faults[:3]))


@check(f"{CLIENTS} clients on {len(BOXES)} mailboxes: what each is told agrees with what was done")
def postroad_tells_the_truth(server):
    account = server.user()
    judge(server.port["imap"], (account.address, account.password), SECONDS)
