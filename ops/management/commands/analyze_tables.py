import time
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import connection
from tqdm import tqdm

from ops.maintenance import rebuilding
from ops.management.tables import TableCommand


class Command(TableCommand):
    help = (
        "Let the database count anew what its optimizer goes by: how many rows a table has, how different the values "
        "of an index are. After an import, or when a query has become slow overnight. Readers and writers go on."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--dry-run", action="store_true", help="only say which tables")

    def work(self, tables: list[str], *, dry_run: bool = False, **options: Any) -> None:
        busy = []
        for name in tqdm(tables, unit="table", disable=True if dry_run else None):
            began = time.monotonic()
            try:
                if not dry_run:
                    rebuilding.analyze(connection, name)
            except rebuilding.Busy:
                busy.append(name)
                continue
            taken = "would be analyzed" if dry_run else f"analyzed, {time.monotonic() - began:.1f} s"
            self.say(f"{name}: {taken}")
        if busy:
            raise CommandError(f"in use the whole time, try again later: {', '.join(busy)}")
