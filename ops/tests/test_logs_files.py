"""Dated files: which line goes where, what becomes of old files, and that nothing is lost on the way."""

import gzip
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ops.logs.handlers import DAY, DatedFileHandler
from ops.logs.lines import JsonFormatter

NOON = 1795521600.0  # 2026-11-24T12:00:00Z
MIDNIGHT = NOON + DAY / 2
TODAY = "2026-11-24"

MakeHandler = Callable[..., DatedFileHandler]


@pytest.fixture
def make_handler(tmp_path: Path) -> Iterator[MakeHandler]:
    """Handlers on the same files, as if each were another process; their clock stands at noon."""
    made: list[DatedFileHandler] = []

    def make(**options: object) -> DatedFileHandler:
        defaults = {"keep_days": 14, "gzip_delay": 3600.0, "clock": lambda: NOON}
        handler = DatedFileHandler(tmp_path, "combined", **(defaults | options))  # type: ignore[arg-type]
        handler.setFormatter(JsonFormatter(service="test", environment="test"))
        made.append(handler)
        return handler

    yield make
    for handler in made:
        handler.close()


def write(handler: logging.Handler, message: str, created: float = NOON, **extra: object) -> None:
    facts = {"name": "test", "levelno": logging.INFO, "msg": message, "created": created}
    handler.handle(logging.makeLogRecord({**facts, **extra}))


def lines_of(path: Path) -> list[bytes]:
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines(keepends=True)


def messages(path: Path) -> list[str]:
    return [json.loads(line)["message"] for line in lines_of(path)]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_active_file_carries_the_date_of_the_record(make_handler, tmp_path):
    handler = make_handler()
    write(handler, "last", MIDNIGHT - 0.0001)
    write(handler, "first", MIDNIGHT)
    write(handler, "late", MIDNIGHT - 0.0001)  # a slow thread
    assert names(tmp_path) == ["combined-2026-11-24.log", "combined-2026-11-25.log"]
    assert messages(tmp_path / "combined-2026-11-24.log") == ["last", "late"]
    assert messages(tmp_path / "combined-2026-11-25.log") == ["first"]


def test_a_full_part_is_followed_by_a_numbered_one(make_handler, tmp_path):
    one, other = make_handler(max_bytes=300), make_handler(max_bytes=300)
    for number in range(12):
        write(one, f"one {number}")
        write(other, f"other {number}")
    parts = [f"combined-{TODAY}{part}.log" for part in ("", ".1", ".2")]
    assert set(parts) <= set(names(tmp_path))
    assert sum(len(lines_of(path)) for path in tmp_path.iterdir()) == 24
    assert all((tmp_path / part).stat().st_size >= 300 for part in parts)


def test_a_restarted_process_goes_on_in_the_same_part(make_handler, tmp_path):
    write(make_handler(max_bytes=300), "x" * 300)
    write(make_handler(max_bytes=300), "before")
    write(make_handler(max_bytes=300), "after")
    assert messages(tmp_path / f"combined-{TODAY}.1.log") == ["before", "after"]


def test_only_finished_parts_are_compressed(make_handler, tmp_path):
    handler = make_handler(max_bytes=300)
    write(handler, "yesterday", NOON - DAY)
    write(handler, "x" * 300)
    write(handler, "active")
    write(handler, "tomorrow", NOON + DAY)  # clocks do go back
    handler.sweep()
    assert names(tmp_path) == [
        "combined-2026-11-23.log.gz",
        "combined-2026-11-24.1.log",
        "combined-2026-11-24.log.gz",
        "combined-2026-11-25.log",
    ]
    assert messages(tmp_path / "combined-2026-11-23.log.gz") == ["yesterday"]


def test_a_straggler_of_a_compressed_day_begins_another_part(make_handler, tmp_path):
    idle, busy = make_handler(), make_handler()
    write(idle, "one", NOON - DAY)
    busy.sweep()
    write(idle, "straggler", NOON - DAY)
    write(busy, "another", NOON - DAY)
    assert messages(tmp_path / "combined-2026-11-23.log.gz") == ["one"]
    assert messages(tmp_path / "combined-2026-11-23.1.log") == ["straggler", "another"]


def test_compression_follows_by_itself(make_handler, tmp_path):
    handler = make_handler(gzip_delay=0.01)
    write(handler, "yesterday", NOON - DAY)
    write(handler, "today")
    deadline = time.monotonic() + 5
    while not (tmp_path / "combined-2026-11-23.log.gz").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert messages(tmp_path / "combined-2026-11-23.log.gz") == ["yesterday"]


def test_the_compressor_waits_for_a_line_that_is_being_written(make_handler, tmp_path, monkeypatch):
    slow, sweeper = make_handler(), make_handler()
    write(slow, "before", NOON - DAY)
    checked, go_on = threading.Event(), threading.Event()
    real_write = os.write

    def slow_write(fd: int, data: bytes) -> int:
        checked.set()
        go_on.wait(10)
        return real_write(fd, data)

    monkeypatch.setattr(os, "write", slow_write)
    writing = threading.Thread(target=write, args=(slow, "in between", NOON - DAY))
    writing.start()
    assert checked.wait(10)
    sweeping = threading.Thread(target=sweeper.sweep)
    sweeping.start()
    sweeping.join(0.2)
    assert sweeping.is_alive()
    go_on.set()
    writing.join(10)
    sweeping.join(10)
    assert names(tmp_path) == ["combined-2026-11-23.log.gz"]
    assert messages(tmp_path / "combined-2026-11-23.log.gz") == ["before", "in between"]


