"""Runs a program with a time limit, and says all about it when it fails."""

import os
import pty
import signal
import subprocess
import threading
from dataclasses import dataclass

from .check import Failure


@dataclass
class Ended:
    """How a program ended."""

    command: list
    status: int
    out: bytes
    err: bytes

    @property
    def text(self):
        return (self.out + self.err).decode(errors="replace")

    def __str__(self):
        return f"{' '.join(map(str, self.command))}\nended with {self.status}, having said:\n{self.text[-4000:]}"


def run(*command, input=b"", status=0, timeout=60, folder=None, env=None):
    """Runs `command` to its end and returns it. Another status than `status` (None: any), or more
    seconds than `timeout`, is a failure. Whatever it started is ended with it."""
    command = [str(word) for word in command]
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        cwd=folder, env={**os.environ, **(env or {})}, start_new_session=True,
    )
    try:
        out, err = child.communicate(input, timeout)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        out, err = child.communicate()
        raise Failure(f"{Ended(command, 'a time-out', out, err)}") from None
    ended = Ended(command, child.returncode, out, err)
    if status is not None and ended.status != status:
        raise Failure(f"expected status {status}: {ended}")
    return ended


def run_in_terminal(*command, status=0, timeout=60, env=None):
    """Runs `command` as `run` does, but on a terminal: some programs work only there."""
    command = [str(word) for word in command]
    ours, theirs = pty.openpty()
    child = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs,
                             env={**os.environ, "TERM": "xterm", **(env or {})}, start_new_session=True)
    os.close(theirs)
    shown = []
    reader = threading.Thread(target=read_terminal, args=(ours, shown), daemon=True)
    reader.start()
    try:
        child.wait(timeout)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        raise Failure(f"{Ended(command, 'a time-out', b''.join(shown), b'')}") from None
    reader.join(5)
    os.close(ours)
    ended = Ended(command, child.returncode, b"".join(shown), b"")
    if status is not None and ended.status != status:
        raise Failure(f"expected status {status}: {ended}")
    return ended


def read_terminal(terminal, shown):
    try:
        while octets := os.read(terminal, 4096):
            shown.append(octets)
    except OSError:
        pass
