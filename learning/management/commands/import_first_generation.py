import json
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo, available_timezones

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from learning.first_generation import checking, importing, report
from learning.first_generation.ledger import Ledger, Moved
from learning.first_generation.reading import CannotRead, OldDatabase
from learning.first_generation.scratch import scratch_database
from learning.first_generation.steps import Run
from ops.management.arguments import whole

MOST_ROWS = 5000  # of a batch
MOST_SAID = 50  # differences, on the screen


class Command(BaseCommand):
    help = (
        "Import the users of the first generation (the Node.js service) with all their history from its MySQL or "
        "MariaDB database, which is only read. Stop that service first. An import that was interrupted goes on where "
        "it was; a finished one adds nothing when it is run again. Each row is imported, repaired or left out for a "
        "reason, and listed. Exit code 1 when the import could not come to its end, or --check found a difference."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--source", required=True, type=url, metavar="URL",
            help="mysql://user:password@host:3306/name, with ?ca=FILE for TLS; @FILE reads it from a file, where no "
            "list of processes shows the password",
        )  # fmt: skip
        parser.add_argument(
            "--source-time-zone", required=True, type=zone, metavar="ZONE",
            help="the old server's time zone, such as Europe/Madrid; its users keep it until they choose another",
        )  # fmt: skip
        how = parser.add_mutually_exclusive_group()
        how.add_argument(
            "--dry-run", action="store_true", help="import into a temporary file, and say what an import would say"
        )
        how.add_argument("--check", action="store_true", help="import nothing; compare each user's sums, old and new")
        parser.add_argument("--batch", type=whole, default=1000, metavar="N", help="rows of a transaction (1000)")
        parser.add_argument("--report", metavar="FILE", help="write each single case here, as lines of JSON")

    def handle(
        self,
        *,
        source: str,
        source_time_zone: ZoneInfo,
        dry_run: bool,
        check: bool,
        batch: int,
        report: str | None,
        **options: Any,
    ) -> None:
        self.quiet = options["verbosity"] == 0
        if batch > MOST_ROWS:
            raise CommandError(f"--batch is {MOST_ROWS} at most")
        try:
            with ExitStack() as stack:
                file = stack.enter_context(opened(report)) if report else None
                old = OldDatabase(source, source_time_zone)
                stack.callback(old.close)
                key = old.key()
                if check:
                    self.check_all(old, Ledger(key), file)
                    return
                if dry_run:
                    stack.enter_context(scratch_database(Ledger(key)))
                self.import_all(Run(old, Ledger(key), batch), file)
                if dry_run:
                    self.stdout.write("This was a dry run: nothing was imported.")
        except CannotRead as exc:
            raise CommandError(str(exc)) from exc
        except Moved as exc:
            raise CommandError("Another import of this database is running.") from exc

    def import_all(self, run: Run, file: IO[str] | None) -> None:
        for line in run.old.missing():
            self.stdout.write(line)
        importing.import_all(run, self.bar)
        self.stdout.write(f"{run.read:,} rows read in this run; of all runs together:")
        report.summarise(run.old, run.ledger, self.stdout.write, file)
        if faults := report.incomplete(run.old, run.ledger):
            raise CommandError("\n".join(faults))

    def check_all(self, old: OldDatabase, ledger: Ledger, file: IO[str] | None) -> None:
        found = 0
        for line in checking.differences(old, ledger):
            found += 1
            if file:
                file.write(json.dumps({"difference": line}, ensure_ascii=False) + "\n")
            if found <= MOST_SAID:
                self.stdout.write(line)
        if found > MOST_SAID:
            self.stdout.write(f"... and {found - MOST_SAID:,} more; --report FILE has them all")
        faults = report.incomplete(old, ledger)
        self.stdout.write(f"{ledger.tables()['users'].imported:,} users compared, {found:,} differences")
        if found or faults:
            raise CommandError("\n".join(["The old database and this one differ.", *faults]))

    def bar(self, what: str, total: int, before: int) -> Callable[[int], Any]:
        bar = tqdm(total=total, initial=before, desc=what, unit="row", disable=self.quiet or None)

        def told(count: int) -> None:
            bar.update(count)
            if bar.n >= total:
                bar.close()

        return told


def url(text: str) -> str:
    if not text.startswith("@"):
        return text
    try:
        return Path(text[1:]).read_text(encoding="utf-8").strip()
    except OSError as exc:
        raise ArgumentTypeError(f"{text[1:]} cannot be read: {exc.strerror}") from exc


def zone(name: str) -> ZoneInfo:
    if name not in available_timezones():
        raise ArgumentTypeError(f"{name!r}: use a time zone of the IANA database, such as Europe/Madrid")
    return ZoneInfo(name)


@contextmanager
def opened(path: str) -> Iterator[IO[str]]:
    try:
        file = report.open_file(path)
    except OSError as exc:
        raise CommandError(f"{path} cannot be written: {exc.strerror}") from exc
    with file:
        yield file
