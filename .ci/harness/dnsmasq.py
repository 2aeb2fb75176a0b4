"""A DNS server on the loopback that knows what a check tells it: dnsmasq."""

import socket
import struct
import subprocess
import time

from .check import expect


class Dnsmasq:
    """Answers for each domain of `hosts` with one MX, whose one address is given there."""

    def __init__(self, port, hosts):
        self.port = port
        self.command = [
            "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--pid-file=", "--log-facility=-",
            "--no-resolv", "--no-hosts", "--listen-address=127.0.0.1", "--bind-interfaces", f"--port={port}",
            "--local-ttl=300", "--local=/example/",
        ]
        for domain, address in hosts.items():
            self.command += [f"--mx-host={domain},mx.{domain},10", f"--host-record=mx.{domain},{address}"]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while not self.answers():
            expect(self.process.poll() is None, f"dnsmasq ended with {self.process.returncode}")
            expect(time.monotonic() < deadline, "after 10 s dnsmasq does not answer")
        return self

    def answers(self):
        question = struct.pack(">6H", 7, 0x100, 1, 0, 0, 0) + b"\7example\0" + struct.pack(">2H", 1, 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(0.1)
            client.connect(("127.0.0.1", self.port))
            try:
                client.send(question)
                return client.recv(512)[:2] == question[:2]
            except OSError:
                time.sleep(0.02)
                return False

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
