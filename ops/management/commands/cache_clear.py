import re
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ops import cache
from ops.redis_client import UNAVAILABLE

COUNTERS = "rl:"  # django-ratelimit's, in the same Redis: limits are no cache


class Command(BaseCommand):
    help = "Forget cached values, so that they are computed again. Never needed for right figures; no limit is touched."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--user", type=int, metavar="ID", help="what was computed for one user")
        what.add_argument("--prefix", metavar="P", help="keys that begin so, such as tutor:advice: (see cache_stats)")
        what.add_argument("--all", action="store_true", help="everything")
        parser.add_argument("--dry-run", action="store_true", help="only say how much")

    def handle(self, *, user: int | None, prefix: str | None, dry_run: bool, **options: Any) -> None:
        if not settings.REDIS_URL:
            raise CommandError("Without Redis the cache is in the server's own process: restart it to empty it.")
        try:
            if user is not None:
                done = forget_user(user, dry_run=dry_run)
            elif prefix is not None:
                done = delete_all(f"{literally(prefix)}*", dry_run=dry_run)
            else:
                done = delete_all("*", dry_run=dry_run)
        except UNAVAILABLE as exc:
            raise CommandError("Redis does not answer.") from exc
        self.stdout.write(f"dry run: {done} would be forgotten" if dry_run else f"forgot {done}")


def forget_user(user_id: int, *, dry_run: bool) -> str:
    """Make old whatever was computed for the user: a new generation for every owner that ends in the id."""
    backend: Any = caches["default"]
    found = backend.iter_keys(f"{cache.GENERATION}*:{user_id}", itersize=1000)
    owners = sorted({key.removeprefix(cache.GENERATION) for key in found})
    if not dry_run:
        for owner in owners:
            cache.forget(owner)
    return f"{len(owners)} kinds of values of user {user_id} ({', '.join(owners) or 'nothing is stored'})"


def delete_all(pattern: str, *, dry_run: bool) -> str:
    backend: Any = caches["default"]
    keys = [key for key in backend.iter_keys(pattern, itersize=1000) if not key.startswith(COUNTERS)]
    if not dry_run:
        for start in range(0, len(keys), 500):
            backend.delete_many(keys[start : start + 500])
    return f"{len(keys)} keys"


def literally(text: str) -> str:
    """The text as a Redis pattern that means just itself."""
    return re.sub(r"([*?\[\]\\^])", r"\\\1", text)
