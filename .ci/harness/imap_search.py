"""What SEARCH finds, against what the session knows of its mailbox."""

from .imap_wire import numbers, pairs

FLAGS = {b"DELETED": b"\\deleted", b"FLAGGED": b"\\flagged", b"ANSWERED": b"\\answered"}


def judge_search(view, data, extended):
    """`data` is what follows SEARCH or ESEARCH."""
    command = next((each for each in view.concerned("SEARCH") if "found" not in each.expected), None)
    if command is None:
        return view.fault("SEARCH answers SEARCH", "none was asked")
    command.expected["found"] = True
    criteria, options = command.criteria()
    if extended != (options is not None):
        return view.fault("SEARCH RETURN is answered by ESEARCH, SEARCH by SEARCH", f"{data}")
    found = esearch(view, command, data, options) if extended else [int(word) for word in data if not isinstance(word, list)]
    if found is None:
        return
    if len(set(found)) != len(found):
        view.fault("SEARCH finds each message once", f"{found}")
    known = {slot.uid for slot in view.slots}
    if command.by_uid:
        strange = set(found) - known - set(command.expected["was"]) - command.expected.get("expunged", set())
        if strange and None not in known:
            view.fault("SEARCH finds messages of the mailbox", f"{sorted(strange)} are not there")
        uids = set(found)
    else:
        if any(not 1 <= number <= len(view.slots) for number in found):
            return view.fault("SEARCH finds messages of the mailbox", f"{found} of {len(view.slots)}")
        uids = {view.slots[number - 1].uid for number in found}
    judge_found(view, command, criteria, uids)


def esearch(view, command, data, options):
    """The messages that ESEARCH ALL tells, after its other results were compared with it."""
    words = [word for word in data if not (isinstance(word, list) and word[:1] == [b"TAG"])]
    if words[:1] == [b"UID"]:
        words = words[1:]
    elif command.by_uid:
        view.fault("ESEARCH to UID SEARCH says UID", f"{data}")
    told = pairs(words)
    found = numbers(told[b"ALL"]) if b"ALL" in told else []
    expected = {b"COUNT": len(found)} | ({b"MIN": min(found), b"MAX": max(found)} if found else {})
    for name in options & {b"COUNT", b"MIN", b"MAX"}:
        if name in expected and int(told.get(name) or -1) != expected[name]:
            view.fault("ESEARCH's results agree", f"{data}")
    return found if b"ALL" in options else None


def judge_found(view, command, criteria, uids):
    """Each message of which the session is sure is found, or is not."""
    name, arguments = criteria[0].upper(), criteria[1:]
    for uid in view.uids:
        if uid not in command.expected["was"]:
            continue
        match = expected(view, uid, name, arguments)
        if match is not None and match != (uid in uids):
            view.suspect(uid, "SEARCH finds what matches", f"{uid} {'matches' if match else 'does not match'} {criteria}")


def expected(view, uid, name, arguments):
    """Whether a message must be found (True), must not be (False), or may be (None)."""
    if name == b"ALL":
        return True
    if name in (b"KEYWORD", b"UNKEYWORD"):
        sure = view.effects.surely(uid, arguments[0].lower())
        return sure if name == b"KEYWORD" or sure is None else not sure
    if name in FLAGS:
        return view.effects.surely(uid, FLAGS[name])
    if name == b"SUBJECT":
        token = view.world.boxes[view.box].messages[uid].token
        return None if token is None else arguments[0] in token
    return None
