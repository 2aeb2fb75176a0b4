"""What the design forbids: crates, licences, C builds, unsafe code, and I/O in the core."""

import json
import re
import tomllib

FORBIDDEN_CRATES = ("tokio", "openssl", "openssl-sys", "native-tls", "aws-lc-rs", "aws-lc-sys", "async-std")
MAY_BUILD_C = {"ring"}
C_BUILDERS = {"cc", "cmake", "bindgen", "pkg-config", "autotools"}
OUTSIDE_WORLD = re.compile(r"\bstd::(?:net|fs|thread|time|env|process|io)\b|\bextern crate std\b|\be?println!|\bgetrandom\b")


def check(report):
    for crate in FORBIDDEN_CRATES:
        status, output = report.run("cargo", "tree", "--quiet", "--workspace", "--all-features", "--edges", "all", "--target", "all",
                                    "--invert", crate, timeout=300)
        absent = "did not match any packages" in output or (status == 0 and "nothing to print" in output)
        report.judge(f"{crate} is in no dependency tree", [] if absent else [output])
    metadata = read_metadata(report)
    check_licences(report, metadata)
    check_c_builds(report, metadata)
    check_manifests(report)
    check_core(report)
    check_core_without_std(report)


def read_metadata(report):
    status, output = report.run("cargo", "metadata", "--format-version", "1", "--all-features", "--locked", timeout=300)
    start = output.find('{"packages"')
    if status != 0 or start < 0:
        raise RuntimeError(output[-2000:])
    return json.loads(output[start:].splitlines()[0])


def check_licences(report, metadata):
    report.judge("every crate may be used without the GPL", [
        f"{package['name']} {package['version']}: {package['license'] or 'no licence named'}"
        for package in metadata["packages"] if not has_free_choice(package["license"] or package.get("license_file") or "")
    ])


def has_free_choice(licence):
    """Whether one of the alternatives of an SPDX expression has nothing of the GPL in it."""
    return bool(licence) and any("GPL" not in choice for choice in re.split(r"\bOR\b|/", licence))


def check_c_builds(report, metadata):
    names = {package["id"]: package["name"] for package in metadata["packages"]}
    builders = {
        names[node["id"]] for node in metadata["resolve"]["nodes"]
        for dependency in node["deps"] if names[dependency["pkg"]] in C_BUILDERS
    }
    report.judge("no crate but ring builds C", sorted(builders - MAY_BUILD_C - C_BUILDERS))


def check_manifests(report):
    workspace = tomllib.loads((report.root / "Cargo.toml").read_text())
    faults = []
    if workspace["workspace"]["lints"]["rust"].get("unsafe_code") != "forbid":
        faults.append("Cargo.toml does not forbid unsafe code")
    for member in workspace["workspace"]["members"]:
        manifest = tomllib.loads((report.root / member / "Cargo.toml").read_text())
        if manifest.get("lints") != {"workspace": True}:
            faults.append(f"{member}/Cargo.toml does not take the workspace's lints")
    report.judge("unsafe code is forbidden in every package", faults)


def check_core(report):
    core = report.root / "core" / "src"
    library = (core / "lib.rs").read_text()
    faults = [] if re.search(r"^#!\[no_std\]$", library, re.M) else ["core/src/lib.rs has no `#![no_std]`"]
    for path in sorted(core.rglob("*.rs")):
        name = path.relative_to(report.root)
        if path == core / "tls.rs" or path.name == "tests.rs" or "tests" in path.parts:
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            code = line.partition("//")[0]
            if OUTSIDE_WORLD.search(code) or "clippy::disallowed_methods" in code:
                faults.append(f"{name}:{number}: {line.strip()}")
    report.judge("the core has no socket, disk, thread, clock, environment or log", faults)


def check_core_without_std(report):
    status, output = report.run("cargo", "tree", "--package", "postroad-core", "--no-default-features", "--edges",
                                "normal,features", "--prefix", "none", timeout=300)
    faults = sorted({line for line in output.splitlines() if 'feature "std"' in line})
    report.judge("without its features the core draws in nobody's `std`", faults if status == 0 else [output])
