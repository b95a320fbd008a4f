"""What commands about tables have in common."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from tqdm import tqdm

from ops.database import patient
from ops.maintenance.tables import UnknownTable, chosen
from ops.management.arguments import names


class TableCommand(BaseCommand):
    """A command about all our tables, or those named by --tables; it may take as long as it takes."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tables", type=names, metavar="A,B", help="only these; all of ours when absent")

    def handle(self, *, tables: list[str] | None, **options: Any) -> None:
        with patient():
            try:
                asked = chosen(connection, tables)
            except UnknownTable as exc:
                unknown, known = exc.args
                raise CommandError(f"no table of ours: {', '.join(unknown)}; there is {', '.join(known)}") from exc
            self.work(asked, are_all=tables is None, **options)

    def work(self, tables: list[str], *, are_all: bool, **options: Any) -> None:
        raise NotImplementedError

    def say(self, line: str) -> None:
        """Write a line, above a progress bar if there is one."""
        with tqdm.external_write_mode():
            self.stdout.write(line)
