"""A disk that is full, read-only or gone costs lines, never the caller; and the log recovers by itself."""

import json
import logging
import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.logs.handlers import DatedFileHandler, SturdyHandler
from ops.logs.lines import JsonFormatter

NOON = 1795521600.0  # 2026-11-24T12:00:00Z
NAME = "error-2026-11-24.log"


@pytest.fixture(autouse=True)
def no_earlier_notice(monkeypatch):
    monkeypatch.setattr(SturdyHandler, "_next_notice", 0.0)


def open_log(log_dir: Path) -> DatedFileHandler:
    handler = DatedFileHandler(log_dir, "error", keep_days=14, gzip_delay=3600, clock=lambda: NOON)
    handler.setFormatter(JsonFormatter(service="test", environment="test"))
    return handler


@pytest.fixture
def handler(tmp_path: Path) -> Iterator[DatedFileHandler]:
    handler = open_log(tmp_path / "logs")
    yield handler
    handler.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KB, empty but for its root."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("cannot mount a tmpfs here")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.fixture
def file_limit() -> Iterator[int]:
    """No file may grow beyond 2000 bytes; a line that crosses the limit is written in part."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
    yield before[0]
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def write(handler: logging.Handler, message: str) -> None:
    facts = {"name": "test", "levelno": logging.ERROR, "msg": message, "created": NOON}
    handler.handle(logging.makeLogRecord(facts))


def entries(log_dir: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (log_dir / NAME).read_bytes().splitlines()]


def test_a_full_disk_drops_whole_lines_and_says_so_once(small_disk, capsys):
    (small_disk / "ballast").write_bytes(b"x" * 40_000)
    handler = open_log(small_disk)
    for number in range(500):
        write(handler, f"line {number}")
    kept = len(entries(small_disk))
    assert 50 < kept < 500
    assert handler.dropped == 500 - kept
    assert capsys.readouterr().err.count("\n") == 1

    (small_disk / "ballast").unlink()
    write(handler, "after")
    assert [entry["message"] for entry in entries(small_disk)][-2:] == ["after", "log lines were dropped"]
    assert entries(small_disk)[-1]["dropped"] == 500 - kept
    handler.close()


def test_a_read_only_disk_drops_lines_until_it_is_writable(small_disk, capsys):
    handler = open_log(small_disk)
    write(handler, "before")
    handler.close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    write(handler, "lost")
    handler.sweep()
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    write(handler, "after")
    assert [entry["message"] for entry in entries(small_disk)] == [
        "before",
        "after",
        "log lines were dropped",
    ]
    assert "Read-only file system" in capsys.readouterr().err
    handler.close()


def test_a_line_that_fits_in_part_leaves_no_trace(handler, tmp_path, file_limit, capsys):
    for number in range(30):
        write(handler, f"line {number}")
    kept = entries(tmp_path / "logs")
    assert [entry["message"] for entry in kept] == [f"line {number}" for number in range(len(kept))]
    assert handler.dropped == 30 - len(kept)
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, hard))
    write(handler, "after")
    assert [entry["message"] for entry in entries(tmp_path / "logs")][len(kept) :] == [
        "after",
        "log lines were dropped",
    ]


def test_the_piece_of_a_line_does_not_spoil_the_line_after_it(handler, tmp_path, monkeypatch, capsys):
    other, real_write = open_log(tmp_path / "logs"), os.write

    def half_then_another(fd: int, data: bytes) -> int:
        monkeypatch.setattr(os, "write", real_write)
        written = real_write(fd, data[: len(data) // 2])
        write(other, "of another process")
        return written

    write(handler, "first")
    monkeypatch.setattr(os, "write", half_then_another)
    write(handler, "cut off")
    messages = [entry["message"] for entry in entries(tmp_path / "logs")]
    assert messages == ["first", "of another process"]
    other.close()


def test_a_vanished_directory_is_made_again(handler, tmp_path):
    write(handler, "gone with it")
    shutil.rmtree(tmp_path / "logs")
    write(handler, "first of the new one")
    assert [entry["message"] for entry in entries(tmp_path / "logs")] == ["first of the new one"]
    assert handler.dropped == 0


def test_a_directory_replaced_by_a_file_is_waited_out(handler, tmp_path, capsys):
    write(handler, "before")
    (tmp_path / "logs").rename(tmp_path / "moved")
    (tmp_path / "logs").touch()
    for _ in range(50):
        write(handler, "lost")
    handler.sweep()
    (tmp_path / "logs").unlink()
    write(handler, "after")
    assert handler.dropped == 50
    assert [entry["message"] for entry in entries(tmp_path / "logs")] == ["after", "log lines were dropped"]
    assert capsys.readouterr().err.count("\n") == 1


def test_notices_come_once_a_minute_over_all_handlers(tmp_path, capsys, monkeypatch):
    (tmp_path / "file").touch()
    one, other = open_log(tmp_path / "file"), open_log(tmp_path / "file")
    write(one, "lost")
    write(other, "lost")
    monkeypatch.setattr(SturdyHandler, "_next_notice", SturdyHandler._next_notice - 60)
    write(one, "lost")
    notices = capsys.readouterr().err.splitlines()
    assert [notice.partition(": ")[2][:22] for notice in notices] == [
        "1 log lines dropped so",
        "2 log lines dropped so",
    ]


def test_a_missing_stderr_is_no_reason_to_raise(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr("sys.stderr", None)
    write(open_log(tmp_path / "file"), "lost")
