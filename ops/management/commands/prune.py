from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from ops import pruning
from ops.management.arguments import names, whole


class Command(BaseCommand):
    help = (
        "Delete what is old and of no use: the log of model calls, mail that was sent, tokens and logins that have "
        "expired. In small batches, beside a running server; at any time, by cron or by hand."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        kept = ", ".join(f"{kind.name} ({kind.days} days)" for kind in pruning.kinds().values())
        parser.add_argument("--only", type=names, metavar="A,B", help=f"only these of: {kept}")
        parser.add_argument(
            "--days", type=whole, metavar="N", help="what is older than N days, whatever the usual time"
        )
        parser.add_argument("--batch", type=whole, default=pruning.BATCH, metavar="ROWS", help="rows at a time")
        parser.add_argument("--dry-run", action="store_true", help="only count")

    def handle(self, *, only: list[str] | None, days: int | None, batch: int, dry_run: bool, **options: Any) -> None:
        kinds = pruning.kinds()
        if unknown := [name for name in only or [] if name not in kinds]:
            raise CommandError(f"nothing is called {', '.join(unknown)}; there is {', '.join(kinds)}")
        for name in only or kinds:
            old = kinds[name].old(days)
            count = old.count()
            if count and not dry_run:
                with tqdm(total=count, desc=name, unit="row", disable=None) as bar:
                    count = pruning.prune(old, batch=batch, progress=bar.update)
            said = "would be deleted" if dry_run else "deleted"
            self.stdout.write(f"{name}: {count} rows older than {days or kinds[name].days} days {said}")
