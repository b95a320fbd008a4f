"""What the database does for each statement: recorded while it runs, then explained."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

FEW = 1_000  # rows that may be scanned or sorted: more than any table has that does not grow
EXPLAINED = re.compile(r"\s*\(*\s*(SELECT|UPDATE|DELETE)\b", re.IGNORECASE)


@dataclass(slots=True)
class Step:
    """One line of an EXPLAIN."""

    table: str
    how: str  # MariaDB's access type
    key: str
    rows: int
    extra: str

    def trouble(self, read: int, values: int) -> str:
        """What is bad about it, for a statement that read so many rows and has so many values in it."""
        if self.rows <= FEW:
            return ""
        # Along an index up to a LIMIT is not through it. A fifth of a table, by key, is faster read as a whole.
        is_whole = self.how == "ALL" or (self.how == "index" and read > self.rows // 2)
        if is_whole and self.rows > 5 * values:
            return f"scans {self.table}: {self.how}, about {self.rows} rows"
        # With a temporary table it is groups that are sorted.
        if "filesort" in self.extra and "temporary" not in self.extra:
            return f"sorts {self.table}: about {self.rows} rows"
        return ""


@dataclass(slots=True)
class Statement:
    """A statement and where it was seen, with the most rows that it read there."""

    sql: str
    where: set[str] = field(default_factory=set)
    read: int = 0
    params: Any = ()

    def steps(self) -> list[Step]:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {self.sql}", self.params or None)
            return [
                Step(row[2] or "", row[3] or "", row[5] or "", int(str(row[8] or 0).split()[0]), row[9] or "")
                for row in cursor.fetchall()
            ]

    def troubles(self) -> list[str]:
        return [trouble for step in self.steps() if (trouble := step.trouble(self.read, len(self.params or ())))]

    def __str__(self) -> str:
        return f"{', '.join(sorted(self.where))}: read {self.read} rows\n    {self.sql[:1500]}"


class Recorder:
    """Every SELECT, UPDATE and DELETE that was made, each once however often it came."""

    def __init__(self) -> None:
        self.statements: dict[str, Statement] = {}

    @contextmanager
    def at(self, where: str) -> Iterator[None]:
        """Record what is asked inside, which happens at this endpoint or command."""

        def record(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if not EXPLAINED.match(sql):
                return execute(sql, params, many, context)
            before = rows_read()
            try:
                return execute(sql, params, many, context)
            finally:
                self._add(sql, params[0] if many else params, where, rows_read() - before)

        with connection.execute_wrapper(record):
            yield

    def _add(self, sql: str, params: Any, where: str, read: int) -> None:
        # How many values a list holds makes no other statement.
        shape = re.sub(r"\((?:%s, )+%s\)", "(%s, ...)", sql)
        statement = self.statements.setdefault(shape, Statement(sql))
        statement.where.add(where)
        if read >= statement.read:
            statement.sql, statement.params, statement.read = sql, params, read


def rows_read() -> int:
    """The rows that this connection has read so far, from tables and indexes."""
    cursor = connection.connection.cursor()  # the driver's own, so that nobody records this
    cursor.execute("SHOW SESSION STATUS LIKE 'Handler_read%'")
    total = sum(int(value) for name, value in cursor.fetchall() if name != "Handler_read_rnd_deleted")
    cursor.close()
    return total
