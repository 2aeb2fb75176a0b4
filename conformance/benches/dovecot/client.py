"""Clients that are not the bottleneck: commands are encoded beforehand, answers are read in large pieces and not taken apart."""

import socket

PIECE, BATCH = 1 << 20, 50


class Imap:
    """A session that is logged in."""

    def __init__(self, server, user):
        self.socket = socket.create_connection(("127.0.0.1", server.imap), 60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(600)
        self.number = 0
        self.socket.recv(PIECE)
        self.run(f"LOGIN {server.login(user)} pass")

    def run(self, *commands):
        """Sends commands at once and waits for the answer to the last; returns how many octets came."""
        octets = bytearray()
        for command in commands:
            self.number += 1
            octets += b"t%d %s\r\n" % (self.number, command.encode() if isinstance(command, str) else command)
        self.socket.sendall(octets)
        return self.read_until(b"t%d " % self.number)

    def run_all(self, commands):
        """Any number of commands, so many at once that neither side waits for the other for ever."""
        return sum(self.run(*commands[start:start + BATCH]) for start in range(0, len(commands), BATCH))

    def read_until(self, tag):
        end, count = b"", 0
        while True:
            piece = self.socket.recv(PIECE)
            if not piece:
                raise SystemExit("the server closed the connection")
            count += len(piece)
            end = (end + piece)[-4096:]
            line = b"\r\n" + end
            at = line.rfind(b"\r\n" + tag)
            if at >= 0 and line.endswith(b"\r\n"):
                if not line[at + 2 + len(tag):].startswith(b"OK"):
                    raise SystemExit(f"{line[at:at + 200]}")
                return count

    def idle(self):
        self.socket.sendall(b"i IDLE\r\n")
        while b"+ " not in self.socket.recv(PIECE):
            pass

    def close(self):
        self.socket.close()


class Pop3:
    """A session that is logged in."""

    def __init__(self, server, user):
        self.socket = socket.create_connection(("127.0.0.1", server.pop3), 60)
        self.socket.settimeout(600)
        self.socket.recv(PIECE)
        for command in f"USER {server.login(user)}", "PASS pass":
            self.socket.sendall(command.encode() + b"\r\n")
            if not self.socket.recv(PIECE).startswith(b"+OK"):
                raise SystemExit(f"{command} was refused")

    def retrieve(self, count):
        """Messages 1 to `count`, 20 asked for at once; the ends of messages are counted."""
        for start in range(1, count + 1, 20):
            numbers = range(start, min(count, start + 19) + 1)
            self.socket.sendall(b"".join(b"RETR %d\r\n" % number for number in numbers))
            ends, tail = 0, b""
            while ends < len(numbers):
                piece = tail + self.socket.recv(PIECE)
                ends += piece.count(b"\r\n.\r\n")
                tail = piece[-4:] if not piece.endswith(b"\r\n.\r\n") else b""

    def close(self):
        self.socket.sendall(b"QUIT\r\n")
        self.socket.recv(PIECE)
        self.socket.close()
