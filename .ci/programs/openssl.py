"""openssl s_client: TLS 1.2 and 1.3 on every port, nothing older, and nothing injected before it."""

import socket

from harness import check, expect, need, run

DOORS = {
    "submissions": [], "imaps": [], "pop3s": [],
    "smtp": ["-starttls", "smtp"], "submission": ["-starttls", "smtp"], "imap": ["-starttls", "imap"], "pop3": ["-starttls", "pop3"],
}
BYE = {"imap": b"a LOGOUT\r\n", "imaps": b"a LOGOUT\r\n"}


def s_client(server, door, *words, status=0):
    need("openssl")
    return run("openssl", "s_client", "-connect", f"localhost:{server.port[door]}", "-servername", "localhost",
               "-CAfile", server.certificate, "-verify_return_error", "-verify_hostname", "localhost", "-crlf", "-brief",
               *DOORS[door], *words, input=BYE.get(door, b"QUIT\n"), status=status, timeout=20)


@check("{} with TLS {}", [(door, version) for door in DOORS for version in ("1.2", "1.3")])
def speaks_tls(server, door, version):
    ended = s_client(server, door, f"-tls{version.replace('.', '_')}")
    expect(f"Protocol version: TLSv{version}" in ended.text and "Verification: OK" in ended.text, f"{ended}")


@check("{} refuses TLS 1.1", ["submissions", "imaps", "pop3s"])
def refuses_old_tls(server, door):
    s_client(server, door, "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0", status=1)


@check("what is sent behind {} in the clear is never obeyed", [("smtp", b"STARTTLS"), ("imap", b"a STARTTLS"), ("pop3", b"STLS")])
def refuses_injection(server, door, command):
    with socket.create_connection(("127.0.0.1", server.port[door]), 10) as connection:
        stream = connection.makefile("rb")
        stream.readline()
        connection.sendall(command + b"\r\n" + {"smtp": b"NOOP", "imap": b"b NOOP", "pop3": b"CAPA"}[door] + b"\r\n")
        said = stream.read()
    expect(b"b OK" not in said and b"250 " not in said and b"IMPLEMENTATION" not in said, f"{said}")
    expect({"smtp": b"554 ", "imap": b"BAD", "pop3": b"-ERR"}[door] in said, f"{said}")
