"""The judge of the stress run finds out every server that breaks a rule, and lets an honest one pass.

Each case is what sessions say and hear after `OPENING`: `1C` is a command of the first session, `2S` what
the second hears. A name in braces is the literal of the message with that name.
"""

import re

from harness import check, expect
from harness.imap_view import View
from harness.imap_world import World, content

OPENING = """
1C p APPEND box () {one}
1S p OK [APPENDUID 7 1] done
1C q APPEND box () {two}
1S q OK [APPENDUID 7 2] done
1C r APPEND other () {three}
1S r OK [APPENDUID 8 4] done
1C s SELECT box
1S * 2 EXISTS
1S * OK [UIDVALIDITY 7] x
1S * OK [UIDNEXT 3] x
1S * OK [HIGHESTMODSEQ 10] x
1S s OK [READ-WRITE] done
1C t FETCH 1:* (UID FLAGS MODSEQ)
1S * 1 FETCH (UID 1 FLAGS () MODSEQ (5))
1S * 2 FETCH (UID 2 FLAGS () MODSEQ (6))
1S t OK done
"""

HONEST = """
1C a STORE 1 +FLAGS ($k)
1C b SEARCH KEYWORD $k
1C c UID MOVE 2 other
1S * 1 FETCH (FLAGS ($k) MODSEQ (11))
1S a OK done
1S * SEARCH 1
1S b OK done
1S * OK [COPYUID 8 2 5] x
1S * 2 EXPUNGE
1S c OK done
1C d SELECT other
1S * 2 EXISTS
1S * OK [UIDVALIDITY 8] x
1S * OK [UIDNEXT 6] x
1S d OK done
1C e FETCH 1:* (UID BODY.PEEK[])
1S * 1 FETCH (UID 4 BODY[] {three})
1S * 2 FETCH (UID 5 BODY[] {two})
1S e OK done
"""

