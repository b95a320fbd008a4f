"""A backup is a folder: `manifest.json`, which is written last, and the compressed data it describes.

`make` takes one from a live database without stopping anybody; `read` and `load` bring one back. What an app knows to
check of a database that was just brought back, it registers here.
"""

from collections.abc import Callable

from ops.backup.folder import Backup, BackupFault, read
from ops.backup.work import load, make

__all__ = ["Backup", "BackupFault", "after_restore", "load", "make", "read", "register"]

after_restore: dict[str, Callable[[], list[str]]] = {}


def register(name: str, check: Callable[[], list[str]]) -> None:
    """`check` looks at a restored database and returns a sentence for each thing that is wrong."""
    after_restore[name] = check
