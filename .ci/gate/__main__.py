"""The stages of the gate, in order. The first one that fails ends it, after all its checks."""

import sys
from pathlib import Path

import cargo
import install
import programs
import purity
import readme
import words
from report import Report

STAGES = [
    ("words", words.check),
    ("readme", readme.check),
    ("purity", purity.check),
    ("format", cargo.check_format),
    ("install", install.install),
    ("core-alone", cargo.check_core_alone),
    ("lints", cargo.check_lints),
    ("docs", cargo.check_docs),
    ("tests", cargo.check_tests),
    ("release", cargo.build_release),
    ("programs", programs.check),
    ("memory", programs.check_memory),
    ("benches", cargo.check_benches),
    ("walk-through", readme.walk_through),
]


def main(wanted):
    names = [name for name, _ in STAGES]
    if wanted == ["--list"]:
        print("\n".join(names))
        return 0
    if unknown := set(wanted) - set(names):
        print(f"there is no stage {', '.join(sorted(unknown))}; there are {', '.join(names)}")
        return 2
    root = Path(__file__).resolve().parents[2]
    report = Report(root)
    for name, stage in STAGES:
        if wanted and name not in wanted:
            continue
        if not report.stage(name, stage):
            break
    print("\n".join(report.stages))
    print(f"{report.passed} passed, {report.failed} failed", flush=True)
    return 1 if report.failed else 0


sys.exit(main(sys.argv[1:]))
