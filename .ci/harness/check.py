"""Checks: functions that say in their title what they make sure of, and run one after another."""

import inspect
import shutil
import time
import traceback


class Failure(Exception):
    """What a check found wrong, in words."""


def expect(condition, what):
    """Fails the check unless `condition` holds; `what` says what was expected and what came."""
    if not condition:
        raise Failure(what)


def need(*programs):
    """Fails unless every one of `programs` is installed: no check is skipped."""
    for program in programs:
        expect(shutil.which(program), f"the program {program} is not installed")


def wait_for(condition, what, seconds=30):
    """Asks `condition` until it holds, and returns what it then gave; after so many seconds it fails
    with `what`, in words or a function that says it then."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() >= deadline:
            raise Failure(f"{seconds} s have not been enough: {what() if callable(what) else what}")
        time.sleep(0.03)
    return found


def check(title, cases=((),)):
    """Marks a function as a check. With `cases`, it is one check for each: the values fill the
    function's last parameters, and the `{}` of the title."""

    def mark(function):
        function.check_title, function.check_cases = title, list(cases)
        return function

    return mark


def run_module(module, start_server):
    """Runs every check of `module`; returns how many passed and how many failed.

    A check whose first parameter is `server` gets the one that the module shares, with the
    module's `CONFIG`; it is started for the first of them, by the module's own `start_server`, if
    it has one.
    """
    functions = [f for f in vars(module).values() if hasattr(f, "check_title") and f.__module__ == module.__name__]
    shared = Shared(getattr(module, "start_server", start_server), getattr(module, "CONFIG", {}))
    tally = Tally(module.__name__.rpartition(".")[2])
    try:
        for function in functions:
            wants_server = next(iter(inspect.signature(function).parameters), None) == "server"
            for case in function.check_cases:
                case = case if isinstance(case, tuple) else (case,)
                tally.judge(
                    function.check_title.format(*case),
                    lambda: function(*([shared.server()] if wants_server else []), *case),
                    shared.news,
                )
    finally:
        if shared.running:
            tally.judge("the server ends cleanly at SIGTERM, and never panicked", shared.finish, shared.news)
    return tally.passed, tally.failed


class Shared:
    """The server that the checks of a module share."""

    def __init__(self, start_server, config):
        self.start_server, self.config, self.running = start_server, config, None

    def server(self):
        if self.running is None:
            self.running = self.start_server(**self.config)
        return self.running

    def news(self):
        return self.running.news() if self.running else ""

    def finish(self):
        self.running.close()


class Tally:
    """Counts and prints the checks of one module."""

    def __init__(self, name):
        self.name, self.passed, self.failed = name, 0, 0

    def judge(self, title, action, news):
        started = time.monotonic()
        news()
        try:
            action()
        except Exception as error:
            self.failed += 1
            said = str(error) if isinstance(error, Failure) else traceback.format_exc()
            print(f"FAIL {self.name}: {title} ({time.monotonic() - started:.1f} s)\n{indented(said)}")
            if log := news():
                print(indented("the server's log:\n" + log[-3000:]))
        else:
            self.passed += 1
            print(f"ok   {self.name}: {title} ({time.monotonic() - started:.1f} s)", flush=True)


def indented(text):
    return "\n".join("     | " + line[:400] for line in text.rstrip().splitlines()[-60:])
