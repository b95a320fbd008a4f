"""The harness itself: what a test run starts is there, is its own, and is gone afterwards."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from urllib.parse import urlsplit

import pytest
import redis

from tests.live import ROOT
from tests.servers import private_mariadb, private_redis

pytestmark = [pytest.mark.live, pytest.mark.once]

TELL = "from os import environ, getpid; from json import dumps;"
TELL += "print(dumps([getpid(), environ['DATABASE_URL'], environ['REDIS_URL']]), flush=True);"


def listens(url: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", urlsplit(url).port)) == 0


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def with_servers(code: str, **env: str) -> subprocess.Popen:
    """A Python program between servers, that begins by telling its process id and their URLs."""
    command = [sys.executable, "-m", "tests.servers", "--", sys.executable, "-c", TELL + code]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE}
    return subprocess.Popen(command, cwd=ROOT, env=os.environ | env, text=True, **pipes)


def test_redis_hangs_dies_stops_and_comes_back_where_it_was():
    with private_redis() as server, redis.Redis.from_url(server.url, socket_timeout=0.3, retry=None) as client:
        assert client.ping()
        server.pause()
        with pytest.raises(redis.TimeoutError):
            client.ping()
        server.resume()
        assert client.ping()
        for end in (server.kill, server.stop):
            end()
            with pytest.raises(redis.ConnectionError):
                client.ping()
            server.start()
            assert client.ping()
        server.pause()
    assert not listens(server.url), "a paused one is stopped as well"
    assert not server.folder.exists()


def test_mariadb_keeps_its_data_over_a_crash():
    import MySQLdb

    def ask(sql):
        connection = MySQLdb.connect(host="127.0.0.1", port=server.port, user="root", db="persenaut", autocommit=True)
        cursor = connection.cursor()
        cursor.execute(sql)
        rows = cursor.fetchall()
        connection.close()
        return rows

    with private_mariadb() as server:
        assert ask("SELECT @@collation_database") == (("utf8mb4_bin",),)
        ask("CREATE TABLE t (n INT)")
        ask("INSERT INTO t VALUES (1)")
        time.sleep(1.5)  # the log is written once a second
        server.kill()
        server.start()
        assert ask("SELECT n FROM t") == ((1,),)
    assert not listens(server.url)
    assert not server.folder.exists()


def test_a_command_finds_both_and_its_exit_code_is_passed_on():
    with with_servers("raise SystemExit(7)") as process:
        _pid, *urls = json.loads(process.stdout.read())
    assert process.returncode == 7
    assert [urlsplit(url).scheme for url in urls] == ["mysql", "redis"]
    assert not any(map(listens, urls))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_the_command_and_its_servers_end_with_us(number, code):
    with with_servers("import time; time.sleep(100)") as process:
        pid, *urls = json.loads(process.stdout.readline())
        assert all(map(listens, urls))
        process.send_signal(number)
    assert process.returncode == code
    assert not is_running(pid)
    assert not any(map(listens, urls))


def test_the_servers_end_even_when_we_are_killed(tmp_path):
    with with_servers("import time; time.sleep(100)", TMPDIR=str(tmp_path)) as process:
        pid, *urls = json.loads(process.stdout.readline())
        process.kill()
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + 20
    while any(map(listens, urls)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(listens, urls))


def test_a_missing_program_is_a_failure_in_one_sentence():
    code = "import sys, tests.servers as s; s.shutil.which = lambda *a, **k: None; sys.exit(s.main(['--', 'true']))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("mariadb-install-db is missing: apt-get install ")
    assert len(done.stderr.splitlines()) == 1
