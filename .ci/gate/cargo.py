"""What cargo checks: format, lints, documentation, tests, benches."""

import os
import re
from pathlib import Path

import readme

WARNINGS = ["--", "--deny", "warnings"]
CORE_LINTS = ["clippy::std_instead_of_core", "clippy::std_instead_of_alloc", "clippy::alloc_instead_of_core"]
NO_STD_TARGETS = ("thumbv7em-none-eabihf", "thumbv7em-none-eabi", "riscv32imac-unknown-none-elf", "x86_64-unknown-none")


def check_format(report):
    report.command("cargo fmt", "cargo", "fmt", "--all", "--check", timeout=120)


def check_core_alone(report):
    core = ["--package", "postroad-core", "--no-default-features", "--lib", "--locked"]
    report.command("the core builds without features", "cargo", "check", *core, timeout=600, RUSTFLAGS="-D warnings")
    denied = [word for lint in CORE_LINTS for word in ("--deny", lint)]
    report.command("the core uses `core` and `alloc`, not `std`", "cargo", "clippy", *core, "--", *denied, timeout=600)
    _, installed = report.run("rustc", "--print", "sysroot", timeout=30)
    for target in NO_STD_TARGETS:
        _, found = report.run("ls", f"{installed.strip()}/lib/rustlib/{target}/lib", timeout=30)
        if "libcore" in found:
            report.command(f"the core builds for {target}, which has no std", "cargo", "check", *core, "--target", target, timeout=600)


def check_lints(report):
    report.command("cargo clippy", "cargo", "clippy", "--workspace", "--all-targets", "--all-features", "--locked", *WARNINGS, timeout=1200)
    for package, features in ("postroad-core", "tls"), ("postroad-core", "serde"), ("postroad-runtime-std", ""):
        report.command(f"cargo clippy of {package} with {features or 'no features'}", "cargo", "clippy", "--package", package,
                       "--no-default-features", "--features", features, "--locked", *WARNINGS, timeout=600)


def check_docs(report):
    report.command("cargo doc", "cargo", "doc", "--workspace", "--no-deps", "--locked", timeout=600, RUSTDOCFLAGS="-D warnings")


def check_tests(report):
    """The README's own test command; each test is a check, and none may be skipped."""
    corpora = Path(os.environ["POSTROAD_CORPORA"])
    report.judge("the corpora are there", [] if corpora.is_dir() else [f"{corpora} is no folder; POSTROAD_CORPORA may name another"])
    command = readme.test_command(report.root)
    status, output = report.run(*command.split(), timeout=1500)
    results = re.findall(r"^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored", output, re.M)
    passed, failed, ignored = (sum(int(row[column]) for row in results) for column in range(3))
    report.passed += passed
    for line in re.findall(r"^\S+: \d+ of \d+ agree.*$", output, re.M):
        print("     " + line)
    print(f"     {passed} tests passed, {failed} failed, {ignored} ignored")
    report.judge("every test passes", [f"{test} failed" for test in re.findall(r"^test (.+) \.\.\. FAILED$", output, re.M)])
    if status != 0 or not results:
        report.fail(f"`{command}`", f"it ended with {status}\n" + "\n".join(output.splitlines()[-150:]))
    else:
        report.pass_(f"`{command}`")
    skips = [line for line in output.splitlines() if re.search(r"\bSKIP(?:PED|S)?\b", line)]
    report.judge("no test is skipped", skips + ([f"{ignored} tests are ignored"] if ignored else []))


def build_release(report):
    report.command("cargo build --release", "cargo", "build", "--release", "--locked", timeout=1200)


def check_benches(report):
    output = report.command("cargo bench", "cargo", "bench", "--package", "postroad-conformance", "--locked", timeout=1200)
    start = output.find("instructions per content octet")
    print("\n".join("     " + line for line in output[start:].splitlines()))
    for wanted in "content octet", "transaction", "memchr", "FETCH", "queue::Queue", "heap per message that waits":
        report.judge(f"the benches tell of: {wanted}", [] if wanted.lower() in output.lower() else [output[-3000:]])
