"""The README: its two commands are there, and do what it says."""

import os
import re
import sys

DEMO = "cargo run --release -- demo"
SERVE = "cargo run --release -- serve"
TEST = "cargo test --workspace"


def first_commands(root):
    """The lines of the README's first shell block."""
    text = (root / "README.md").read_text()
    block = re.search(r"^```(?:sh|console|bash)\n(.*?)^```", text, re.M | re.S)
    return [line.strip().removeprefix("$ ") for line in block[1].splitlines() if line.strip()] if block else []


def test_command(root):
    """The command that the README gives for the tests."""
    return next(line for line in first_commands(root) if line.startswith("cargo test"))


def check(report):
    if not (report.root / "README.md").exists():
        report.fail("there is a README", "README.md is missing")
        return
    commands = first_commands(report.root)
    report.judge("the README's first block holds the two commands, and nothing else",
                 [] if commands == [DEMO, TEST] else [f"expected {[DEMO, TEST]}, found {commands}"])
    lines = (report.root / "README.md").read_text().splitlines()
    report.judge("the README says how to serve", [] if SERVE in lines else [f"there is no line `{SERVE}`"])


def walk_through(report):
    """A fresh clone, the README's command, and what it then tells to paste; on a loopback of its own,
    so that the default ports are free."""
    alone = ["unshare", "--net"] if os.geteuid() == 0 else []
    clone = report.target / "gate" / "clone"
    report.run("rm", "-rf", clone, timeout=60)
    report.command("a fresh clone", "git", "clone", "--quiet", "--no-hardlinks", report.root, clone, timeout=120)
    # Not the gate's own: cargo takes two checkouts in one target folder for the same.
    build = {"CARGO_TARGET_DIR": str(clone / "target")}
    report.command("the clone builds", "cargo", "build", "--release", "--locked", "--manifest-path", clone / "Cargo.toml",
                   timeout=900, **build)
    report.command("the README's walk-through", *alone, sys.executable, ".ci/walk-through", clone, timeout=300, show=True, **build)
