"""The database of the first generation, read and never written.

Everything is read in one snapshot. Its columns are those that the old code used; installations lack some or have
others, so the information schema comes first.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

CONNECT_SECONDS = 10
IDLE_SECONDS = 12 * 3600  # between two reads: computing the totals takes a while

OTHER_IDS = {"intensive_sessions"}  # whose ids are texts
WHOLE = {"tinyint", "smallint", "mediumint", "int", "bigint"}
NO_TIME, TIME_SKIPPED, TIME_TWICE, TIME_IMPOSSIBLE = "time_unknown", "time_skipped", "time_twice", "time_impossible"
YEARS = range(1970, 2100)  # any other is a slip, or stands for "never"


class CannotRead(Exception):
    """The old database cannot be imported; says why in one sentence."""


@dataclass(frozen=True, slots=True)
class Needs:
    """The columns that a table must have, those that we read if they are there, and whether it may be missing."""

    must: tuple[str, ...]
    may: tuple[str, ...]
    is_optional: bool = True


TABLES = {
    "users": Needs(("id", "email", "password_hash"), ("name", "username", "created_at"), is_optional=False),
    "questions": Needs(
        ("id", "user_id", "theme", "question"),
        (
            "level", "options", "correct_answer", "raw_response", "delivery_time", "frequency", "is_active",
            "display_status", "last_delivered", "next_delivery", "created_at",
        ),
        is_optional=False,
    ),
    "user_responses": Needs(
        ("id", "user_id", "question_id"), ("selected_answer", "is_correct", "response_time", "created_at")
    ),
    "intensive_sessions": Needs(
        ("id", "user_id"),
        ("theme", "total_questions", "correct_answers", "time_used", "game_mode", "created_at", "completed_at"),
    ),
    "session_challenges": Needs(("id", "session_id", "challenge_id"), ()),
    "intensive_responses": Needs(
        ("id", "session_id", "question_id"), ("selected_answer", "is_correct", "response_time", "created_at")
    ),
    "session_scores": Needs(
        ("id", "user_id", "session_id", "points_earned"), ("accuracy", "time_spent", "game_mode", "theme", "created_at")
    ),
    "user_achievements": Needs(("id", "user_id", "achievement_id"), ("points_earned", "achieved_at")),
    "user_metrics": Needs(
        ("id", "user_id"),
        ("total_points", "total_sessions", "total_correct_answers", "total_time_spent", "average_accuracy"),
    ),
}  # fmt: skip


@dataclass(slots=True)
class Row:
    """One row of an old table; a column that is not there is NULL. `notes` are (code, detail) about its times."""

    cells: dict[str, Any]
    notes: list[tuple[str, str]] = field(default_factory=list)

    def __getitem__(self, column: str) -> Any:
        return self.cells.get(column)

    @property
    def id(self) -> Any:
        return self.cells["id"]


class OldDatabase:
    """A connection to it. `zone` is the time zone in which the old server told the time."""

    def __init__(self, url: str, zone: ZoneInfo) -> None:
        self.zone = zone
        self._url = url
        self._connection = connect(url)
        self.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT")
        self.schema = self._read_schema()
        self.check()

    def close(self) -> None:
        self._connection.close()

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        cursor = self._connection.cursor()
        try:
            cursor.execute(sql, parameters or None)
            return list(cursor.fetchall())
        except _gone() as exc:
            raise CannotRead(f"The old database does not answer any more ({_said(exc)}).") from exc
        finally:
            cursor.close()

    @contextmanager
    def streamed(self, sql: str) -> Iterator[Iterator[tuple[Any, ...]]]:
        """The rows of a long answer, on a connection of its own, fetched as they are asked for."""
        from MySQLdb.cursors import SSCursor  # type: ignore[import-untyped]  # as above

        connection = connect(self._url)
        try:
            cursor = connection.cursor(SSCursor)
            cursor.execute(sql)
            yield iter(cursor)
        except _gone() as exc:
            raise CannotRead(f"The old database does not answer any more ({_said(exc)}).") from exc
        finally:
            connection.close()

    # --- What there is ---

    def _read_schema(self) -> dict[str, dict[str, str]]:
        """{table: {column: type}}"""
        rows = self.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = DATABASE()"
        )
        schema: dict[str, dict[str, str]] = {}
        for table, column, kind in rows:
            schema.setdefault(_text(table).lower(), {})[_text(column).lower()] = _text(kind).lower()
        return schema

    def check(self) -> None:
        """CannotRead when something is missing without which an import makes no sense."""
        missing = [table for table, needs in TABLES.items() if not needs.is_optional and table not in self.schema]
        if missing:
            raise CannotRead(f"This is no database of the first generation: no table {' and no '.join(missing)}.")
        for table in filter(self.has, TABLES):
            columns = self.schema[table]
            if absent := ", ".join(name for name in TABLES[table].must if name not in columns):
                raise CannotRead(f"The table {table} has no column {absent}, without which it means nothing.")
            if table not in OTHER_IDS and columns["id"] not in WHOLE:
                raise CannotRead(f"The ids of the table {table} are no whole numbers.")

    def has(self, table: str) -> bool:
        return table in self.schema

    def missing(self) -> Iterator[str]:
        """What the import goes on without, a sentence each."""
        for table, needs in TABLES.items():
            if not self.has(table):
                yield f"There is no table {table}: nothing of that kind is imported."
            elif absent := [name for name in needs.may if name not in self.schema[table]]:
                yield f"The table {table} has no {', '.join(absent)}: read as unknown."

    def key(self) -> str:
        """What tells this database from others wherever it is restored: its first user."""
        columns = ", ".join(name for name in ("id", "email", "created_at") if name in self.schema["users"])
        rows = self.execute(f"SELECT {columns} FROM users ORDER BY id LIMIT 1")
        if not rows:
            raise CannotRead("The old database has no users: there is nothing to import.")
        return hashlib.sha256(repr(rows[0]).encode()).hexdigest()[:16]

    def count(self, table: str, where: str = "TRUE") -> int:
        return int(self.execute(f"SELECT COUNT(*) FROM {table} WHERE {where}")[0][0])

    # --- Rows ---

    def rows(self, table: str, *, after: str, limit: int, where: str = "TRUE", descending: bool = False) -> list[Row]:
        """The next rows by id, after the old id `after` ("": from the beginning)."""
        direction, beyond = ("DESC", "<") if descending else ("ASC", ">")
        condition, parameters = (f"({where}) AND id {beyond} %s", [after]) if after else (f"({where})", [])
        return self._select(table, f"WHERE {condition} ORDER BY id {direction} LIMIT {limit}", parameters)

    def by_id(self, table: str, ids: Iterable[Any]) -> dict[Any, Row]:
        """The rows with these ids, as they are stored."""
        wanted = list(ids)
        if not wanted or not self.has(table):
            return {}
        places = ", ".join(["%s"] * len(wanted))
        return {row.id: row for row in self._select(table, f"WHERE id IN ({places})", wanted)}

    def earlier_owners(self, table: str, user_ids: Sequence[int], *, before: Any) -> set[int]:
        """Those of the users who have a row with a lower id than `before`."""
        if not user_ids:
            return set()
        places = ", ".join(["%s"] * len(user_ids))
        sql = f"SELECT DISTINCT user_id FROM {table} WHERE id < %s AND user_id IN ({places})"
        return {int(user_id) for (user_id,) in self.execute(sql, [before, *user_ids])}

    def _select(self, table: str, rest: str, parameters: Sequence[Any]) -> list[Row]:
        needs = TABLES[table]
        columns = [name for name in (*needs.must, *needs.may) if name in self.schema[table]]
        found = self.execute(f"SELECT {', '.join(columns)} FROM {table} {rest}", parameters)
        return [self._row(table, dict(zip(columns, cells, strict=True))) for cells in found]

    def _row(self, table: str, cells: dict[str, Any]) -> Row:
        row = Row(cells)
        for column, value in cells.items():
            if isinstance(value, datetime | date):
                possible = value.year in YEARS
                cells[column], note = (
                    self.moment(value, self.schema[table][column]) if possible else (None, TIME_IMPOSSIBLE)
                )
                if note:
                    row.notes.append((note, f"{column} {value}"))
            elif isinstance(value, bytes) and self.schema[table][column] != "bit":
                cells[column] = value.decode(errors="replace")
        return row

    def moment(self, value: datetime | date, kind: str) -> tuple[datetime, str]:
        """A time in UTC, and a code when the clock showed it twice or never.

        TIMESTAMP says when; we asked for it in UTC. DATETIME says what the old server's clock showed: a time that it
        showed twice is taken for the first, one that it skipped is read with the offset before (as RFC 5545 has it).
        """
        if not isinstance(value, datetime):
            value = datetime.combine(value, time(0))
        if kind == "timestamp":
            return value.replace(tzinfo=UTC), ""
        local = value.replace(tzinfo=self.zone)
        offset, other = local.utcoffset(), local.replace(fold=1).utcoffset()
        assert offset is not None and other is not None
        note = "" if offset == other else TIME_TWICE if offset > other else TIME_SKIPPED
        return (value - offset).replace(tzinfo=UTC), note


def connect(url: str) -> Any:
    """A connection for reading only; CannotRead when there is none."""
    try:
        import MySQLdb  # type: ignore[import-untyped]  # mysqlclient has no stubs
    except ImportError as exc:
        raise CannotRead("Reading MySQL needs mysqlclient: .venv/bin/pip install mysqlclient") from exc
    try:
        connection = MySQLdb.connect(**_arguments(url))
    except MySQLdb.Error as exc:
        raise CannotRead(f"The old database cannot be opened: {_said(exc)}.") from exc
    cursor = connection.cursor()
    # A TIMESTAMP is told in the session's time zone.
    cursor.execute(f"SET SESSION time_zone = '+00:00', wait_timeout = {IDLE_SECONDS}")
    cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    cursor.close()
    return connection


def _arguments(url: str) -> dict[str, Any]:
    """MySQLdb's arguments for `mysql://user:password@host:3306/name`; `?ca=FILE` asks for TLS."""
    parts = urlsplit(url)
    name = unquote(parts.path.strip("/"))
    try:
        port = parts.port or 3306
    except ValueError:
        port = 0
    if parts.scheme not in ("mysql", "mariadb") or not parts.hostname or not name or not port:
        raise CannotRead("--source is a URL such as mysql://user:password@host:3306/name")
    arguments: dict[str, Any] = {
        "host": parts.hostname,
        "port": port,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "database": name,
        "charset": "utf8mb4",
        "connect_timeout": CONNECT_SECONDS,
    }
    if authority := parse_qs(parts.query).get("ca"):
        arguments |= {"ssl_mode": "VERIFY_IDENTITY", "ssl": {"ca": authority[0]}}
    return arguments


def _gone() -> tuple[type[Exception], ...]:
    import MySQLdb

    return MySQLdb.OperationalError, MySQLdb.InterfaceError


def _said(exc: Exception) -> str:
    return str(exc.args[-1]).strip().rstrip(".") if exc.args else type(exc).__name__


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
