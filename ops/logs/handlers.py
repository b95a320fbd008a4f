"""Handlers that several processes and threads share: whole lines, dated files, and no harm to the caller."""

import contextlib
import errno
import fcntl
import gzip
import logging
import os
import re
import select
import shutil
import stat
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from logging.handlers import TimedRotatingFileHandler
from pathlib import Path

from ops.logs.lines import timestamp

DAY = 24 * 60 * 60  # seconds
_NOTICE_PAUSE = 60  # seconds between two notices on stderr, over all handlers of the process
_FILE_MODE = 0o640


class SturdyHandler(logging.Handler):
    """One `write` per record, and a disk that fails costs lines but never the caller.

    What could not be written is counted in `dropped` and told on stderr, once a minute at most; when
    writing works again, a line in the log says how many are missing.
    """

    dropped = 0  # since the process started
    _gap = False  # lines were dropped since the last one written
    _next_notice = 0.0

    def write(self, line: bytes, record: logging.LogRecord) -> None:
        """Put the line (it ends in a newline) where it belongs; called with the handler's lock held."""
        raise NotImplementedError

    def after_fork(self) -> None:
        """Let go of the parent's descriptors: a flock belongs to both who share one."""
        raise NotImplementedError

    def emit(self, record: logging.LogRecord) -> None:
        """Format and write; OSError ends here."""
        try:
            self.write(self.format(record).encode() + b"\n", record)
            if self._gap:
                self._gap = False
                self.emit(self._gap_record(record))
        except OSError as error:
            self.dropped += 1
            self._gap = True
            self._notice(f"{self.dropped} log lines dropped so far, last reason: {error}")
        except Exception:
            self.handleError(record)

    def _gap_record(self, record: logging.LogRecord) -> logging.LogRecord:
        facts = {"name": __name__, "levelno": logging.WARNING, "created": record.created}
        return logging.makeLogRecord({**facts, "msg": "log lines were dropped", "dropped": self.dropped})

    def _notice(self, text: str) -> None:
        now = time.monotonic()
        if now >= SturdyHandler._next_notice:
            SturdyHandler._next_notice = now + _NOTICE_PAUSE
            with contextlib.suppress(Exception):  # stderr may be closed, full or missing too
                sys.stderr.write(f"{timestamp(time.time())} {self.name or type(self).__name__}: {text}\n")
                sys.stderr.flush()


