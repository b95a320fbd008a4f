"""Certificates for servers of tests, made by openssl."""

import subprocess
from pathlib import Path


def make_certificates(folder: Path) -> None:
    """Put into the folder an authority (ca.crt), a certificate of its for 127.0.0.1 (server.crt, server.key), and
    another authority that has signed nothing (other.crt)."""
    (folder / "san.cnf").write_text("subjectAltName=IP:127.0.0.1\n")
    for command in (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test-ca -keyout ca.key -out ca.crt",
        "openssl req -newkey rsa:2048 -nodes -subj /CN=127.0.0.1 -keyout server.key -out server.csr",
        "openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out server.crt"
        " -extfile san.cnf",
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other-ca -keyout other.key -out other.crt",
    ):
        subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
