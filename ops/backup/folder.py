"""Where a backup lies and what it says of itself."""

import gzip
import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Self, cast

FORMAT = 1
MANIFEST = "manifest.json"
PREFIX = "persenaut-"
CHUNK = 2**20


class BackupFault(Exception):
    """A backup cannot be taken, or is not what its manifest says, or may not be brought back here."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What the manifest says. `packed` and `sha256` are of the compressed file, `size` is of what is in it."""

    folder: Path
    made_at: str  # RFC 3339, UTC
    vendor: str  # mysql (MariaDB too) or sqlite
    server: str
    database: str
    file: str
    size: int
    packed: int
    sha256: str
    migrations: dict[str, list[str]]  # those applied, by app

    @property
    def path(self) -> Path:
        return self.folder / self.file

    def write(self) -> None:
        said = {"format": FORMAT} | asdict(self)
        del said["folder"]
        (self.folder / MANIFEST).write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")

    def verify(self) -> None:
        """Raise BackupFault unless the file is, to the byte, the one that was written."""
        digest = hashlib.sha256()
        try:
            with open(self.path, "rb") as file:
                while chunk := file.read(CHUNK):
                    digest.update(chunk)
        except OSError as exc:
            raise BackupFault(f"{self.path} cannot be read: {exc.strerror}") from exc
        if digest.hexdigest() != self.sha256:
            raise BackupFault(f"{self.path} is not the file that was written: its checksum differs from the manifest's")

    def chunks(self) -> Iterator[bytes]:
        """The data, uncompressed."""
        try:
            with gzip.open(self.path) as file:
                while chunk := file.read(CHUNK):
                    yield chunk
        except (OSError, EOFError, zlib.error) as exc:
            raise BackupFault(f"{self.path} cannot be unpacked: {exc}") from exc


def read(folder: Path) -> Backup:
    """The backup in this folder, by its manifest."""
    try:
        said: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError as exc:
        raise BackupFault(f"{folder} is no backup: it has no {MANIFEST}") from exc
    except (OSError, ValueError) as exc:
        raise BackupFault(f"{folder / MANIFEST} cannot be read: {exc}") from exc
    if said.pop("format", None) != FORMAT:
        raise BackupFault(f"{folder} was written by another version of Persenaut: its format is not {FORMAT}")
    try:
        return Backup(folder=folder, **said)
    except TypeError as exc:
        raise BackupFault(f"{folder / MANIFEST} is not complete") from exc


def kept(place: Path) -> list[Path]:
    """The complete backups in a folder, the oldest first."""
    return sorted(path.parent for path in place.glob(f"{PREFIX}*/{MANIFEST}"))


def forget_all_but(number: int, place: Path) -> list[Path]:
    """Delete the oldest backups in the folder; which they were."""
    old = kept(place)[:-number]
    for folder in old:
        (folder / MANIFEST).unlink()  # first: half a backup must not look like one
        shutil.rmtree(folder)
    return old


@contextmanager
def new_folder(place: Path, at: datetime) -> Iterator[tuple[Path, Path]]:
    """A folder to write into, and the name that it gets if all goes well; else nothing is left."""
    folder = place / f"{PREFIX}{at:%Y%m%dT%H%M%SZ}"
    draft = place / f".{folder.name}.draft"
    try:
        place.mkdir(parents=True, exist_ok=True)
        draft.mkdir(mode=0o700)
    except FileExistsError as exc:
        raise BackupFault(f"{draft} is there already: is another backup running?") from exc
    except OSError as exc:
        raise BackupFault(f"{place} cannot be written: {exc.strerror}") from exc
    try:
        yield draft, folder
        draft.rename(folder)
    except OSError as exc:
        raise BackupFault(f"{folder} could not be written: {exc.strerror}") from exc
    finally:
        shutil.rmtree(draft, ignore_errors=True)


class Packed:
    """A compressed file that knows, once closed, its size, its checksum and the size of what went in."""

    def __init__(self, path: Path) -> None:
        self._file = open(path, "xb")  # noqa: SIM115  __exit__ closes it
        self._digest = hashlib.sha256()
        self.size = self.bytes = 0
        self._gzip = gzip.GzipFile("", "wb", compresslevel=6, fileobj=cast(BinaryIO, self._Below(self)), mtime=0)

    class _Below:
        def __init__(self, above: "Packed") -> None:
            self.above = above

        def write(self, data: bytes) -> int:
            self.above._digest.update(data)
            self.above.bytes += len(data)
            return self.above._file.write(data)

        def flush(self) -> None:
            self.above._file.flush()

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def write(self, data: bytes) -> None:
        self.size += len(data)
        self._gzip.write(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        try:
            self._gzip.close()
            self._file.flush()
            os.fsync(self._file.fileno())
        finally:
            self._file.close()
