"""Runs stages and commands, prints what each came to, and counts."""

import os
import signal
import subprocess
import threading
import time


class Report:
    """The tally of a run of the gate, and the means by which stages add to it."""

    def __init__(self, root):
        self.root, self.passed, self.failed, self.stages = root, 0, 0, []
        self.target = root / "target"
        if folder := os.environ.get("CARGO_TARGET_DIR"):
            self.target = root / folder

    def stage(self, name, action):
        """Runs a stage; says whether nothing in it failed."""
        print(f"== {name}", flush=True)
        started, failed_before = time.monotonic(), self.failed
        try:
            action(self)
        except Exception as error:
            self.fail(name, f"{type(error).__name__}: {error}")
        good = self.failed == failed_before
        outcome = f"{'passed' if good else 'FAILED'} in {time.monotonic() - started:.0f} s"
        self.stages.append(f"{name:14}{outcome}")
        print(f"== {name}: {outcome}\n", flush=True)
        return good

    def pass_(self, what, seconds=None):
        self.passed += 1
        print(f"ok   {what}" + (f" ({seconds:.1f} s)" if seconds is not None else ""), flush=True)

    def fail(self, what, why):
        self.failed += 1
        print(f"FAIL {what}", flush=True)
        print("\n".join("     | " + line for line in str(why).rstrip().splitlines()), flush=True)

    def judge(self, what, faults):
        """Passes if there are no `faults`, else fails and lists them."""
        faults = list(faults)
        if faults:
            shown = faults[:40] + ([f"and {len(faults) - 40} more"] if len(faults) > 40 else [])
            self.fail(what, "\n".join(map(str, shown)))
        else:
            self.pass_(what)

    def command(self, what, *command, timeout, show=False, accept=lambda status, output: status == 0, tail=80, **env):
        """Runs a command as one check, and returns its output; `show` prints it as it comes."""
        started = time.monotonic()
        status, output = self.run(*command, timeout=timeout, show=show, **env)
        if accept(status, output):
            self.pass_(what, time.monotonic() - started)
        else:
            said = "" if show else "\n".join(output.splitlines()[-tail:])
            self.fail(what, f"{' '.join(map(str, command))} ended with {status}\n{said}")
        return output

    def run(self, *command, timeout, show=False, **env):
        """Runs a command with a time limit; returns its status and what it printed."""
        child = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, cwd=self.root, env={**os.environ, **env}, text=True,
            errors="replace", start_new_session=True)
        watchdog = Watchdog(child, timeout)
        lines = []
        for line in child.stdout:
            lines.append(line)
            if show:
                print("     " + line, end="", flush=True)
        status = child.wait()
        return watchdog.stop() or status, "".join(lines)


class Watchdog:
    """Ends a child and all that it started when its time is up."""

    def __init__(self, child, timeout):
        self.expired = None
        self.timer = threading.Timer(timeout, self.bark, (child, timeout))
        self.timer.daemon = True
        self.timer.start()

    def bark(self, child, timeout):
        self.expired = f"a time-out after {timeout} s"
        os.killpg(child.pid, signal.SIGKILL)

    def stop(self):
        self.timer.cancel()
        return self.expired
