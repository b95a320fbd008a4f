"""Which database a query goes to when it does not say so."""

from typing import Any

from django.db import DEFAULT_DB_ALIAS

from ops.database import REPLICA


class ReplicaRouter:
    """Everything goes to the primary. Only code that asks for it by `using(ops.database.for_reports())` reads from the
    replica; what it read there is still written to the primary."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return DEFAULT_DB_ALIAS

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        return True  # rows of the replica are rows of the primary

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db != REPLICA  # replication brings it
