"""The database over TLS, as DATABASE_CA_CERTS promises it: encrypted, by the right server, or not at all."""

import os
import subprocess
import sys

import pytest
from django.db import connection

from tests.certificates import make_certificates
from tests.live import ROOT
from tests.servers import MariaDB

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(connection.vendor != "mysql", reason="about MySQL and MariaDB"),
]

CIPHER = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
    print(cursor.fetchone()[1] or "in clear")
"""


class TlsMariaDB(MariaDB):
    """Speaks TLS to whoever wants it, with a certificate of a CA of its own."""

    def install(self) -> None:
        make_certificates(self.folder)
        super().install()

    def command(self) -> list[str]:
        files = {"cert": "server.crt", "key": "server.key", "ca": "ca.crt"}
        return [*super().command(), *(f"--ssl-{name}={self.folder / file}" for name, file in files.items())]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = TlsMariaDB(tmp_path_factory.mktemp("tls"))
    server.install()
    server.start()
    yield server
    server.stop()


def asked(server, **env):
    """What a command says of its connection to the server."""
    command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", CIPHER]
    env = os.environ | {"DATABASE_URL": server.url} | env
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)


def test_with_its_authority_the_connection_is_encrypted(server):
    said = asked(server, DATABASE_CA_CERTS=str(server.folder / "ca.crt"))
    assert said.returncode == 0, said.stderr[-500:]
    assert said.stdout.split()[-1].startswith("TLS_")


def test_with_another_nothing_is_said_to_it(server):
    said = asked(server, DATABASE_CA_CERTS=str(server.folder / "other.crt"))
    assert said.returncode != 0
    assert "2026" in said.stderr  # the client's own: the TLS connection could not be made


def test_without_one_it_is_in_clear_which_is_why_a_check_warns(server):
    assert asked(server).stdout.strip().endswith("in clear")
