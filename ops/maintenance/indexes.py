"""Which indexes there are, which of them the server has used, and what it read without any."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Index:
    table: str
    name: str
    columns: tuple[str, ...]
    is_unique: bool

    def __str__(self) -> str:
        return f"{self.table}.{self.name} ({', '.join(self.columns)})"


@dataclass(frozen=True, slots=True)
class Reads:
    """What a server has counted: rows (userstat) or accesses (performance_schema)."""

    source: str
    unit: str
    by_index: dict[tuple[str, str], int]
    without: dict[str, int]  # by table


def indexes(connection: Any, tables: Iterable[str]) -> list[Index]:
    """All indexes of these tables but their primary keys."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, index_name, column_name, non_unique FROM information_schema.statistics"
            " WHERE table_schema = DATABASE() AND index_name <> 'PRIMARY' ORDER BY table_name, index_name, seq_in_index"
        )
        rows = cursor.fetchall()
    found: dict[tuple[str, str], tuple[list[str], bool]] = {}
    for table, name, column, non_unique in rows:
        found.setdefault((table, name), ([], not non_unique))[0].append(column)
    wanted = set(tables)
    return [Index(table, name, tuple(c), unique) for (table, name), (c, unique) in found.items() if table in wanted]


def redundant(all_indexes: Iterable[Index]) -> list[tuple[Index, Index]]:
    """Indexes that another one of their table begins with, and that one. A unique one keeps a rule and is none."""
    every = list(all_indexes)
    return [
        (short, long)
        for short in every
        for long in every
        if short is not long
        and short.table == long.table
        and not short.is_unique
        and _begins(long, short)
        # Of two alike one is enough: the first by name goes.
        and (short.columns != long.columns or long.is_unique or short.name < long.name)
    ]


def _begins(long: Index, short: Index) -> bool:
    return long.columns[: len(short.columns)] == short.columns


def kept_for_foreign_keys(connection: Any, all_indexes: Iterable[Index]) -> set[Index]:
    """Indexes without which a foreign key has none: the server would not let them go."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.key_column_usage"
            " WHERE table_schema = DATABASE() AND referenced_table_name IS NOT NULL"
        )
        keys = set(cursor.fetchall())
    every = list(all_indexes)
    kept = set()
    for table, column in keys:
        serving = [index for index in every if index.table == table and index.columns[0] == column]
        if len(serving) == 1:
            kept.update(serving)
    return kept


def reads(connection: Any) -> Reads | None:
    """What the server has counted since it started, or since counting was turned on; None when it does not count."""
    with connection.cursor() as cursor:
        if _variable(cursor, "userstat") == "ON":
            return _from_userstat(cursor)
        if _variable(cursor, "performance_schema") == "ON":
            return _from_performance_schema(cursor)
    return None


def uptime(connection: Any) -> int:
    """Seconds since the server started."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW GLOBAL STATUS LIKE 'Uptime'")
        return int(cursor.fetchone()[1])


def _variable(cursor: Any, name: str) -> str:
    cursor.execute("SHOW GLOBAL VARIABLES LIKE %s", [name])
    row = cursor.fetchone()
    return str(row[1]) if row else ""


def _from_userstat(cursor: Any) -> Reads:
    cursor.execute(
        "SELECT table_name, index_name, rows_read FROM information_schema.index_statistics"
        " WHERE table_schema = DATABASE()"
    )
    by_index = {(table, name): int(count) for table, name, count in cursor.fetchall()}
    cursor.execute(
        "SELECT table_name, rows_read FROM information_schema.table_statistics WHERE table_schema = DATABASE()"
    )
    without = {
        table: int(count) - sum(read for (its_table, _name), read in by_index.items() if its_table == table)
        for table, count in cursor.fetchall()
    }
    return Reads("userstat", "rows", by_index, {table: count for table, count in without.items() if count > 0})


def _from_performance_schema(cursor: Any) -> Reads:
    cursor.execute(
        "SELECT object_name, index_name, count_read FROM performance_schema.table_io_waits_summary_by_index_usage"
        " WHERE object_schema = DATABASE()"
    )
    rows = cursor.fetchall()
    by_index = {(table, name): int(count) for table, name, count in rows if name is not None and count}
    without = {table: int(count) for table, name, count in rows if name is None and count}
    return Reads("performance_schema", "accesses", by_index, without)
