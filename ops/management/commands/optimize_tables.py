import time
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import connection
from tqdm import tqdm

from ops.maintenance import rebuilding
from ops.maintenance.rebuilding import PATIENCE, TIMES_ROOM
from ops.maintenance.tables import MB, Table, our_file, our_tables
from ops.management.tables import TableCommand

PROMISE = f"""Rebuilt one after the other, while readers and writers go on. Only at the beginning and at the end of each
everybody waits for a moment, at most {PATIENCE} s: until the transactions that use it just then have ended."""


class Command(TableCommand):
    help = (
        "Rebuild tables and their indexes, so that the room of deleted rows is given back (table_sizes says where "
        "there is any). Says before what it does and how long it takes; readers and writers go on. It needs room on "
        "the server's disk for a second copy of each table, one at a time."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--dry-run", action="store_true", help="only say what would be done, and for how long")
        parser.add_argument(
            "--yes-there-is-room",
            action="store_true",
            help="the server is on another machine, whose disk cannot be seen from here, and has room",
        )

    def work(
        self,
        tables: list[str],
        *,
        are_all: bool,
        dry_run: bool = False,
        yes_there_is_room: bool = False,
        **options: Any,
    ) -> None:
        if connection.vendor == "sqlite":
            self.rebuild_file(are_all, dry_run)
            return
        if not tables:
            raise CommandError("the database has no tables of ours: run `manage.py migrate` first")
        sizes = our_tables(connection)
        chosen = [sizes[name] for name in tables]
        self.stdout.write(PROMISE)
        for table in chosen:
            self.stdout.write(f"  {table.name}: {rebuilding.promise(table.size)}")
        self.look_for_room(max(chosen, key=lambda table: table.size), yes_there_is_room or dry_run)
        if not dry_run:
            self.rebuild_tables(chosen)

    def look_for_room(self, largest: Table, is_there: bool) -> None:
        """Refuse when the largest table does not fit a second time. Each is done by itself, so that one counts."""
        room = rebuilding.room(connection)
        needed = f"{TIMES_ROOM * largest.size / MB:.0f} MB for {largest.name}"
        if room.free is None:
            self.stdout.write(f"The server's disk cannot be seen from here ({room.where}); it needs {needed}.")
            if not is_there:
                raise CommandError("a full disk would stop the server: look there, then say --yes-there-is-room")
        elif rebuilding.lacks_room(room.free, largest.size):
            raise CommandError(f"there is no room: {room.free / MB:.0f} MB at {room.where}, of {needed}")

    def rebuild_tables(self, tables: list[Table]) -> None:
        failed = []
        for table in tqdm(tables, unit="table", disable=None):
            began = time.monotonic()
            try:
                rebuilding.rebuild(connection, table.name)
            except rebuilding.Busy:
                failed.append(f"{table.name}: in use the whole time")
            except rebuilding.NotOnline as exc:
                failed.append(f"{table.name}: {exc}")
            else:
                self.say(f"{table.name}: rebuilt, {time.monotonic() - began:.1f} s")
        if failed:
            raise CommandError(f"as they were; try again when less is written: {'; '.join(failed)}")

    def rebuild_file(self, are_all: bool, dry_run: bool) -> None:
        if not are_all:
            raise CommandError("SQLite rebuilds its whole file: leave --tables out")
        before = our_file(connection)
        promise = rebuilding.promise(before.size)
        self.stdout.write(
            f"{before.path.name} is rebuilt as a whole, {promise}: readers go on, writers wait meanwhile."
        )
        free = rebuilding.free_at(before.path.parent)
        if rebuilding.lacks_room(free, before.size):
            needed = TIMES_ROOM * before.size / MB
            raise CommandError(f"there is no room: {free / MB:.0f} MB at {before.path.parent}, of {needed:.0f} MB")
        if not dry_run:
            rebuilding.vacuum(connection)
            given_back = (before.size - our_file(connection).size) / MB
            self.stdout.write(f"{before.path.name}: rebuilt, {given_back:.1f} MB given back")
