"""The server's log of slow queries: turned on and off, and what is in it, without the values that learners typed."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VALUES = re.compile(
    r"""'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|\b0x[0-9a-f]+\b|(?<![\w`])-?\d+(?:\.\d+)?(?![\w`])""", re.I
)
LISTS = re.compile(r"\(\s*\?(?:\s*,\s*\?)+\s*\)")
COMMENTS = re.compile(r"/\*.*?\*/", re.S)
FILE_TIMES = re.compile(r"Query_time: ([\d.]+).*?Rows_examined: (\d+)", re.S)
FILE_SCHEMA = re.compile(r"Schema: (\S*)")
SHOWN = 300  # characters of a statement


@dataclass(slots=True)
class Slow:
    """All the times that one statement was slow, whatever its values. Times in seconds."""

    shape: str
    count: int = 0
    total: float = 0.0
    longest: float = 0.0
    examined: int = 0  # rows, the most


@dataclass(frozen=True, slots=True)
class State:
    is_on: bool
    seconds: float  # from which on a query is slow
    to: str  # TABLE, FILE or NONE
    file: str


def state(connection: Any) -> State:
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@global.slow_query_log, @@global.long_query_time, @@global.log_output")
        is_on, seconds, to = cursor.fetchone()
        cursor.execute("SELECT @@global.slow_query_log_file, @@datadir")
        file, folder = cursor.fetchone()
    return State(bool(is_on), float(seconds), str(to), str(Path(folder) / file))


def turn_on(connection: Any, *, seconds: float, to: str) -> None:
    """For connections made from now on: those that there are keep what they began with."""
    with connection.cursor() as cursor:
        cursor.execute("SET GLOBAL log_output = %s", [to.upper()])
        cursor.execute("SET GLOBAL long_query_time = %s", [seconds])
        cursor.execute("SET GLOBAL slow_query_log = ON")


def turn_off(connection: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET GLOBAL slow_query_log = OFF")


def restore(connection: Any, before: State) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET GLOBAL slow_query_log = {'ON' if before.is_on else 'OFF'}")
        cursor.execute("SET GLOBAL long_query_time = %s", [before.seconds])
        cursor.execute("SET GLOBAL log_output = %s", [before.to])


def empty_table(connection: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE mysql.slow_log")


def from_table(connection: Any) -> Iterator[tuple[float, int, str]]:
    """(seconds, rows examined, statement) of each slow query of this database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT TIME_TO_SEC(query_time) + MICROSECOND(query_time) / 1e6, rows_examined,"
            " CONVERT(sql_text USING utf8mb4) FROM mysql.slow_log WHERE db = DATABASE()"
        )
        for seconds, examined, sql in cursor.fetchall():
            yield float(seconds), int(examined), str(sql)


def from_file(text: str, database: str) -> Iterator[tuple[float, int, str]]:
    """The same from the text of a slow log, of MySQL or MariaDB."""
    schema = ""
    for entry in re.split(r"^# User@Host:", text, flags=re.MULTILINE)[1:]:
        head = "\n".join(line for line in entry.splitlines() if line.startswith("#"))
        body = [line for line in entry.splitlines()[1:] if not line.startswith("#")]
        if named := FILE_SCHEMA.search(head):
            schema = named[1]
        for line in body:
            if used := re.fullmatch(r"use `?([^`;]+)`?;", line.strip(), re.I):
                schema = used[1]
        times = FILE_TIMES.search(head)
        sql = "\n".join(line for line in body if not re.match(r"\s*(SET timestamp=|use )", line, re.I)).strip()
        if times and sql and schema in ("", database):
            yield float(times[1]), int(times[2]), sql.rstrip(";")


def top(entries: Iterable[tuple[float, int, str]], limit: int) -> list[Slow]:
    """Statements that cost most time together, first."""
    found: dict[str, Slow] = {}
    for seconds, examined, sql in entries:
        shape = shape_of(sql)
        slow = found.setdefault(shape, Slow(shape))
        slow.count += 1
        slow.total += seconds
        slow.longest = max(slow.longest, seconds)
        slow.examined = max(slow.examined, examined)
    return sorted(found.values(), key=lambda slow: -slow.total)[:limit]


def shape_of(sql: str) -> str:
    """A statement without its values: they make no other statement, and are nobody's business."""
    bare = LISTS.sub("(?, ...)", VALUES.sub("?", COMMENTS.sub(" ", sql)))
    return " ".join(bare.split())
