"""Cases that others wrote (POSTROAD_CORPORA), judged against a server; what is expected otherwise is explained in a list."""

import os
import re
from pathlib import Path

from .check import expect
from .mailbox import crlf

EXPLAINED = Path(__file__).parents[1] / "programs"


class Suite:
    """One folder of cases. `judge` judges each, and `finish` gives the verdict."""

    def __init__(self, name, explained):
        self.name, self.list = name, EXPLAINED / explained
        self.folder = Path(os.environ["POSTROAD_CORPORA"]) / name
        expect(self.folder.is_dir(), f"{self.folder} is no folder")
        self.agreed, self.faults = set(), {}

    def judge(self, case, faults):
        """Counts a case as agreed, unless `faults` says in words what is otherwise."""
        expect(case not in self.agreed and case not in self.faults, f"{self.name}: two cases are called {case}")
        if faults:
            self.faults[case] = str(faults)
        else:
            self.agreed.add(case)

    def finish(self, at_least):
        """Prints the count; fails on a disagreement that the list does not explain, on an explanation of what agrees
        or is no case, and on fewer than `at_least` cases that agree."""
        reasons = {case: why for suite, case, why in explanations(self.list) if suite == self.name}
        explained = self.faults.keys() & reasons
        print(f"     {self.name}: {len(self.agreed)} of {len(self.agreed) + len(self.faults)} cases agree, {len(explained)} explained")
        unexplained = [f"{case}: {fault[:500]}" for case, fault in self.faults.items() if case not in reasons]
        expect(not unexplained, f"not explained in {self.list.name}:\n" + "\n".join(unexplained))
        stale = sorted(reasons.keys() - self.faults)
        expect(not stale, f"{self.list.name} explains of {self.name} what agrees or is no case: {stale}")
        expect(len(self.agreed) >= at_least, f"only {len(self.agreed)} cases agree, not {at_least}")


def explanations(file):
    """Lines `suite/case: why`, as suite, case and reason."""
    lines = [line for line in file.read_text().splitlines() if line and not line.startswith("#")]
    for line in lines:
        place, colon, why = line.partition(": ")
        expect(colon and why and "/" in place, f"{file.name}: no `suite/case: why`: {line}")
        yield *place.split("/", 1), why


def canonical(octets):
    """A message as it is sent: its lines end with CRLF; an mbox's `From ` line is none of it."""
    return crlf(re.sub(rb"\AFrom [^\n]*\n", b"", octets))
