"""What every real-program check needs: a server of its own, mail to send, and eyes to read it back."""

from .check import Failure, check, expect, need, run_module, wait_for
from .mail import octets, samples
from .mailbox import Mailbox, maildir_messages
from .process import Ended, run, run_in_terminal
from .server import Account, Postroad, free_ports

__all__ = [
    "Account", "Ended", "Failure", "Mailbox", "Postroad", "check", "expect", "free_ports",
    "maildir_messages", "need", "octets", "run", "run_in_terminal", "run_module", "samples", "wait_for",
]
