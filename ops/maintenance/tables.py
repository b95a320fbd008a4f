"""Which tables are ours, and how large they are."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MB = 2**20


class UnknownTable(Exception):
    """Some of the names are no tables of ours: those, and all there are."""


@dataclass(frozen=True, slots=True)
class Table:
    """Sizes in bytes; `rows` is the server's own estimate."""

    name: str
    rows: int
    data: int
    indexes: int
    free: int  # within the table's file: what deleted rows have left
    engine: str = ""
    collation: str = ""

    @property
    def size(self) -> int:
        return self.data + self.indexes

    @property
    def fragmentation(self) -> float:
        """The part of the file that is empty, per cent."""
        whole = self.size + self.free
        return 100 * self.free / whole if whole else 0.0


def our_tables(connection: Any) -> dict[str, Table]:
    """Every table of the database that belongs to the project, by name. For MySQL and MariaDB."""
    names = set(connection.introspection.django_table_names(only_existing=True, include_views=False))
    names.add("django_migrations")
    with connection.cursor() as cursor:
        if not connection.mysql_is_mariadb:  # MySQL keeps these figures for a day
            cursor.execute("SET SESSION information_schema_stats_expiry = 0")
        cursor.execute(
            "SELECT table_name, table_rows, data_length, index_length, data_free, engine, table_collation"
            " FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'"
        )
        found = [
            Table(name, int(rows or 0), int(data), int(indexes), int(free), engine, collation)
            for name, rows, data, indexes, free, engine, collation in cursor.fetchall()
        ]
    return {table.name: table for table in sorted(found, key=lambda table: table.name) if table.name in names}


def chosen(connection: Any, names: Iterable[str] | None) -> list[str]:
    """The names of our tables, or those of them that were asked for, in their order; UnknownTable for others."""
    known = sorted({*connection.introspection.django_table_names(only_existing=True, include_views=False)})
    asked = list(names or known)
    if unknown := [name for name in asked if name not in known]:
        raise UnknownTable(unknown, known)
    return asked


@dataclass(frozen=True, slots=True)
class File:
    """An SQLite database as its file: sizes in bytes."""

    path: Path
    size: int
    free: int  # pages of it that are empty


def our_file(connection: Any) -> File:
    with connection.cursor() as cursor:
        sizes = {name: _pragma(cursor, name) for name in ("page_size", "page_count", "freelist_count")}
    page = sizes["page_size"]
    return File(Path(str(connection.settings_dict["NAME"])), page * sizes["page_count"], page * sizes["freelist_count"])


def _pragma(cursor: Any, name: str) -> int:
    cursor.execute(f"PRAGMA {name}")
    return int(cursor.fetchone()[0])


def row_counts(connection: Any, names: Iterable[str]) -> dict[str, int]:
    """Counted one by one: SQLite keeps no estimates."""
    counts = {}
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f"SELECT COUNT(*) FROM {connection.ops.quote_name(name)}")
            counts[name] = int(cursor.fetchone()[0])
    return counts
