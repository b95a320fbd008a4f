from collections import Counter
from collections.abc import Iterable
from itertools import takewhile
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.core.management.base import BaseCommand, CommandError

from ops.redis_client import UNAVAILABLE


class Command(BaseCommand):
    help = "What is in Redis: hit rate, memory, and how many keys of which kind."

    def handle(self, **options: Any) -> None:
        if not settings.REDIS_URL:
            self.stdout.write("Without Redis the cache is in the server's own process and cannot be seen from outside.")
            return
        backend: Any = caches["default"]
        try:
            facts = backend.client.get_client().info()
            kinds = Counter(map(kind, backend.iter_keys("*", itersize=1000)))
        except UNAVAILABLE as exc:
            raise CommandError("Redis does not answer.") from exc
        for line in [*server_lines(facts), "", *table(kinds)]:
            self.stdout.write(line)


def kind(key: str) -> str:
    """A key without what is one's own in it: `metrics:user:12:overall` is a `metrics:user:`."""
    names = takewhile(lambda part: not any(map(str.isdigit, part)), key.split(":")[:-1])
    return "".join(f"{name}:" for name in names) or key


def server_lines(facts: dict[str, Any]) -> Iterable[str]:
    """The server's own counts, for all its databases, since it started."""
    hits, misses = facts["keyspace_hits"], facts["keyspace_misses"]
    asked = hits + misses
    limit = facts.get("maxmemory_human", "0B")
    yield (
        f"hit rate   {hits / asked:.1%} of {asked} keys asked for since the server started" if asked else "hit rate   -"
    )
    yield "           (bookkeeping included; for figures alone see cache_reads_total at /metrics)"
    yield f"memory     {facts['used_memory_human']}, at most {'unlimited' if limit == '0B' else limit}"
    yield f"evicted    {facts['evicted_keys']} keys to make room ({facts['maxmemory_policy']})"
    yield f"expired    {facts['expired_keys']} keys"


def table(kinds: Counter[str]) -> Iterable[str]:
    width = max((len(name) for name in kinds), default=4)
    yield f"{'keys'.ljust(width)}  {'count':>9}"
    for name, count in kinds.most_common():
        yield f"{name.ljust(width)}  {count:>9}"
    yield f"{'all'.ljust(width)}  {kinds.total():>9}"