class DatedFileHandler(SturdyHandler, TimedRotatingFileHandler):
    """Appends to PREFIX-YYYY-MM-DD.log, then .1.log, .2.log, ... as parts fill up; old parts become .gz.

    The UTC date of a record names its file. The files are on a local file system and belong to one user.

    Why no line is lost or torn, with any number of processes and threads:

    * A file in use is never renamed. A process moves on when a part is full or sealed, and opens the
      next name; two that do so at once meet in the same file, because both just append.
    * A line is one os.write on an O_APPEND descriptor. If the disk takes only a piece of it, the
      piece is wiped out (see `_wipe`) before anyone is told.
    * Each write happens under a shared flock on the file itself, and under that flock the path is
      looked up: does it still lead to this descriptor's file, with room left and not sealed? Only
      then is the line written. One stat tells all of it, and a deleted or moved file as well.
    * The compressor first takes the exclusive flock and clears the file's write permission: the seal.
      So every write is either complete before the seal, hence before the first byte is read for the
      .gz, or its check comes after the seal, sees it, and moves on to the next part. The seal is in
      the inode: it stays when the compressor dies, and nobody waits while it works.
    * The order is seal, .gz.tmp, fsync, rename to .gz, unlink. A part whose .gz exists takes no lines:
      this is checked after opening, so that a name created again after the unlink stays empty.
      Hence a .log beside its .gz, whatever crashed, holds nothing new and is simply deleted.
    * Only parts that are full, or of an earlier day than the clock's, are compressed, `gzip_delay`
      seconds after a process moved on. A straggler of yesterday after that begins another part of
      yesterday. An exclusive flock on the directory lets one process at a time tidy up.
    * A forked child opens the file anew, for a flock is shared by those who inherit the descriptor.
    """

    def __init__(
        self,
        log_dir: Path | str,
        prefix: str,
        *,
        keep_days: int,
        max_bytes: int = 20 * 1024 * 1024,
        gzip_delay: float = 60.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Nothing is opened before the first record. `clock` says which day is today to the compressor.

        A part takes lines until it holds max_bytes, so it ends at most one line per process above it.
        """
        path = Path(log_dir).absolute() / f"{prefix}.log"
        super().__init__(path, when="midnight", utc=True, delay=True, encoding="utf-8", backupCount=keep_days)
        self._dir = path.parent
        self._prefix = prefix
        self._max_bytes = max_bytes
        self._gzip_delay = gzip_delay
        self._clock = clock
        self._ours = re.compile(rf"{re.escape(prefix)}-(\d{{4}}-\d\d-\d\d)(?:\.\d+)?\.log(?:\.gz|\.gz\.tmp)?")
        self._fd = -1
        self._file = (0, 0)  # device and inode of _fd
        self._day = 0  # days since 1970
        self._part = 0
        self._sweeper: threading.Timer | None = None
        _handlers.add(self)

    def write(self, line: bytes, record: logging.LogRecord) -> None:
        """Append the line to the file of the record's day. Raises OSError when the disk does not take it."""
        day = int(record.created // DAY)
        if self._fd < 0 or day != self._day:
            self._day, self._part = day, 0
            self.doRollover()
        for _ in range(100):  # twice is usual; a file system with shifting inodes must not hang us
            fcntl.flock(self._fd, fcntl.LOCK_SH)
            try:
                if not self.shouldRollover(record):
                    self._append(line)
                    return
            finally:
                # Not left to close(): a child forked meanwhile would keep the lock alive.
                fcntl.flock(self._fd, fcntl.LOCK_UN)
            self.doRollover()
        raise OSError(errno.EBUSY, "no log file stays in place", self.baseFilename)

    def shouldRollover(self, record: logging.LogRecord) -> bool:
        """Whether the path no longer leads to the open file, or the file takes no more lines."""
        try:
            found = os.stat(self.baseFilename)
        except OSError:
            return True
        return (found.st_dev, found.st_ino) != self._file or not self._has_room(found)

    def doRollover(self) -> None:
        """Open the day's first part, from the current one on, that takes lines. Raises OSError."""
        self._release()
        self._dir.mkdir(parents=True, exist_ok=True)
        day = _date(self._day * DAY)
        for part in range(self._part, self._part + 10_000):
            path = str(self._dir / f"{self._prefix}-{day}{f'.{part}' if part else ''}.log")
            if os.path.exists(f"{path}.gz"):
                continue
            fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, _FILE_MODE)
            found = os.fstat(fd)
            if self._has_room(found) and not os.path.exists(f"{path}.gz"):
                self._part, self.baseFilename = part, path
                self._file, self._fd = (found.st_dev, found.st_ino), fd
                self._sweep_later()
                return
            os.close(fd)
        raise OSError(errno.EBUSY, "no part takes lines", path)

    def getFilesToDelete(self) -> list[str]:
        """This prefix's files dated more than keep_days days ago, compressed or not."""
        oldest = _date(self._clock() - self.backupCount * DAY)
        return [path for path, day in self._files() if day < oldest]

    def sweep(self) -> None:
        """Delete what is too old and compress what is finished; any process may, at any time."""
        self._sweeper = None  # from here on a rollover starts another one
        try:
            with _flock(str(self._dir), os.O_RDONLY):
                for path in self.getFilesToDelete():
                    os.unlink(path)
                today = _date(self._clock())
                for path, day in self._files():
                    if path.endswith(".log") and (
                        day < today or (day == today and os.path.getsize(path) >= self._max_bytes)
                    ):
                        self._compress(path)
        except OSError as error:
            self._notice(f"old log files were not tidied up: {error}")

    def close(self) -> None:
        """Release the file; a later record would open it again."""
        with self.lock or contextlib.nullcontext():
            self._release()
            if self._sweeper:
                self._sweeper.cancel()
                self._sweeper = None
        super().close()

    def after_fork(self) -> None:
        self._release()
        self._sweeper = None  # threads stay with the parent

    def _has_room(self, found: os.stat_result) -> bool:
        return found.st_size < self._max_bytes and bool(found.st_mode & stat.S_IWUSR)

    def _append(self, line: bytes) -> None:
        written = os.write(self._fd, line)
        if written < len(line):
            self._wipe(written)
            raise OSError(errno.ENOSPC, "the line did not fit", self.baseFilename)

    def _wipe(self, count: int) -> None:
        """Make the `count` bytes just appended harmless, though others may have appended after them.

        First, under the shared lock, they become spaces, which leave a following line valid JSON; then,
        if nothing follows and the file is still in use, they are cut off under the exclusive lock.
        """
        end = os.lseek(self._fd, 0, os.SEEK_CUR)
        hole = os.open(self.baseFilename, os.O_WRONLY)  # with O_APPEND pwrite would append
        try:
            os.pwrite(hole, b" " * count, end - count)
        finally:
            os.close(hole)
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        found = os.fstat(self._fd)
        if found.st_size == end and self._has_room(found):
            os.ftruncate(self._fd, end - count)

    def _release(self) -> None:
        # This order, so that a fork in between finds no descriptor that is already someone else's.
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def _sweep_later(self) -> None:
        if self._sweeper is None:
            self._sweeper = threading.Timer(self._gzip_delay, self.sweep)
            self._sweeper.daemon = True
            with contextlib.suppress(RuntimeError):  # no new threads while the interpreter shuts down
                self._sweeper.start()

    def _files(self) -> list[tuple[str, str]]:
        """Path and date of each file of this prefix."""
        found = ((name, self._ours.fullmatch(name)) for name in sorted(os.listdir(self._dir)))
        return [(str(self._dir / name), match[1]) for name, match in found if match]

    def _compress(self, path: str) -> None:
        """Turn a finished part into path.gz; called by one process at a time."""
        if not os.path.exists(f"{path}.gz"):
            with _flock(path, os.O_RDONLY) as fd:
                os.fchmod(fd, stat.S_IMODE(os.fstat(fd).st_mode) & ~0o222)
            draft = f"{path}.gz.tmp"
            with (
                open(path, "rb") as source,
                open(draft, "wb", opener=lambda name, flags: os.open(name, flags, _FILE_MODE)) as raw,
            ):
                with gzip.GzipFile(os.path.basename(path), "wb", fileobj=raw) as packed:
                    shutil.copyfileobj(source, packed, 1 << 20)
                raw.flush()
                os.fsync(raw.fileno())
            os.rename(draft, f"{path}.gz")
        os.unlink(path)


class StdoutHandler(SturdyHandler):
    """Writes each line whole to standard output, also when all workers of a container share one pipe.

    A pipe takes up to PIPE_BUF bytes in one piece. So short lines are written side by side, under a shared
    flock, and a longer one (a traceback) alone, under an exclusive one; this very file is what is locked.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock_fd = -1
        _handlers.add(self)

    def write(self, line: bytes, record: logging.LogRecord) -> None:
        """Write the line to descriptor 1. Raises OSError when nobody reads any more."""
        if self._lock_fd < 0:
            self._lock_fd = os.open(__file__, os.O_RDONLY)
        kind = fcntl.LOCK_SH if len(line) <= select.PIPE_BUF else fcntl.LOCK_EX
        with contextlib.suppress(OSError):  # no flock on this file system: only long lines are at risk
            fcntl.flock(self._lock_fd, kind)
        try:
            while line:
                line = line[os.write(1, line) :]
        finally:
            with contextlib.suppress(OSError):
                fcntl.flock(self._lock_fd, fcntl.LOCK_UN)

    def after_fork(self) -> None:
        fd, self._lock_fd = self._lock_fd, -1
        if fd >= 0:
            os.close(fd)


@contextlib.contextmanager
def _flock(path: str, flags: int) -> Iterator[int]:
    """An open descriptor of path, locked against everybody else."""
    fd = os.open(path, flags)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield fd
    finally:
        fcntl.flock(fd, fcntl.LOCK_UN)
        os.close(fd)


def _date(moment: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(moment))


_handlers: "weakref.WeakSet[SturdyHandler]" = weakref.WeakSet()


def _after_fork() -> None:
    for handler in list(_handlers):
        handler.after_fork()


os.register_at_fork(after_in_child=_after_fork)
