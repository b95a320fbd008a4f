from typing import Any

from django.db import connection

from ops.maintenance.tables import MB, File, Table, our_file, our_tables, row_counts
from ops.management.tables import TableCommand


class Command(TableCommand):
    help = "How large the tables and their indexes are, largest first, and how much of their files is empty."

    def work(self, tables: list[str], **options: Any) -> None:
        if connection.vendor == "sqlite":
            self.show_file(our_file(connection), row_counts(connection, tables))
            return
        sizes = our_tables(connection)
        self.show([sizes[name] for name in tables])

    def show(self, tables: list[Table]) -> None:
        self.stdout.write(
            f"{'table':28}{'rows (about)':>14}{'data MB':>10}{'index MB':>10}{'empty MB':>10}{'empty %':>9}"
        )
        for table in sorted(tables, key=lambda table: -table.size):
            self.stdout.write(
                f"{table.name:28}{table.rows:>14,}{table.data / MB:>10.2f}{table.indexes / MB:>10.2f}"
                f"{table.free / MB:>10.2f}{table.fragmentation:>8.0f}%"
            )
        data, indexes = (sum(getattr(table, what) for table in tables) / MB for what in ("data", "indexes"))
        self.stdout.write(f"{'together':42}{data:>10.2f}{indexes:>10.2f}")

    def show_file(self, file: File, counts: dict[str, int]) -> None:
        self.stdout.write(f"{'table':28}{'rows':>14}")
        for name, count in sorted(counts.items(), key=lambda pair: -pair[1]):
            self.stdout.write(f"{name:28}{count:>14,}")
        percent = 100 * file.free / file.size if file.size else 0
        empty = f"{file.free / MB:.2f} MB of them empty ({percent:.0f}%)"
        self.stdout.write(
            f"{file.path.name}: {file.size / MB:.2f} MB, {empty}; SQLite does not say which table has what"
        )
