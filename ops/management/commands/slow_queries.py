import signal
import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection

from ops.maintenance import slow_log
from ops.maintenance.slow_log import SHOWN
from ops.management.arguments import seconds, whole

ENDINGS = (signal.SIGTERM, signal.SIGHUP)
NOT_ALLOWED = {1142, 1227}  # MySQL's numbers for "not without a privilege"


class Command(BaseCommand):
    help = "The database server's own log of slow queries: on, off, and what cost most time."

    def add_arguments(self, parser: CommandParser) -> None:
        kinds = parser.add_subparsers(dest="what", required=True)
        on = kinds.add_parser("on", help="log from now on, for some minutes or until it is turned off")
        on.add_argument("--seconds", type=seconds, default=1.0, metavar="S", help="what is slow: 1 second when absent")
        on.add_argument("--to", choices=["table", "file"], default="table", help="mysql.slow_log, or the server's file")
        how_long = on.add_mutually_exclusive_group(required=True)
        how_long.add_argument("--minutes", type=whole, metavar="N", help="wait so long, turn it off, and show the top")
        how_long.add_argument("--stay", action="store_true", help="leave it on; `slow_queries off` ends it")
        off = kinds.add_parser("off", help="log no more")
        off.add_argument("--empty", action="store_true", help="and empty mysql.slow_log")
        top = kinds.add_parser("top", help="the statements that cost most time together")
        for each in (on, top):
            each.add_argument("--limit", type=whole, default=10, metavar="N", help="so many statements: 10 when absent")
        top.add_argument("--file", metavar="PATH", help="read this slow log in place of what the server says")

    def handle(self, *, what: str, **options: Any) -> None:
        if connection.vendor == "sqlite":
            self.stdout.write(
                "SQLite has no log of slow queries; the request log (LOG_DIR/http-*) says of each request how long it "
                "waited for the database."
            )
            return
        try:
            getattr(self, what)(**options)
        except DatabaseError as exc:
            if exc.args and exc.args[0] in NOT_ALLOWED:
                raise CommandError(
                    "this database user may not: it takes SUPER (MySQL: SYSTEM_VARIABLES_ADMIN), and SELECT on "
                    f"mysql.slow_log. The server says: {exc.args[-1]}"
                ) from exc
            raise

    def on(self, *, seconds: float, to: str, minutes: int | None, limit: int, **options: Any) -> None:
        before = slow_log.state(connection)
        slow_log.turn_on(connection, seconds=seconds, to=to)
        self.stdout.write(
            f"Queries of {seconds:g} s and more are logged to {self.place(to)}, on connections made from now on: those "
            f"of running servers are renewed within {settings.DATABASES['default']['CONN_MAX_AGE']} s."
        )
        if minutes is None:
            self.stdout.write("It STAYS ON, and grows, until you say: manage.py slow_queries off")
            return
        try:
            self.wait(minutes)
        finally:  # however this ends, but for SIGKILL
            slow_log.restore(connection, before)
            self.stdout.write(f"The log is {'on, as it was before' if before.is_on else 'off again'}.")
        self.show(to, limit, None)

    def wait(self, minutes: int) -> None:
        self.stdout.write(f"For {minutes} minutes; Ctrl-C ends it sooner.")
        self.stdout.flush()
        usual = {number: signal.signal(number, lambda number, frame: sys.exit(128 + number)) for number in ENDINGS}
        try:
            time.sleep(60 * minutes)
        except KeyboardInterrupt:
            self.stdout.write("")
        finally:
            for number, handler in usual.items():
                signal.signal(number, handler)

    def off(self, *, empty: bool, **options: Any) -> None:
        before = slow_log.state(connection)
        slow_log.turn_off(connection)
        self.stdout.write("The log is off." if before.is_on else "The log was off.")
        if empty:
            slow_log.empty_table(connection)
            self.stdout.write("mysql.slow_log is empty.")

    def top(self, *, limit: int, file: str | None, **options: Any) -> None:
        now = slow_log.state(connection)
        self.show("file" if file or "TABLE" not in now.to else "table", limit, file)
        if now.is_on:
            self.stdout.write(f"The log is ON, for {now.seconds:g} s and more, until: manage.py slow_queries off")

    def show(self, to: str, limit: int, file: str | None) -> None:
        entries = slow_log.from_table(connection) if to == "table" else self.read(file)
        found = slow_log.top(entries, limit)
        if not found:
            self.stdout.write("No slow query is in the log.")
        for slow in found:
            self.stdout.write(
                f"{slow.total:9.2f} s in {slow.count} times, longest {slow.longest:.2f} s, "
                f"up to {slow.examined:,} rows read\n    {slow.shape[:SHOWN]}"
            )

    def read(self, file: str | None) -> Any:
        path = Path(file or slow_log.state(connection).file)
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError as exc:
            raise CommandError(
                f"{path} cannot be read here ({exc.strerror}): copy it from the server and say --file, "
                "or log to the table"
            ) from exc
        return slow_log.from_file(text, str(connection.settings_dict["NAME"]))

    def place(self, to: str) -> str:
        return "the table mysql.slow_log" if to == "table" else slow_log.state(connection).file
