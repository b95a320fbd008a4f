from typing import Any

from django.db import connection

from ops.maintenance import indexes
from ops.maintenance.indexes import Index, Reads
from ops.management.tables import TableCommand

NOT_COUNTED = (
    "The server does not count which index it uses: SET GLOBAL userstat = ON makes MariaDB count from now on, at a few "
    "per cent of its time (userstat = 1 in its configuration keeps that; MySQL counts by performance_schema = ON "
    "there)."
)


class Command(TableCommand):
    help = (
        "Indexes that the server has not used and those it may lack, by its own count; and those that others make "
        "needless. Changes nothing: docs/indexes.md says what each of ours is for."
    )

    def work(self, tables: list[str], **options: Any) -> None:
        if connection.vendor == "sqlite":
            self.stdout.write("SQLite does not count which index it uses; EXPLAIN QUERY PLAN before a query says it.")
            return
        ours = indexes.indexes(connection, tables)
        if counted := indexes.reads(connection):
            self.show_use(ours, counted, set(tables))
        else:
            self.stdout.write(NOT_COUNTED)
        pairs = [f"{short}, with which {long.name} begins" for short, long in indexes.redundant(ours)]
        self.show("Needless beside others", pairs)

    def show_use(self, ours: list[Index], counted: Reads, tables: set[str]) -> None:
        days, hours = divmod(indexes.uptime(connection) // 3600, 24)
        self.stdout.write(
            f"Counted by {counted.source} since the server started {days} days and {hours} hours ago, or since it was "
            "turned on. Judge by a time in which everything ran once: a week, with its nights."
        )
        idle = [index for index in ours if not counted.by_index.get((index.table, index.name))]
        needed = indexes.kept_for_foreign_keys(connection, ours)
        kept = [index for index in idle if index.is_unique or index in needed]
        self.show("Not used: they only cost", [str(index) for index in idle if index not in kept])
        self.show("Not read, but they keep a rule (unique, foreign key)", [str(index) for index in kept])
        missing = sorted(((count, table) for table, count in counted.without.items() if table in tables), reverse=True)
        self.show(
            f"Read without an index, {counted.unit} (is one missing? `slow_queries` says for what)",
            [f"{table}: {count:,}" for count, table in missing],
        )

    def show(self, title: str, lines: list[str]) -> None:
        self.stdout.write(f"\n{title}: {'none' if not lines else len(lines)}")
        for line in lines:
            self.stdout.write(f"  {line}")
