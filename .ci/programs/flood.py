"""Thousands of messages to fifty domains, good and bad: at the end every one of them is accounted for."""

import collections
import contextlib
import os
import re
import time

from harness import check, expect, maildir_messages, wait_for
from harness.world import ARCHIVE, HEALTHY, HOPELESS, MOODS, REFUSING, World, body, token_of
from programs.full_disk import SmallDisk

MESSAGES, KILLS, QUEUED = 5_000, 3, 20_000
CARRIERS = 100
# Seconds after a kill in which a peer may still read what was sent to it before.
LAG = 1


def until_accepted(world, count):
    accepted = world.ledger.accepted
    wait_for(lambda: len(accepted) >= count, lambda: f"only {len(accepted)} messages were accepted", 120)


def join(senders, seconds):
    deadline = time.monotonic() + seconds
    for sender in senders:
        sender.join(max(0, deadline - time.monotonic()))
    stuck = [sender.error for sender in senders if sender.is_alive()]
    expect(not stuck, f"{len(stuck)} senders could not hand their mail in within {seconds} s: {stuck[:3]}")


def expect_healthy_not_held_up(world, seconds):
    """Every message for a healthy domain arrives while other domains hang."""
    due = world.due(*HEALTHY)
    missing = lambda: due - {taken.recipient for taken in world.taken(*HEALTHY)}
    wait_for(lambda: not missing(), lambda: f"{len(missing())} of {len(due)} messages for healthy domains have not arrived: {sorted(missing())[:5]}", seconds)


def bounces(world):
    """Who a bounce says got nothing, and how often; each must be in the mailbox of the sender."""
    found = collections.Counter()
    for account in world.accounts:
        for message in maildir_messages(account.maildir).values():
            named = re.findall(rb"^Final-Recipient: rfc822; ?(\S+)\r\n(?:[^\r].*\r\n)*?Action: (\S+)", message, re.M)
            expect(named, f"{account.address} got something that is no bounce: {message[:500]}")
            for recipient, action in named:
                recipient = recipient.decode()
                expect(action == b"failed", f"{recipient} was reported as {action}")
                sender, recipients = find(world, recipient)
                expect(sender == account and recipient in recipients, f"{account.address} got a bounce for {recipient}, who was not his")
                found[recipient] += 1
    return found


def find(world, recipient):
    ledger, token = world.ledger, token_of(recipient)
    known = ledger.accepted.get(token) or ledger.in_doubt.get(token)
    expect(known, f"nobody sent anything to {recipient}")
    return known


def archived(world):
    """How often each token is in the mailbox here that is a recipient of some mail."""
    subjects = [re.search(rb"^Subject: (\S+)", it, re.M)[1].decode() for it in maildir_messages(world.archive.maildir).values()]
    return collections.Counter(subjects)


def expect_contents(world, taken):
    for each in taken:
        expect(each.body == body(token_of(each.recipient)), f"{each.recipient} got something else than was sent: {each.body[:300]}")


def surplus(taken):
    """How often a host took something for a recipient once more, although its reply was not withheld."""
    seen = collections.defaultdict(list)
    for each in taken:
        if not each.hidden:
            seen[each.recipient].append(each.at)
    return {recipient: times for recipient, times in seen.items() if len(times) > 1}


