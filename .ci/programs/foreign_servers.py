"""The transcripts against other people's servers, as those people's own checks would run them: aiosmtpd from PyPI, Dovecot from Debian.

`foreign-NAME.txt` says what each does otherwise, and why. Postroad's own server must do all that it announces.
"""

import fnmatch
import json
from pathlib import Path

from harness import check
from harness.check import expect
from harness.foreign import Aiosmtpd, Dovecot
from harness.process import run
from harness.scripts import explanations
from harness.server import PASSWORD, target

CONFIG = {"auth": {"cleartext": "loopback"}, "limits": {"failed_login_delay": 0}}
ROOT = Path(__file__).parents[2]
TRANSCRIPTS = ROOT / "conformance" / "transcripts"
ACCOUNTS = 420
# How many transcripts pass at least, by server.
AT_LEAST = {"Aiosmtpd": 60, "Dovecot": 140, "Postroad": 300}


def outcomes(words):
    """What `postroad-conformance run` says of every transcript; its exit status 1 says that one failed."""
    run("cargo", "build", "--quiet", "--locked", "--package", "postroad-conformance", "--bin", "postroad-conformance",
        folder=ROOT, timeout=900)
    ended = run(target() / "debug" / "postroad-conformance", "run", "--format", "json", "--patience", "5", *words, TRANSCRIPTS,
                status=None, timeout=400)
    expect(ended.status in (0, 1), f"{ended}")
    report = json.loads(ended.out)
    print(f"     {report['passed']} passed, {report['failed']} failed, {report['skipped']} skipped")
    return report


def judge(name, report, reasons):
    """Fails on a failure that `reasons` do not explain, on a reason for what passes, and on fewer passes than `AT_LEAST`."""
    failed = {}
    for case in report["cases"]:
        if case["outcome"] == "failed":
            failed[str(Path(case["file"]).relative_to(TRANSCRIPTS).with_suffix(""))] = case
    unexplained = [place for place in failed if not any(fnmatch.fnmatchcase(place, pattern) for pattern in reasons)]
    expect(not unexplained, "not explained:\n" + "\n".join(
        f"{place}:{failed[place]['line']}: {failed[place]['problem']}" for place in unexplained))
    stale = [pattern for pattern in reasons if not fnmatch.filter(failed, pattern)]
    expect(not stale, f"explained, but it passes: {stale}")
    expect(report["passed"] >= AT_LEAST[name], f"only {report['passed']} passed")


@check("{0.__name__} fails no transcript but those that are explained", [(Aiosmtpd,), (Dovecot,)])
def foreign(kind):
    with kind() as server:
        name = kind.__name__
        judge(name, outcomes(server.words()), explanations(Path(__file__).with_name(f"foreign-{name.lower()}.txt")))


@check("Postroad's own server fails none")
def own(server):
    for number in range(1, ACCOUNTS + 1):
        server.user(f"u{number}")
    places = [word for name in ("smtp", "submission", "lmtp", "pop3", "imap") for word in (f"--{name}", f"127.0.0.1:{server.port[name]}")]
    judge("Postroad", outcomes([*places, "--user", f"u{{}}@{server.domain}:{PASSWORD}"]), {})
