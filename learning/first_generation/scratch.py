"""The database that a dry run fills: on a temporary file, gone afterwards. The real one is only read."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connections
from django.db.utils import load_backend

from accounts.models import User
from learning.first_generation.ledger import Ledger

ALIAS = "default"
COPIED, COPIED_FIELDS = 2000, ("pk", "username", "username_key", "email")  # users at a time, and what of them
SQLITE = "django.db.backends.sqlite3"
PRAGMAS = "PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF;"  # nothing here has to outlive us


@contextmanager
def scratch_database(ledger: Ledger) -> Iterator[None]:
    """Everything in this thread goes to a scratch database that has our tables, and of our users the names and
    addresses, since those are taken. Users whom an import made are not there: a dry run begins anew."""
    real = connections[ALIAS]
    with tempfile.TemporaryDirectory(prefix="persenaut-dry-run-") as folder:
        scratch = _connection(Path(folder) / "scratch.sqlite3")
        try:
            connections[ALIAS] = scratch
            scratch.on_commit = lambda *hook: None  # nobody's cached figures change
            call_command("migrate", verbosity=0, interactive=False)
            for users, imported in _users(real, ledger):
                connections[ALIAS] = scratch
                User.objects.bulk_create(users)
                User.objects.filter(pk__in=imported).delete()
            connections[ALIAS] = scratch
            yield
        finally:
            scratch.close()
            connections[ALIAS] = real
            ContentType.objects.clear_cache()  # of the scratch database


def _connection(path: Path) -> Any:
    settings: dict[str, Any] = {"ENGINE": SQLITE, "NAME": path, "OPTIONS": {"init_command": PRAGMAS}}
    return load_backend(SQLITE).DatabaseWrapper(connections.configure_settings({ALIAS: settings})[ALIAS], ALIAS)


def _users(real: Any, ledger: Ledger) -> Iterator[tuple[list[User], list[int]]]:
    """Users of the real database, and the ids of those whom the import made, a stretch at a time."""
    last = 0
    while True:
        connections[ALIAS] = real
        rows = list(User.objects.filter(pk__gt=last).order_by("pk").values(*COPIED_FIELDS)[:COPIED])
        if not rows:
            break
        last = rows[-1]["pk"]
        yield [User(**row) for row in rows], []
    place = 0
    while True:
        connections[ALIAS] = real
        mine = ledger.users(place, COPIED)
        if not mine:
            break
        place = mine[-1][0]
        yield [], [new_id for _place, _old_id, new_id in mine]
