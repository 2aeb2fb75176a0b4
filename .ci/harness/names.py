"""A DNS server on the loopback, NSD, which knows one zone: `example`."""

import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
from pathlib import Path

from .check import expect, need, wait_for

ZONE = "example"
PORT = 53

CONFIGURATION = """server:
    ip-address: {address}
    port: {port}
    do-ip6: no
    server-count: 1
    username: ""
    chroot: ""
    database: ""
    zonesdir: "{folder}"
    zonelistfile: "{folder}/zone.list"
    xfrdfile: "{folder}/xfrd.state"
    xfrdir: "{folder}"
    pidfile: "{folder}/pid"
    logfile: "{folder}/log"
    cookie-secret-file: ""
remote-control:
    control-enable: no
zone:
    name: {zone}
    zonefile: zone
"""


class Names:
    """The server. Records are lines of its zone's master file, such as `a MX 10 mail.a`.

    It listens on port 53, as the C library demands; `address` is its own.
    """

    def __init__(self, *records):
        need("nsd")
        self.folder = Path(tempfile.mkdtemp(prefix="names-"))
        self.address = free_address(PORT)
        self.serial, self.records, self.process = 0, list(records), None
        self.file = self.folder / "nsd.conf"
        self.file.write_text(CONFIGURATION.format(address=self.address, port=PORT, folder=self.folder, zone=ZONE))

    @property
    def server(self):
        """Where it is asked: `ip:port`."""
        return f"{self.address}:{PORT}"

    def start(self):
        self.write()
        with open(self.folder / "output", "wb") as output:
            self.process = subprocess.Popen(["nsd", "-d", "-c", self.file], stdin=subprocess.DEVNULL,
                                            stdout=output, stderr=output)
        self.wait()
        return self

    def add(self, *records):
        """Adds records and waits until they are served."""
        self.records += records
        self.reload()

    def replace(self, record, *records):
        self.records.remove(record)
        self.add(*records)

    def reload(self):
        self.write()
        self.process.send_signal(signal.SIGHUP)
        self.wait()

    def write(self):
        """Writes the zone, as a version of its own. Nothing is to be kept for long."""
        self.serial += 1
        head = [f"$ORIGIN {ZONE}.", "$TTL 1", f"@ SOA ns hostmaster {self.serial} 3600 600 86400 1", "@ NS ns", f"ns A {self.address}"]
        (self.folder / "zone.new").write_text("\n".join(head + self.records) + "\n")
        os.replace(self.folder / "zone.new", self.folder / "zone")

    def wait(self):
        """Waits until the zone is served as it was written last."""
        def served():
            expect(self.process.poll() is None, f"NSD ended with {self.process.returncode}:\n{self.log()}")
            return self.served_serial() == self.serial

        wait_for(served, lambda: f"NSD does not serve version {self.serial} of the zone:\n{self.log()}")

    def served_serial(self):
        """The serial number of the zone, by a question of our own (RFC 1035 §4.1); none, if there is no answer."""
        name = b"".join(bytes([len(label)]) + label.encode() for label in ZONE.split(".")) + b"\0"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
            asker.settimeout(0.2)
            try:
                asker.connect((self.address, PORT))
                asker.send(struct.pack("!6H", 1, 0, 1, 0, 0, 0) + name + struct.pack("!2H", 6, 1))
                answer = asker.recv(512)
            except OSError:
                return None
        # The serial stands before the times that `write` gives.
        behind = struct.pack("!4I", 3600, 600, 86400, 1)
        place = answer.find(behind)
        return struct.unpack("!I", answer[place - 4:place])[0] if place > 4 else None

    def log(self):
        return "".join((self.folder / name).read_text(errors="replace")
                       for name in ("output", "log") if (self.folder / name).exists())[-3000:]

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()


def free_address(port):
    """An address of the loopback where nothing listens on `port`."""
    for _ in range(100):
        address = "127.%d.%d.%d" % tuple(1 + octet % 254 for octet in os.urandom(3))
        try:
            for kind in socket.SOCK_DGRAM, socket.SOCK_STREAM:
                with socket.socket(socket.AF_INET, kind) as tried:
                    tried.bind((address, port))
            return address
        except OSError as error:
            last = error
    raise last
