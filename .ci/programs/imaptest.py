"""ImapTest's scripted tests (POSTROAD_CORPORA's `imaptest`).

Dovecot 2.3 passes all that are not in its folder `broken`, and that need neither CONTEXT=SORT nor URLAUTH.
"""

from pathlib import Path

from harness import check
from harness.scripts import judge

CONFIG = {"auth": {"cleartext": "loopback"}}
AT_LEAST = 28
# Extensions that are not built: a script that needs one is skipped.
NOT_BUILT = {"CONTEXT=SEARCH", "CONTEXT=SORT", "URLAUTH"}


@check(f"at least {AT_LEAST} of its scripts pass, and none fails unexplained")
def scripts(server):
    judge(server, "imaptest", "imaptest", accounts=[server.user(), server.user()], at_least=AT_LEAST,
          explained=Path(__file__).with_name("imaptest-disagreements.txt"), not_built=NOT_BUILT)