def test_a_name_created_again_while_the_compressor_worked_takes_no_lines(make_handler, tmp_path, monkeypatch):
    handler = make_handler()
    path = tmp_path / "combined-2026-11-23.log"
    real_open = os.open

    def compressed_meanwhile(name: str, *args: int) -> int:
        fd = real_open(name, *args)
        if name == str(path):
            monkeypatch.setattr(os, "open", real_open)
            Path(f"{path}.gz").write_bytes(gzip.compress(b""))
        return fd

    monkeypatch.setattr(os, "open", compressed_meanwhile)
    write(handler, "late", NOON - DAY)
    assert messages(tmp_path / "combined-2026-11-23.1.log") == ["late"]
    handler.sweep()
    assert not path.exists()


def test_a_compressor_that_died_is_made_good(make_handler, tmp_path):
    handler = make_handler()
    write(handler, "line", NOON - DAY)
    path = tmp_path / "combined-2026-11-23.log"
    path.chmod(0o440)  # sealed, and half of a draft written
    (tmp_path / "combined-2026-11-23.log.gz.tmp").write_bytes(b"half")
    write(handler, "more", NOON - DAY)
    handler.sweep()
    assert names(tmp_path) == ["combined-2026-11-23.1.log.gz", "combined-2026-11-23.log.gz"]
    assert messages(tmp_path / "combined-2026-11-23.log.gz") == ["line"]


def test_retention_deletes_old_files_of_this_log_only(make_handler, tmp_path):
    kept = [
        "combined-2026-11-10.log.gz",
        "error-2026-01-01.log",
        "combined-notes.log",
        "combined-2026-11-25.log",
    ]
    old = ["combined-2026-11-09.log.gz", "combined-2026-11-09.3.log.gz", "combined-2025-12-31.log"]
    for name in [*kept, *old]:
        (tmp_path / name).touch()
    make_handler(keep_days=14).sweep()
    assert names(tmp_path) == sorted(kept)


def test_a_deleted_or_moved_file_is_replaced(make_handler, tmp_path):
    handler, other, path = make_handler(), make_handler(), tmp_path / f"combined-{TODAY}.log"
    write(handler, "gone")
    path.unlink()
    write(handler, "moved")
    path.rename(tmp_path / "elsewhere")
    write(other, "first")
    write(handler, "second")
    assert messages(path) == ["first", "second"]
    assert messages(tmp_path / "elsewhere") == ["moved"]


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_opens_the_file_anew(make_handler, tmp_path):
    handler = make_handler()
    write(handler, "parent")
    if (pid := os.fork()) == 0:
        inherited = handler._fd
        for number in range(100):
            write(handler, f"child {number}")
        os._exit(0 if inherited == -1 else 1)
    for number in range(100):
        write(handler, f"parent {number}")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert len(set(messages(tmp_path / f"combined-{TODAY}.log"))) == 201


WRITER = """
import logging, sys, threading
from ops.logs.handlers import DatedFileHandler
from ops.logs.lines import JsonFormatter

log_dir, writer, lines, midnight = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
today = midnight - 60
handler = DatedFileHandler(
    log_dir, "combined", keep_days=14, max_bytes=1_000_000, gzip_delay=0.02, clock=lambda: today
)
handler.setFormatter(JsonFormatter(service="test", environment="test"))
sys.setswitchinterval(0.0002)

def write(thread):
    global today
    for number in range(lines):
        if number == lines // 2:
            today = midnight + 60  # the first thread to get here forces the date change on the process
        created = midnight + (number - lines // 2) / 1000
        facts = {"name": "test", "levelno": logging.INFO, "msg": "line", "created": created}
        facts["ident"] = f"{writer}/{thread}/{number}"
        handler.handle(logging.makeLogRecord(facts))

threads = [threading.Thread(target=write, args=(number,)) for number in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
sys.exit(handler.dropped)
"""


def test_four_processes_lose_and_tear_nothing_over_size_and_date_changes(tmp_path):
    processes, lines = 4, 25_000  # per thread, two threads each
    running = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), str(n), str(lines), str(MIDNIGHT)])
        for n in range(processes)
    ]
    assert [process.wait(120) for process in running] == [0] * processes

    found: list[str] = []
    for path in tmp_path.iterdir():
        if path.suffix == ".tmp" or _is_duplicate(path):  # an exit may cut the compressor short
            continue
        day = path.name.removeprefix("combined-")[:10]
        for line in lines_of(path):
            assert line.endswith(b"\n")
            entry = json.loads(line)
            assert entry["timestamp"].startswith(day)
            found.append(entry["ident"])
    expected = {f"{n}/{t}/{i}" for n in range(processes) for t in range(2) for i in range(lines)}
    assert len(found) == len(expected)
    assert set(found) == expected
    packed = [path.name for path in tmp_path.iterdir() if path.suffix == ".gz"]
    assert len([name for name in packed if name.startswith("combined-2026-11-24")]) > 5
    assert len([name for name in packed if name.startswith("combined-2026-11-25")]) > 5


def _is_duplicate(path: Path) -> bool:
    """A .log whose .gz is complete: the compressor's process ended between the two steps."""
    return path.suffix == ".log" and path.with_name(f"{path.name}.gz").exists()
