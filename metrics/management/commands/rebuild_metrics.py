from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from metrics.rebuild import rebuild_user


class Command(BaseCommand):
    help = "Compute totals anew from the recorded facts; with --check only report where they differ (exit code 1)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", type=int, help="one user's id; everybody when absent")
        parser.add_argument("--check", action="store_true", help="change nothing")

    def handle(self, *, user: int | None, check: bool, **options: Any) -> None:
        users = get_user_model().objects.order_by("pk")
        if user is not None:
            users = users.filter(pk=user)
            if not users.exists():
                raise CommandError(f"there is no user {user}")
        drifted = 0
        ids = users.values_list("pk", flat=True).iterator(chunk_size=2000)
        for user_id in tqdm(ids, total=users.count(), unit="user", disable=options["verbosity"] == 0):
            drift = rebuild_user(user_id, check_only=check)
            drifted += bool(drift)
            for sentence in drift:
                self.stdout.write(f"user {user_id}: {sentence}")
        done = "differ" if check else "were put right"
        self.stdout.write(f"{drifted} users' totals {done}")
        if check and drifted:
            raise CommandError("totals differ from the facts; run rebuild_metrics without --check", returncode=1)