def account(world):
    """Accepted = delivered + bounced + queued, recipient by recipient."""
    taken = world.taken(*set(world.kinds) - {"absent"})
    expect_contents(world, taken)
    bounced, queued, delivered = bounces(world), world.queued(), {it.recipient for it in taken}
    refused = {it for host in world.hosts if host for it in host.refused} | world.due(*REFUSING)
    due = {it for _, recipients in world.ledger.accepted.values() for it in recipients if it != ARCHIVE}
    lost = due - delivered - set(bounced) - set(queued)
    expect(not lost, f"{len(lost)} of {len(due)} recipients are lost: {sorted(lost)[:10]}")
    hidden = {it.recipient for it in taken if it.hidden}
    both = (delivered - hidden) & set(bounced)
    expect(not both, f"{len(both)} recipients got the message and were reported as failed: {sorted(both)[:10]}")
    wrong = {it for it in set(bounced) - refused if world.kind(it) not in REFUSING + HOPELESS}
    expect(not wrong, f"{len(wrong)} recipients were reported as failed whom nobody refused: {sorted(wrong)[:10]}")
    silent = (refused & due) - set(bounced)
    expect(not silent, f"{len(silent)} recipients were refused, and nobody was told: {sorted(silent)[:10]}")
    expect_archived(world)
    copies = sum(it.hidden for it in taken)
    print(f"     {len(world.ledger.accepted)} messages for {len(due)} recipients: {len(delivered & due)} got theirs, "
          f"{len(set(bounced) & due)} bounced, {len(queued)} wait; {copies} replies were withheld")
    return taken, bounced


def expect_archived(world):
    here = archived(world)
    due = {token for token, (_, recipients) in world.ledger.accepted.items() if ARCHIVE in recipients}
    expect(due <= set(here), f"{len(due - set(here))} of {len(due)} messages for a mailbox here are lost")
    twice = [token for token, count in here.items() if count > 1]
    expect(not twice, f"{len(twice)} messages were filed twice here: {twice[:5]}")


def status(world, name):
    text = open(f"/proc/{world.server.process.pid}/status").read()
    return int(re.search(rf"^{name}:\s+(\d+)", text, re.M)[1])


def processor_seconds(world):
    fields = open(f"/proc/{world.server.process.pid}/stat").read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def opened(world):
    """What the server has open, by its descriptors."""
    folder = f"/proc/{world.server.process.pid}/fd"
    for name in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError):
            yield os.readlink(f"{folder}/{name}")


def descriptors(world):
    """Open files and connections, but for the one lock of each mailbox in memory."""
    names = list(opened(world))
    locks = [name for name in names if name.endswith("/postroad-index.lock")]
    expect(len(locks) == len(set(locks)), f"locked more than once: {sorted(locks)}")
    return len(names) - len(locks)


def expect_at_rest(world, seconds=3):
    """While all that is left hangs, the server sleeps."""
    before, start = processor_seconds(world), time.monotonic()
    time.sleep(seconds)
    load = (processor_seconds(world) - before) / (time.monotonic() - start)
    print(f"     {load * 100:.1f} % of a processor while {world.waiting()} messages wait for hosts that hang")
    expect(load < 0.3, f"while all that is left waits, the server takes {load * 100:.0f} % of a processor")


def expect_nothing_kept(world, threads, open_files):
    """Threads and descriptors of connections that are over are gone."""
    def now():
        return status(world, "Threads"), descriptors(world)
    wait_for(lambda: now()[0] <= threads + 2 and now()[1] <= open_files + 4,
             lambda: f"{now()} threads and descriptors are there, at first ({threads}, {open_files})", 20)


def expect_empty(world, seconds):
    wait_for(lambda: world.waiting() == 0, lambda: f"{world.waiting()} messages are still in the spool: {list(world.queued().items())[:5]}", seconds)


