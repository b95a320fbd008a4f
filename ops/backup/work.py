"""Taking a backup, and bringing one back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.migrations.loader import MigrationLoader

from ops.backup import mysql, sqlite
from ops.backup.folder import Backup, BackupFault, Packed, new_folder

Progress = Callable[[int], Any]  # is told how many more bytes are done


def nobody(count: int) -> None:
    pass


def make(place: Path, *, progress: Progress = nobody) -> Backup:
    """Write the database, as it is at one moment, into a new folder in `place`."""
    now = datetime.now(UTC)
    engine = _engine(connection.vendor)
    with new_folder(place, now) as (draft, folder):
        migrations = _applied()  # before the data: a migration in between would show as one too many, never too few
        with Packed(draft / engine.FILE) as packed:
            for chunk in engine.dump(connection, draft):
                packed.write(chunk)
                progress(len(chunk))
        backup = Backup(
            folder=draft,
            made_at=now.isoformat(timespec="seconds"),
            vendor=connection.vendor,
            server=connection.display_name,
            database=Path(str(connection.settings_dict["NAME"])).name,
            file=engine.FILE,
            size=packed.size,
            packed=packed.bytes,
            sha256=packed.sha256,
            migrations=migrations,
        )
        backup.write()
    return replace(backup, folder=folder)


def refuse(backup: Backup, *, force: bool) -> None:
    """Raise BackupFault when this backup may not be brought back into this database."""
    if backup.vendor != connection.vendor:
        raise BackupFault(f"this is a backup of {backup.vendor}, and the database here is {connection.vendor}")
    known = MigrationLoader(None).graph.nodes
    ours = {app for app, _name in known}
    if later := [
        f"{app}.{name}"
        for app, names in backup.migrations.items()
        for name in names
        if app in ours and (app, name) not in known
    ]:
        raise BackupFault(f"the backup is of a later version, which has {', '.join(later)}: install that one first")
    if not force and (tables := connection.introspection.table_names()):
        raise BackupFault(
            f"the database is not empty: it has {len(tables)} tables. --force puts the backup in their place"
        )


def load(backup: Backup, *, progress: Progress = nobody) -> None:
    """Put what the backup holds in place of whatever is in the database."""

    def counted() -> Any:
        for chunk in backup.chunks():
            yield chunk
            progress(len(chunk))

    _engine(backup.vendor).load(connection, counted())


def pending() -> list[str]:
    """The migrations of this version that the database does not have."""
    loader = MigrationLoader(connection)
    return sorted(f"{app}.{name}" for app, name in loader.graph.nodes.keys() - loader.applied_migrations.keys())


def _applied() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for app, name in sorted(MigrationLoader(connection).applied_migrations):
        found.setdefault(app, []).append(name)
    if not found:
        raise BackupFault("there is nothing to back up: no migration was ever applied to this database")
    return found


def _engine(vendor: str) -> Any:
    return mysql if vendor == "mysql" else sqlite
