"""A MariaDB and a Redis of one's own: temporary folders, free ports, loopback only, gone when we are.

with private_redis() as redis:
    redis.url, redis.stop(), redis.start(), redis.kill(), redis.pause(), redis.resume()

python -m tests.servers -- COMMAND...   runs COMMAND with DATABASE_URL and REDIS_URL of two such servers
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

START_SECONDS = 60  # on a very busy machine
STOP_SECONDS = 30


class ServerFault(Exception):
    """A server is not installed, or does not start."""


# The kernel watches the thread that started a process, not the program: one that lives as long as we do starts all.
_starter = ThreadPoolExecutor(1)


def spawn(command: Sequence[str], **options: Any) -> "subprocess.Popen[bytes]":
    """Popen for a process that gets SIGTERM when we end, even if by SIGKILL."""
    guarded = ["setpriv", "--pdeathsig", "TERM", "--", *command]
    return _starter.submit(lambda: subprocess.Popen(guarded, **options)).result()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def program(name: str) -> str:
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin:/usr/local/sbin")
    if path is None:
        raise ServerFault(f"{name} is missing: apt-get install mariadb-server-core mariadb-client redis-server caddy")
    return path


class Server:
    """One server process and its folder; after stop() or kill(), start() brings it back on the same port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

    def start(self) -> Self:
        with open(self.folder / "output.txt", "ab") as output:
            # In a session of its own, so that Ctrl-C reaches the tests and not what they still need.
            self.process = spawn(
                self.command(), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                said = (self.folder / "output.txt").read_text(errors="replace")[-2000:]
                raise ServerFault(f"{type(self).__name__} did not start:\n{said}")
            time.sleep(0.02)
        return self

    def stop(self) -> None:
        """End it as an operator would; at once if that takes too long."""
        self._signal(signal.SIGCONT)  # a paused one hears nothing else
        self._signal(signal.SIGTERM)
        try:
            if self.process:
                self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """As if the machine had lost power."""
        self._signal(signal.SIGKILL)
        if self.process:
            self.process.wait()

    def pause(self) -> None:
        """It hangs: connections are accepted and never answered."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)


class MariaDB(Server):
    @property
    def url(self) -> str:
        return f"mysql://root@127.0.0.1:{self.port}/persenaut"

    def install(self) -> None:
        command = [
            program("mariadb-install-db"), "--no-defaults", f"--datadir={self.folder / 'data'}",
            f"--tmpdir={self.folder}",
            "--auth-root-authentication-method=normal", "--skip-test-db", "--force", *self._user(),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise ServerFault(f"mariadb-install-db failed:\n{done.stdout[-1000:]}{done.stderr[-1000:]}")

    def command(self) -> list[str]:
        return [
            program("mariadbd"), "--no-defaults", *self._user(),
            f"--datadir={self.folder / 'data'}", f"--tmpdir={self.folder}", f"--socket={self.folder / 's'}",
            f"--pid-file={self.folder / 'pid'}", f"--port={self.port}", "--bind-address=127.0.0.1",
            "--skip-name-resolve", "--character-set-server=utf8mb4", "--collation-server=utf8mb4_bin",
            "--max-connections=400", "--innodb-log-file-size=32M",
            "--innodb-flush-log-at-trx-commit=0",  # nothing here has to outlive the machine
        ]  # fmt: skip

    def answers(self) -> bool:
        import MySQLdb  # type: ignore[import-untyped]  # mysqlclient has no stubs

        try:
            connection = MySQLdb.connect(host="127.0.0.1", port=self.port, user="root", connect_timeout=2)
        except MySQLdb.OperationalError:
            return False
        connection.cursor().execute("CREATE DATABASE IF NOT EXISTS persenaut CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
        connection.close()
        return True

    def _user(self) -> list[str]:
        return ["--user=root"] if os.geteuid() == 0 else []


class Redis(Server):
    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        return [
            program("redis-server"), "--port", str(self.port), "--bind", "127.0.0.1",
            "--save", "", "--appendonly", "no", "--dir", str(self.folder), "--databases", "256",
        ]  # fmt: skip

    def answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        return False


class DurableMariaDB(MariaDB):
    """One that is to be killed: a commit is on the disk before it is acknowledged, as in production."""

    def command(self) -> list[str]:
        return [*super().command(), "--innodb-flush-log-at-trx-commit=1"]


@contextlib.contextmanager
def private_mariadb(kind: type[MariaDB] = MariaDB) -> Iterator[MariaDB]:
    """A running MariaDB with an empty database `persenaut`; root has no password."""
    with _folder() as folder:
        server = kind(folder)
        server.install()
        with _running(server):
            yield server


@contextlib.contextmanager
def private_redis() -> Iterator[Redis]:
    """A running Redis that keeps nothing on disk."""
    with _folder() as folder, _running(server := Redis(folder)):
        yield server


@contextlib.contextmanager
def _running(server: Server) -> Iterator[None]:
    try:
        server.start()
        yield
    finally:
        server.stop()


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="persenaut-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextlib.contextmanager
def ended_politely() -> Iterator[None]:
    """SIGTERM unwinds us as an exception does, so that what was started is stopped."""

    def unwind(number: int, frame: Any) -> None:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, unwind)
    # A shell starts what runs in its background deaf to it.
    interrupt_before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, interrupt_before)
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def ending_with_us(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Around the waiting for a process in our terminal: when we are ended first, so is it."""
    try:
        yield
    except KeyboardInterrupt:
        if sys.stdin.isatty():  # Ctrl-C went to both of us
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
        raise
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)  # at which pytest, unlike at SIGTERM, takes down what it put up
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
            process.kill()
            process.wait()


def run(command: Sequence[str], env: dict[str, str]) -> int:
    """Run a command in our terminal; its exit code as a shell has it."""
    process = subprocess.Popen(command, env=env)
    with ending_with_us(process):
        code = process.wait()
    return code if code >= 0 else 128 - code


def main(arguments: list[str]) -> int:
    if len(arguments) < 2 or arguments[0] != "--":
        sys.stderr.write("usage: python -m tests.servers -- COMMAND...\n")
        return 2
    try:
        with ended_politely(), private_mariadb() as database, private_redis() as redis:
            return run(arguments[1:], os.environ | {"DATABASE_URL": database.url, "REDIS_URL": redis.url})
    except ServerFault as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
