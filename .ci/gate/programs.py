"""Real programs against a server of their own: each file of `.ci/programs/`."""

import re
import time
from concurrent.futures import ThreadPoolExecutor

import install

AT_ONCE = 2
# They measure time or memory, or need the machine for themselves.
ALONE = ("flood", "hostile", "hostile_names", "idle", "imap_stress", "kill_9", "pop3_large", "smtp_source")
TIME_LIMIT = 420


def check(report):
    folder = report.root / ".ci" / "programs"
    names = sorted(file.stem for file in folder.glob("*.py") if file.stem != "__init__")
    together = [name for name in names if name not in ALONE]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for name, outcome in zip(together, pool.map(lambda name: run(report, name), together)):
            tell(report, name, *outcome)
    for name in ALONE:
        tell(report, name, *run(report, name))


def run(report, name):
    started = time.monotonic()
    status, output = report.run("python3", ".ci/program", name, timeout=TIME_LIMIT, **environment(report))
    return status, output, time.monotonic() - started


def environment(report):
    return {
        "POSTROAD_PROGRAM": str(report.target / "release" / "postroad"),
        "POSTROAD_PYTHON_TOOLS": str(install.python_tools(report)),
        "POSTROAD_NODE_TOOLS": str(install.node_tools(report)),
    }


def tell(report, name, status, output, seconds):
    """Prints what a file's checks said, and adds them to the tally."""
    tally = re.search(r"^(\d+) passed, (\d+) failed$", output, re.M)
    print(output.rstrip() if tally is None else output[:tally.start()].rstrip(), flush=True)
    print(f"     {name} took {seconds:.0f} s", flush=True)
    if tally is None:
        report.fail(name, f"it ended with {status} before it had counted its checks")
    else:
        report.passed += int(tally[1])
        report.failed += int(tally[2])
        if int(tally[2]) == 0 and status != 0:
            report.fail(name, f"it ended with {status}")


def check_memory(report):
    report.command("memory, idle and per connection", "python3", ".ci/memory", timeout=300, show=True, **environment(report))
