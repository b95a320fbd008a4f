"""Bringing an optimizer's knowledge up to date, and giving back the room of deleted rows, on a live database."""

import math
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import OperationalError

from ops.maintenance.tables import MB

PATIENCE = 5  # seconds that we wait for a table, while others wait behind us
TRIES = 5
PAUSE = 2.0  # seconds between them
TIMES_ROOM = 2  # a copy of the table, and what is written meanwhile or sorted beside it
SPEED = 20 * MB  # a second: what a small virtual machine rebuilds; a busy one takes longer

BUSY = 1205  # lock wait time-out
LOG_FULL = 1799  # more was written meanwhile than innodb_online_alter_log_max_size holds
NOT_ONLINE = {1845, 1846}  # the server cannot do it while others write


class Busy(Exception):
    """Somebody held the table the whole time."""


class NotOnline(Exception):
    """The server cannot rebuild the table while others write to it; its words."""


@dataclass(frozen=True, slots=True)
class Room:
    """What is free where the database keeps its files, in bytes; None when that cannot be seen from here."""

    free: int | None
    where: str


def seconds_for(size: int) -> int:
    """About how long a rebuild of so many bytes takes."""
    return max(1, math.ceil(size / SPEED))


def room(connection: Any) -> Room:
    """The free room for a rebuild. Of a server on another machine, or in a container, we see no disk."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@hostname, @@datadir, COALESCE(NULLIF(@@innodb_tmpdir, ''), @@tmpdir)")
        host, data, scratch = cursor.fetchone()
    folders = [Path(data), Path(str(scratch).partition(":")[0])]  # the copy; what is sorted for its indexes
    # A server's folder may well have a namesake here: only the machine's own name says that it is the same disk.
    if host == socket.gethostname() and all(folder.is_dir() for folder in folders):
        fullest = min(folders, key=free_at)
        return Room(free_at(fullest), str(fullest))
    return Room(None, f"{host}:{data}")


def free_at(folder: Path) -> int:
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def lacks_room(free: int, size: int) -> bool:
    return free < TIMES_ROOM * size


def analyze(connection: Any, name: str) -> None:
    """Count anew what the optimizer goes by. Nobody waits for it but whoever wants to change the table's columns."""
    table = connection.ops.quote_name(name)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {table}")
        return
    _patiently(connection, lambda cursor: _tell(cursor, f"ANALYZE TABLE {table}"))


def rebuild(connection: Any, name: str) -> None:
    """Write a table and its indexes anew, in order and without holes, and analyze it. Raises Busy or NotOnline; the
    table is then as it was.

    Not by OPTIMIZE TABLE: that does the same, but where it cannot do it beside writers it stops them without a word.
    """
    table = connection.ops.quote_name(name)
    try:
        _patiently(
            connection, lambda cursor: cursor.execute(f"ALTER TABLE {table} FORCE, ALGORITHM=INPLACE, LOCK=NONE")
        )
    except OperationalError as exc:
        if exc.args[0] in NOT_ONLINE | {LOG_FULL}:
            raise NotOnline(str(exc.args[-1])) from exc
        raise
    analyze(connection, name)


def vacuum(connection: Any) -> None:
    """Write the whole of an SQLite file anew; writers wait."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")


def promise(size: int) -> str:
    """How much is rebuilt, and about how long it takes."""
    return f"{size / MB:.1f} MB, about {seconds_for(size)} s"


def _patiently(connection: Any, work: Callable[[Any], Any]) -> None:
    """Do it without keeping others waiting: who waits for a table holds up all who come after, so we wait briefly, let
    them pass, and try again. Busy when that was in vain."""
    with connection.cursor() as cursor, _short_waits(cursor):
        for attempt in range(1, TRIES + 1):
            try:
                work(cursor)
                return
            except OperationalError as exc:
                if exc.args[0] != BUSY:
                    raise
                if attempt == TRIES:
                    raise Busy from exc
            time.sleep(PAUSE)


@contextmanager
def _short_waits(cursor: Any) -> Iterator[None]:
    cursor.execute(f"SET SESSION lock_wait_timeout = {PATIENCE}")
    try:
        yield
    finally:
        cursor.execute("SET SESSION lock_wait_timeout = DEFAULT")


def _tell(cursor: Any, sql: str) -> None:
    """Run a statement that answers with rows of (table, what, kind, text), and take its errors for errors."""
    cursor.execute(sql)
    for _table, _what, kind, text in cursor.fetchall():
        if str(kind).lower() == "error":
            raise OperationalError(BUSY if "lock wait timeout" in str(text).lower() else 0, str(text))
