"""IMAPClient's own live test-suite.

Of its 59 tests Dovecot 2.3 passes 46 or 47 here; of what Postroad announces it passes all but those that are explained.
"""

import os
import re
from pathlib import Path

from harness import check, expect, run
from programs.python import imap

CONFIG = {"auth": {"cleartext": "loopback"}, "limits": {"failed_login_delay": 0}}
AT_LEAST = 45
# What it calls otherwise than the capability is called.
NEEDS = {"Gmail search": "X-GM-EXT-1", "labels": "X-GM-EXT-1"}
EXPLAINED = Path(__file__).with_name("imapclient-disagreements.txt")

CONFIGURATION = """[DEFAULT]
host = localhost
port = {port}
username = {account.address}
password = {account.password}
ssl = true
ssl_ca_file = {server.certificate}
timeout = 30

[starttls]
port = {starttls_port}
ssl = false
starttls = true

[plain]
port = {starttls_port}
ssl = false

[wrong password]
password = wrong
expect_failure = (?i)AUTHENTICATIONFAILED|failed|invalid
"""


@check(f"at least {AT_LEAST} of its tests pass, and none fails unexplained")
def livetest(server):
    python = Path(os.environ["POSTROAD_PYTHON_TOOLS"]) / "bin" / "python"
    configuration = server.folder / "livetest.ini"
    configuration.write_text(CONFIGURATION.format(
        server=server, account=server.user(), port=server.port["imaps"], starttls_port=server.port["imap"]))
    ended = run(python, "-m", "imapclient.livetest", configuration, "-v", status=None, timeout=300,
                env={"SSL_CERT_FILE": str(server.certificate)})
    ran = re.search(r"^Ran (\d+) tests", ended.text, re.M)
    expect(ran, f"{ended}")
    count = {word: int(number) for word, number in re.findall(r"(failures|errors|skipped)=(\d+)", ended.text)}
    failed = count.get("failures", 0) + count.get("errors", 0)
    passed = int(ran[1]) - failed - count.get("skipped", 0)
    print(f"     IMAPClient's live tests: {passed} passed, {failed} failed, {count.get('skipped', 0)} skipped")
    expect_skips_explained(set(re.findall(r"skipped ['\"](.*)['\"]$", ended.text, re.M)), announced(server))
    unexplained = set(re.findall(r"^(?:FAIL|ERROR): (\w+)", ended.text, re.M)) - set(explained())
    expect(not unexplained, f"failed without an explanation in {EXPLAINED.name}: {sorted(unexplained)}\n{ended}")
    expect(passed >= AT_LEAST, f"only {passed} passed\n{ended}")


def announced(server):
    """The capabilities of a session that is logged in."""
    session = imap(server, server.user())
    names = session.capability()[1][0].decode().upper().split()
    session.logout()
    return names


def expect_skips_explained(skips, capabilities):
    """A test may be skipped for the want of a capability that is not announced, and for reasons that are explained."""
    reasons = explained()
    wanted = {skip: NEEDS.get(lacking := skip.removeprefix("Server doesn't support "), lacking) for skip in skips}
    wrongly = {skip for skip, capability in wanted.items() if capability.upper() in capabilities}
    expect(not wrongly, f"skipped though it is announced: {sorted(wrongly)}")
    unexplained = {skip for skip in skips if f"skipped, {skip}" not in reasons}
    expect(not unexplained, f"skipped without an explanation in {EXPLAINED.name}: {sorted(unexplained)}")
    needless = {reason for reason in reasons if reason.startswith("skipped, ") and reason.removeprefix("skipped, ") not in skips}
    expect(not needless, f"explained in {EXPLAINED.name}, but not skipped: {sorted(needless)}")


def explained():
    """Why tests fail or are skipped: lines `test_name: why` and `skipped, reason: why`."""
    lines = EXPLAINED.read_text().splitlines() if EXPLAINED.exists() else []
    return dict(line.split(": ", 1) for line in lines if line and not line.startswith("#"))
