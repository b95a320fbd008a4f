from typing import Any

from django.core.management.commands import migrate

from ops.database import patient


class Command(migrate.Command):
    """Django's own. An index on a large table takes longer than a request may wait: the time-out of a request would end
    the connection in the midst of it, and leave half a migration behind."""

    def handle(self, *args: Any, **options: Any) -> None:
        with patient(options["database"]):
            super().handle(*args, **options)
