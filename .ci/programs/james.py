"""The dialogues of Apache James' MPT (POSTROAD_CORPORA's `james-mpt-imap`).

Of the 56 that it announces everything for (but for CONDSTORE, whose HIGHESTMODSEQ it does not say unasked), Dovecot 2.3
goes with 32. The others hold James' own views, as `james-disagreements.txt` says of Postroad.
"""

from pathlib import Path

from harness import check
from harness.scripts import judge

CONFIG = {"auth": {"cleartext": "loopback"}, "limits": {"failed_login_delay": 0}}
AT_LEAST = 38
ACCOUNTS = 90
# Extensions that are not built: a dialogue that needs one is skipped.
NOT_BUILT = {"XLIST"}
NEEDLESS = ("by James' own interface, under names of its own",)


@check(f"at least {AT_LEAST} of its dialogues go as written, and none goes otherwise unexplained")
def dialogues(server):
    accounts = [server.user() for _ in range(ACCOUNTS)]
    judge(server, "james", "james-mpt-imap", accounts=accounts, at_least=AT_LEAST,
          explained=Path(__file__).with_name("james-disagreements.txt"), not_built=NOT_BUILT, needless=NEEDLESS)