@check(f"{MESSAGES} messages to 50 domains, some of which refuse, defer, hang or forget: none is lost, none comes twice")
def accounts_for_all():
    world = World()
    with world.open():
        threads, open_files = status(world, "Threads"), descriptors(world)
        senders = world.senders(MESSAGES)
        until_accepted(world, MESSAGES // 4)
        world.recover()
        join(senders, 120)
        handed_in = world.seconds()
        expect_healthy_not_held_up(world, 30)
        arrived = world.seconds()
        print(f"     {MESSAGES / handed_in:.0f} messages/s handed in; all for healthy domains there after {arrived:.1f} s: "
              f"{len(world.due(*HEALTHY)) / arrived:.0f}/s of them end to end")
        expect_at_rest(world)
        expect_empty(world, 90)
        taken, bounced = account(world)
        twice = surplus(taken)
        expect(not twice, f"{len(twice)} recipients got the message twice: {sorted(twice)[:5]}")
        expect(max(bounced.values()) == 1, f"{[it for it in bounced if bounced[it] > 1][:5]} were reported twice")
        expect_nothing_kept(world, threads, open_files)


@check(f"the same with {KILLS} times kill -9: none is lost, and only what was under way comes twice")
def survives_kills():
    world = World()
    with world.open():
        senders = world.senders(MESSAGES)
        for kill in range(KILLS):
            until_accepted(world, MESSAGES * (kill + 1) // (KILLS + 1))
            world.kill()
            if kill == 0:
                world.recover()
        join(senders, 120)
        expect_healthy_not_held_up(world, 30)
        expect_empty(world, 90)
        taken, bounced = account(world)
        twice = surplus(taken)
        many = sum(len(times) - 1 for times in twice.values())
        reports = sum(count - 1 for count in bounced.values())
        print(f"     {many} came twice, {reports} were reported twice; {len(world.ledger.in_doubt)} were in doubt at a kill")
        expect(many <= CARRIERS * KILLS, f"{many} messages came twice, of at most {CARRIERS} that were under way at each kill")
        expect_straddling(world, twice)
        expect(reports == 0, f"{reports} recipients were reported twice")


def expect_straddling(world, twice):
    """Between two copies of a message there was a kill."""
    for recipient, times in twice.items():
        for first, second in zip(times, times[1:]):
            expect(first == 0 or any(first - LAG < kill < second for kill in world.kills), f"{recipient} got the message twice without need: {times}")


@check("1,000 messages while the disk is full for a while: put off with 452 4.3.1, none is lost")
def survives_full_disk():
    world = World({"fine": (5, [])}, {"obedient": (4, {}), "moody": MOODS["moody"]}, 0, reserve=0)
    disk = SmallDisk(world.server.data)
    with disk, world.open():
        senders = world.senders(1_000)
        until_accepted(world, 300)
        disk.fill()
        wait_for(lambda: world.ledger.put_off["452 4.3.1"] >= 50, lambda: f"the disk is full, and mail was put off: {world.ledger.put_off}", 30)
        disk.free()
        join(senders, 60)
        expect(set(world.ledger.put_off) == {"452 4.3.1"}, f"mail was put off with other words: {world.ledger.put_off}")
        expect_empty(world, 60)
        taken, _ = account(world)
        twice = surplus(taken)
        print(f"     put off: {dict(world.ledger.put_off)}; {len(twice)} came twice")
        expect(all(len(times) == 2 for times in twice.values()), "some came more than twice")


@check(f"{QUEUED} messages that wait are back in the schedule 5 s after a start, each in 400 octets of memory")
def starts_with_many():
    world = World({}, {}, 1, lifetime="5d", retry=["1h"])
    with world.open():
        world.server.stop()
        world.server.start()
        empty = status(world, "RssAnon")
        join(world.senders(QUEUED), 120)
        print(f"     {QUEUED / world.seconds():.0f} messages/s handed in; {status(world, 'RssAnon') - empty} KiB more than at first")
        expect(len(world.ledger.accepted) == QUEUED, f"{len(world.ledger.accepted)} were accepted")
        world.server.kill()
        world.server.news()
        started = time.monotonic()
        world.server.start()
        log = ""

        def read():
            nonlocal log
            log += world.server.news()
            return "spool-read" in log
        wait_for(read, "the spool was not read", 30)
        seconds = time.monotonic() - started
        line = next(line for line in log.splitlines() if "spool-read" in line)
        expect(f"messages={world.waiting()}" in line, f"{world.waiting()} messages are in the spool, and the server says: {line}")
        each = (status(world, "RssAnon") - empty) * 1024 / world.waiting()
        print(f"     read in {seconds:.1f} s; {each:.0f} octets for each")
        expect(seconds < 5, f"reading the spool took {seconds:.1f} s")
        expect(each < 400, f"a message that waits takes {each:.0f} octets")
