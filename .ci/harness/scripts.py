"""Other people's IMAP scripts, run by `postroad-conformance` against a server."""

import json
import os
import re
from pathlib import Path

from .check import expect
from .process import run
from .server import target


def judge(server, form, corpus, *, accounts, at_least, explained, not_built, needless=()):
    """Runs the scripts of one format, and fails on a disagreement that `explained`, a file, does not explain, on an
    explanation of what agrees, on a script skipped for another reason than a capability of `not_built` or a reason of
    `needless`, and on fewer than `at_least` scripts that pass."""
    report = outcomes(server, form, corpus, accounts)
    print(f"     {form}: {report['passed']} passed, {report['failed']} failed, {report['skipped']} skipped")
    reasons = explanations(explained)
    failures = {f"{case['script']}:{failure['line']}": failure
                for case in report["cases"] for failure in case.get("failures", [])}
    run_scripts = {case["script"] for case in report["cases"] if case["outcome"] != "skipped"}
    unexplained = [place for place in failures if place not in reasons and script(place) not in reasons]
    expect(not unexplained, f"not explained in {explained.name}:\n" + "\n".join(
        f"{place}: expected {failures[place]['expected'][:300]}\n    seen {failures[place]['seen'][:300]}" for place in unexplained))
    failing = set(failures) | {script(place) for place in failures}
    stale = [place for place in reasons if script(place) in run_scripts and place not in failing]
    expect(not stale, f"{explained.name} explains what agrees: {stale}")
    skips = [f"{case['script']}: {case['reason']}" for case in report["cases"]
             if case["outcome"] == "skipped" and not may_skip(case["reason"], not_built, needless)]
    expect(not skips, "skipped for another reason than what is not built:\n" + "\n".join(skips))
    expect(report["passed"] >= at_least, f"only {report['passed']} passed")


def outcomes(server, form, corpus, accounts):
    """The report of `postroad-conformance`, whose exit status 1 says that a script failed."""
    folder = Path(os.environ["POSTROAD_CORPORA"]) / corpus
    run("cargo", "build", "--quiet", "--locked", "--package", "postroad-conformance", "--bin", "postroad-conformance",
        folder=Path(__file__).parents[2], timeout=900)
    users = [word for account in accounts for word in ("--user", f"{account.address}:{account.password}")]
    ended = run(target() / "debug" / "postroad-conformance", form, "--json",
                "--server", f"127.0.0.1:{server.port['imap']}", *users, folder, status=None, timeout=300)
    expect(ended.status in (0, 1), f"{ended}")
    return json.loads(ended.out)


def explanations(file):
    """Lines `script: why` or `script:line,line: why`, by what they explain."""
    reasons = {}
    for line in file.read_text().splitlines():
        if line and not line.startswith("#"):
            places, _, why = line.partition(": ")
            expect(why, f"{file.name}: no reason in {line}")
            name, _, numbers = places.partition(":")
            reasons |= {f"{name}:{number}" if number else name: why for number in numbers.split(",")}
    return reasons


def script(place):
    return re.sub(r":\d+$", "", place)


def may_skip(reason, not_built, needless):
    missing = reason.removeprefix("the server has no ").upper().split()
    return reason.endswith(tuple(needless) or "\0") or set(missing) & set(not_built)
