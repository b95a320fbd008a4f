"""The harness itself: what a test run starts is there, is its own, and is gone afterwards."""

import os
import signal
import subprocess
import sys
import time

import pytest
import redis

from tests.live import ROOT
from tests.servers import private_mariadb, private_redis

pytestmark = pytest.mark.live


def is_running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_server_stops_hangs_dies_and_comes_back_on_the_same_port():
    with private_redis() as server:
        client = redis.Redis.from_url(server.url, socket_timeout=0.3, retry=None)
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
        pid = server.process.pid
    assert not is_running(pid), "a paused one is stopped as well"
    client.close()


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
    assert not server.folder.exists()


def around(code: str, **options) -> subprocess.Popen:
    """`python -m tests.servers` around a Python program that first tells its parent's children."""
    told = "import os, subprocess as s; print(s.check_output(['pgrep', '-P', str(os.getppid())], text=True).split(),"
    told += "os.environ['DATABASE_URL'], os.environ['REDIS_URL'], sep='|', flush=True);"
    command = [sys.executable, "-m", "tests.servers", "--", sys.executable, "-c", told + code]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, **options)


def test_a_command_finds_both_servers_and_its_exit_code_is_passed_on():
    process = around("raise SystemExit(7)")
    pids, database, cache = process.communicate(timeout=60)[0].strip().split("|")
    assert process.returncode == 7
    assert database.startswith("mysql://root@127.0.0.1:") and cache.startswith("redis://127.0.0.1:")
    assert len(eval(pids)) == 3 and not any(is_running(int(pid)) for pid in eval(pids))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_when_it_is_ended(number):
    process = around("import time; time.sleep(100)")
    assert process.stdout is not None
    pids = [int(pid) for pid in eval(process.stdout.readline().split("|")[0])]
    assert len(pids) == 3 and all(is_running(pid) for pid in pids)
    os.kill(process.pid, number)
    servers = [pid for pid in pids if os.path.basename(os.readlink(f"/proc/{pid}/exe")) != "python3.11"]
    if number == signal.SIGKILL:
        wait_until(lambda: not any(is_running(pid) for pid in servers))
        [os.kill(pid, signal.SIGKILL) for pid in pids if pid not in servers]
    else:
        process.wait(60)
        assert process.returncode == (143 if number == signal.SIGTERM else 130)
        assert not any(is_running(pid) for pid in pids)
    process.stdout.close()
    process.wait()


def test_a_missing_program_is_a_failure_in_one_sentence(tmp_path):
    program = "import sys, tests.servers as s; s.program = lambda name, package: s.shutil.which(name, path='/nowhere')"
    program = "import sys, tests.servers as s; s.shutil.which = lambda *a, **k: None; sys.exit(s.main(['--', 'true']))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (
        1,
        "mariadb-install-db is not installed: apt-get install mariadb-server-core\n",
    )
