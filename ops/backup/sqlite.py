"""SQLite: its online backup, which takes a consistent copy beside whoever writes."""

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from ops.backup.folder import CHUNK, BackupFault

FILE = "data.sqlite3.gz"


def dump(connection: Any, folder: Path) -> Iterator[bytes]:
    """The bytes of a copy, made in `folder`: writers go on while it is read."""
    copy = folder / "copy.sqlite3"
    connection.ensure_connection()
    try:
        with closing(sqlite3.connect(copy)) as target:
            connection.connection.backup(target)
            # A file on its own: the log beside a WAL database would be left out.
            target.execute("PRAGMA journal_mode=DELETE")
            _insist_on_sound(target)
        with open(copy, "rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except sqlite3.Error as exc:
        raise BackupFault(f"SQLite says: {exc}") from exc
    finally:
        copy.unlink(missing_ok=True)


def load(connection: Any, chunks: Iterable[bytes]) -> None:
    """All of it or, when anything is wrong, nothing."""
    place = Path(str(connection.settings_dict["NAME"])).absolute().parent
    with tempfile.NamedTemporaryFile(prefix="restore-", suffix=".sqlite3", dir=place) as file:
        for chunk in chunks:
            file.write(chunk)
        file.flush()
        connection.ensure_connection()
        try:
            with closing(sqlite3.connect(file.name)) as source:
                _insist_on_sound(source)
                source.backup(connection.connection)
        except sqlite3.Error as exc:
            raise BackupFault(f"SQLite says: {exc}") from exc
        connection.close()


def _insist_on_sound(database: sqlite3.Connection) -> None:
    found = database.execute("PRAGMA quick_check").fetchone()[0]
    if found != "ok":
        raise BackupFault(f"SQLite finds the copy damaged: {found}")