BROKEN = {
    "EXISTS never shrinks": "1S * 1 EXISTS",
    "EXPUNGE numbers are in range": "1C a NOOP\n1S * 3 EXPUNGE",
    "nothing is expunged while no command is under way": "1S * 1 EXPUNGE",
    "nothing is expunged during FETCH, STORE and SEARCH by number": "1C a FETCH 1 FLAGS\n1S * 2 EXPUNGE",
    "FETCH numbers are in range": "1S * 3 FETCH (FLAGS ())",
    "a number means one UID": "1S * 2 FETCH (UID 3 FLAGS ())",
    "UIDs ascend": "1S * 3 EXISTS\n1S * 3 FETCH (UID 2)",
    "UIDs are given from UIDNEXT on": "1C a NOOP\n1S * 2 EXPUNGE\n1S * 2 EXISTS\n1S * 2 FETCH (UID 2)",
    "no UID is used again": "1C a APPEND box () {four}\n1S a OK [APPENDUID 7 2] done",
    "a UID means one message for ever": "1C a FETCH 2 BODY.PEEK[]\n1S * 2 FETCH (BODY[] {one})\n1S a OK done",
    "a body is what was appended": '1C a FETCH 2 BODY.PEEK[]\n1S * 2 FETCH (BODY[] "else")\n1S a OK done',
    "what cannot change does not": "1S * 1 FETCH (RFC822.SIZE 7)\n1S * 1 FETCH (RFC822.SIZE 8)",
    "flags are what STORE made them": "1C a STORE 1 +FLAGS.SILENT ($k)\n1S a OK done\n1S * 1 FETCH (FLAGS ())",
    "no flag comes from nowhere": "1S * 1 FETCH (FLAGS (\\Draft))",
    "MODSEQs grow": "1S * 1 FETCH (MODSEQ (4))",
    "other flags have another MODSEQ": "1C a STORE 1 +FLAGS ($k)\n1S * 1 FETCH (FLAGS ($k) MODSEQ (5))\n1S a OK done",
    "HIGHESTMODSEQ never goes back": "1C a STATUS box (HIGHESTMODSEQ)\n1S * STATUS box (HIGHESTMODSEQ 9)\n1S a OK done",
    "UIDNEXT never goes back": "1C a STATUS box (UIDNEXT)\n1S * STATUS box (UIDNEXT 2)\n1S a OK done",
    "UIDVALIDITY stays": "1C a STATUS box (UIDVALIDITY)\n1S * STATUS box (UIDVALIDITY 9)\n1S a OK done",
    "SEARCH finds messages of the mailbox": "1C a SEARCH UNSEEN\n1S * SEARCH 3\n1S a OK done",
    "SEARCH finds each message once": "1C a SEARCH UNSEEN\n1S * SEARCH 1 1\n1S a OK done",
    "SEARCH finds what matches": "1C a SEARCH SUBJECT two\n1S * SEARCH 1 2\n1S a OK done",
    "SEARCH answers SEARCH": "1C a NOOP\n1S * SEARCH 1\n1S a OK done",
    "SEARCH RETURN is answered by ESEARCH, SEARCH by SEARCH": "1C a SEARCH RETURN (ALL) ALL\n1S * SEARCH 1 2\n1S a OK done",
    "ESEARCH's results agree": '1C a SEARCH RETURN (ALL COUNT) ALL\n1S * ESEARCH (TAG "a") ALL 1:2 COUNT 3\n1S a OK done',
    "ESEARCH to UID SEARCH says UID": '1C a UID SEARCH RETURN (ALL) ALL\n1S * ESEARCH (TAG "a") ALL 1:2\n1S a OK done',
    "FETCH answers all that was asked": "1C a FETCH 1:2 (UID FLAGS)\n1S * 1 FETCH (UID 1 FLAGS ())\n1S a OK done",
    "responses to UID commands tell the UID": "1C a UID FETCH 1 FLAGS\n1S * 1 FETCH (FLAGS ())\n1S a OK done",
    "commands are answered in their order": "1C a NOOP\n1C b NOOP\n1S b OK done\n1S a OK done",
    "tagged responses answer commands": "1S z OK done",
    "valid commands are taken": "1C a NOOP\n1S a BAD what",
    "the server stays": "1S * BYE",
    "responses are IMAP": "1S * 1 FETCH (FLAGS ()",
    "COPYUID names what was copied": "1C a UID COPY 1 other\n1S a OK [COPYUID 8 2 5] done",
    "MOVE removes what it has copied": "1C a UID MOVE 1 other\n1S * OK [COPYUID 8 1 5] x\n1S a OK done",
    "EXPUNGE removes what is deleted": "1C a STORE 1 +FLAGS.SILENT (\\Deleted)\n1S a OK done\n1C b EXPUNGE\n1S b OK done",
    "APPENDUID is told": "1C a APPEND box () {four}\n1S a OK done",
    "what is moved is gone": "1C a UID MOVE 1 other\n1S * OK [COPYUID 8 1 5] x\n1S * 1 EXPUNGE\n1S a OK done",
    "an envelope is the message's": "1S * 1 FETCH (ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL))",
    "what is expunged is gone": "1C a NOOP\n1S * 1 EXPUNGE\n1S a OK done",
    "nothing is lost": "",
    "no message comes from nowhere": "1S * 3 EXISTS\n1S * 3 FETCH (UID 3 FLAGS ())",
    "nothing is expunged in SELECT": "1C a SELECT box\n1S * 2 EXISTS\n1S * 1 EXPUNGE\n1S a OK done",
    "VANISHED is for QRESYNC, EXPUNGE for others": "1C a ENABLE QRESYNC\n1S a OK done\n1C b NOOP\n1S * 1 EXPUNGE\n1S b OK done",
    "VANISHED names messages of the mailbox": "1C a ENABLE QRESYNC\n1S a OK done\n1C b NOOP\n1S * VANISHED 9\n1S b OK done",
    "a resynchronized view is whole": (
        "1C a ENABLE QRESYNC\n1S a OK done\n1C b CLOSE\n1S b OK done\n1C c SELECT box (QRESYNC (7 10))\n"
        "1S * 1 EXISTS\n1S * OK [UIDVALIDITY 7] x\n1S c OK done"),
    "QRESYNC tells every change": (
        "1C a ENABLE QRESYNC\n1S a OK done\n1C b CLOSE\n1S b OK done\n2C a SELECT box\n2S * 2 EXISTS\n2S a OK done\n"
        "2C b FETCH 1:* UID\n2S * 1 FETCH (UID 1)\n2S * 2 FETCH (UID 2)\n2S b OK done\n2C c STORE 1 +FLAGS.SILENT ($k)\n2S c OK done\n"
        "1C c SELECT box (QRESYNC (7 10))\n1S * 2 EXISTS\n1S * OK [UIDVALIDITY 7] x\n1S * OK [HIGHESTMODSEQ 11] x\n1S c OK done\n"
        "1C d FETCH 1 (FLAGS MODSEQ)\n1S * 1 FETCH (FLAGS ($k) MODSEQ (11))\n1S d OK done"),
}
FINAL = {"box": {1: frozenset(), 2: frozenset()}, "other": {4: frozenset()}}


def played(script, final=None):
    """The rules that were broken in the script."""
    world = World()
    sessions = {name: View(world, name) for name in "12"}
    for line in filter(None, (OPENING + script).splitlines()):
        who, text = line.split(" ", 1)
        octets = re.sub(r"\{(\w+)\}", lambda found: literal(found[1]), text).encode() + b"\r\n"
        session = sessions[who[0]]
        (session.send if who[1] == "C" else session.receive)(octets)
    world.finish(FINAL if final is None else final)
    return world.rules, world.faults


def literal(name):
    octets = content(name.encode()).decode()
    return f"{{{len(octets)}}}\r\n{octets}"


@check("an honest server breaks no rule")
def lets_pass():
    rules, faults = played(HONEST, {"box": {1: frozenset()}, "other": {4: frozenset(), 5: frozenset()}})
    expect(not rules, "\n".join(faults))


@check("it is found out when not: {}", list(BROKEN))
def finds_out(rule):
    rules, faults = played(BROKEN[rule], {**FINAL, "box": {1: frozenset()}} if rule == "nothing is lost" else None)
    expect(rules[rule], f"what was found instead: {dict(rules)}\n" + "\n".join(faults))
