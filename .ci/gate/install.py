"""Installs what the checks drive. Nothing that is installed is started."""

import os
import shutil
from pathlib import Path

PACKAGES = """
    gcc libc6-dev ca-certificates iproute2 util-linux openssl python3-venv valgrind
    swaks libio-socket-ssl-perl libnet-ssleay-perl libauthen-sasl-perl libdigest-hmac-perl libsocket6-perl
    msmtp mpop curl postfix isync offlineimap3 mutt neomutt fetchmail getmail6 gsasl dnsmasq-base nsd
    dovecot-core dovecot-imapd dovecot-lmtpd dovecot-pop3d imapfilter
""".split()
PYTHON_PACKAGES = ["aiosmtpd==1.4.6", "IMAPClient==4.1.0", "flufl.bounce==6.0.0", "aioimaplib==2.0.3"]
# Unless there is a Node with its npm already, from elsewhere: they exclude Debian's.
NODE = ["nodejs", "npm"]
NODE_PACKAGES = ["imapflow@1.0.188"]
POLICY = Path("/usr/sbin/policy-rc.d")


def install(report):
    root = os.geteuid() == 0
    report.judge("the gate runs as root, which apt and the full disk's mount need", [] if root else ["it does not"])
    if not root:
        return
    with NothingStarts():
        report.command("apt-get update", "apt-get", "update", "-q", timeout=300)
        report.run("sh", "-c", "echo postfix postfix/main_mailer_type select No configuration | debconf-set-selections", timeout=60)
        report.command(f"apt-get install {len(PACKAGES)} packages", "apt-get", "install", "-y", "-q", "--no-install-recommends",
                       *PACKAGES, *([] if shutil.which("npm") else NODE), timeout=900)
    tools = python_tools(report)
    if not (tools / "bin" / "python").exists():
        report.command("a Python environment", "python3", "-m", "venv", tools, timeout=120)
    report.command(f"pip install {' '.join(PYTHON_PACKAGES)}", tools / "bin" / "pip", "install", "-q", *PYTHON_PACKAGES, timeout=300)
    node_tools(report).mkdir(parents=True, exist_ok=True)
    report.command(f"npm install {' '.join(NODE_PACKAGES)}", "npm", "install", "--prefix", node_tools(report), "--no-audit", "--no-fund",
                   *NODE_PACKAGES, timeout=300)


def python_tools(report):
    return report.target / "gate" / "python"


def node_tools(report):
    return report.target / "gate" / "node"


class NothingStarts:
    """While this lasts, packages do not start their services (policy-rc.d answers 101)."""

    def __enter__(self):
        self.ours = not POLICY.exists()
        if self.ours:
            POLICY.write_text("#!/bin/sh\nexit 101\n")
            POLICY.chmod(0o755)

    def __exit__(self, *_):
        if self.ours:
            POLICY.unlink()
