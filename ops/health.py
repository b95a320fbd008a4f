"""Is it well? `/livez` touches nothing; `/readyz` says whether to send requests here; `/health` says what ails.

The checks of a probe run side by side, each in a thread of its own, and a probe waits two seconds for them at the
most. Of each check one runs at a time in this process, and its answer serves everybody who asks within a second: these
paths are open to strangers and have no limit, so they must not be a way to flood the database. A stranger reads
statuses and fixed sentences; names, versions and exceptions go to the log, once when a check's status changes.
"""

import logging
import os
import resource
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from django.conf import settings
from django.core.cache import caches
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ops.logs.lines import timestamp
from persenaut.errors import json_error

logger = logging.getLogger(__name__)

Severity = Literal["degraded", "unhealthy"]
Probe = Callable[[], Any]  # "" when all is well, else one sentence for strangers (a lazy translation)

PATIENCE = 2.0  # seconds that a probe waits for its checks
FRESH = 1.0  # seconds that an answer serves others as well
LEAST_LOG_SPACE = 100 * 2**20  # bytes
NO_ANSWER = gettext_lazy("No ha respondido a tiempo.")
FAILED = gettext_lazy("No responde.")

_started = time.monotonic()
_draining = threading.Event()


def livez(request: HttpRequest) -> HttpResponse:
    return _answer(request, lambda: ({"status": "alive"}, 200))


def readyz(request: HttpRequest) -> HttpResponse:
    return _answer(request, _readiness)


def health(request: HttpRequest) -> HttpResponse:
    return _answer(request, _report)


def register(name: str, probe: Probe, *, severity: Severity = "degraded") -> None:
    """Add a check to `/health`. `severity` is what the whole is when `probe` finds something, raises or hangs."""
    _checks[name] = _Check(name, probe, severity)


def start_draining() -> None:
    """From now on `/readyz` sends new requests elsewhere; what is here is still served."""
    _draining.set()


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check said: "" in `text` when all is well."""

    severity: Severity
    text: Any
    ms: float

    @property
    def status(self) -> str:
        return self.severity if self.text else "healthy"

    def shown(self) -> dict[str, Any]:
        found = {"status": self.status, "ms": round(self.ms, 1)}
        return found | {"text": str(self.text)} if self.text else found


class _Check:
    """One check of this process: run by one thread at a time, its answer shared."""

    def __init__(self, name: str, probe: Probe, severity: Severity) -> None:
        self.name, self.probe, self.severity = name, probe, severity
        self._lock = threading.Lock()
        self._run: Future[Finding] | None = None
        self._began = self._ended = 0.0
        self._was_well = True

    def run(self) -> "Future[Finding]":
        """The run that is under way or has just ended, else a new one."""
        with self._lock:
            run = self._run
            if run is None or (run.done() and time.monotonic() - self._ended > FRESH):
                run = Future()
                # Not from a pool: a pool is waited for when the process ends, and this thread may hang.
                threading.Thread(target=self._work, args=(run,), name=f"health-{self.name}", daemon=True).start()
                self._run, self._began = run, time.monotonic()
            return run

    def is_overdue(self) -> bool:
        """Whether the run under way has had its time."""
        return time.monotonic() > self._began + PATIENCE

    def hung(self) -> Finding:
        self._tell(NO_ANSWER, None)
        return Finding(self.severity, NO_ANSWER, PATIENCE * 1000)

    def _work(self, run: "Future[Finding]") -> None:
        began = time.perf_counter()
        error = None
        try:
            text = self.probe()
        except Exception as exc:  # whatever it is, it is the finding
            text, error = FAILED, exc
        self._ended = time.monotonic()
        run.set_result(Finding(self.severity, text, (time.perf_counter() - began) * 1000))
        self._tell(text, error)

    def _tell(self, text: Any, error: Exception | None) -> None:
        """Into the log, when the status is another one than before."""
        if bool(text) != self._was_well:
            return
        self._was_well = not text
        if text:
            logger.warning("health check failed", extra={"check": self.name, "found": str(text)}, exc_info=error)
        else:
            logger.warning("health check well again", extra={"check": self.name})


def run_checks(checks: Iterable[_Check]) -> dict[str, Finding]:
    """Run the checks side by side; none is waited for longer than PATIENCE, by all who ask together."""
    runs = {check: check.run() for check in checks}
    # One that hangs since an earlier probe is not waited for again: probes would use up the server's threads.
    wait([run for check, run in runs.items() if not check.is_overdue()], timeout=PATIENCE)
    return {check.name: run.result() if run.done() else check.hung() for check, run in runs.items()}


def _readiness() -> tuple[dict[str, Any], int]:
    if _draining.is_set():
        return {"status": "draining"}, 503
    found = run_checks(_checks[name] for name in ("database", "migrations", "cache"))
    troubles = {name: finding for name, finding in found.items() if finding.text}
    warnings = {"warnings": {name: str(finding.text) for name, finding in troubles.items()}} if troubles else {}
    if any(finding.severity == "unhealthy" for finding in troubles.values()):
        return {"status": "not ready"} | warnings, 503
    return {"status": "ready"} | warnings, 200


def _report() -> tuple[dict[str, Any], int]:
    found = run_checks(list(_checks.values()))
    statuses = {finding.status for finding in found.values()}
    status = next((worst for worst in ("unhealthy", "degraded") if worst in statuses), "healthy")
    seconds = int(time.monotonic() - _started)
    said = {
        "status": status,
        "timestamp": timestamp(time.time()),
        "uptime": {"seconds": seconds, "formatted": duration(seconds)},
        "memory": memory(),
        "cpu": cpu(),
        "checks": {name: finding.shown() for name, finding in found.items()},
    }
    return said, 503 if status == "unhealthy" else 200


def _answer(request: HttpRequest, say: Callable[[], tuple[dict[str, Any], int]]) -> HttpResponse:
    response: HttpResponse
    if request.method in ("GET", "HEAD"):
        said, status = say()
        response = JsonResponse(said, status=status, json_dumps_params={"ensure_ascii": False})
    else:
        response = json_error(405, "method_not_allowed", _("Este recurso no admite ese método."))
        response["Allow"] = "GET, HEAD"
    response["Cache-Control"] = "no-store"
    # Else Django would log each 503 as an error, every few seconds. The change of status is in the log already.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def duration(seconds: int) -> str:
    """`1d 2h 3m 4s`."""
    days, rest = divmod(seconds, 86400)
    return f"{days}d {rest // 3600}h {rest // 60 % 60}m {rest % 60}s"


def memory() -> dict[str, str]:
    """This process's memory, under the names that clients of the first generation read.

    Its own data is `heapUsed`, what it has reserved for data `heapTotal`; `external` are the pages of files and
    libraries, which it shares with others.
    """
    kib = _proc_status()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    figures = {
        "rss": kib.get("VmRSS", peak),
        "heapUsed": kib.get("RssAnon", 0),
        "heapTotal": kib.get("VmData", 0),
        "external": kib.get("RssFile", 0) + kib.get("RssShmem", 0),
        "peak": peak,
    }
    return {name: f"{size / 1024:.2f} MB" for name, size in figures.items()}


def cpu() -> dict[str, Any]:
    """Processor time of this process in microseconds, and the load averages of the machine."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    usage = {"user": int(used.ru_utime * 1e6), "system": int(used.ru_stime * 1e6)}
    return {"usage": usage, "loadAverage": [round(load, 2) for load in os.getloadavg()]}


def _proc_status() -> dict[str, int]:
    """The sizes (KiB) in /proc/self/status; {} where there is no /proc."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return {}
    pairs = (line.split(":", 1) for line in lines if line.endswith(" kB"))
    return {name: int(size.split()[0]) for name, size in pairs}


# --- The checks of the house itself; llm and the apps register theirs ------------------------------------------------


@contextmanager
def _short_connection() -> Iterator[BaseDatabaseWrapper]:
    """A connection of our own: not the thread's, with which a request works, and without its patience."""
    usual = connections["default"]
    own = deepcopy(usual.settings_dict)
    names = ("connect_timeout", "read_timeout", "write_timeout") if usual.vendor == "mysql" else ("timeout",)
    own["OPTIONS"] |= dict.fromkeys(names, int(PATIENCE))
    own["OPTIONS"].pop("init_command", None)  # sets up a session that writes; SQLite's would wait 20 s for a lock
    connection = type(usual)(own, "default")
    try:
        yield connection
    finally:
        connection.close()


def check_database() -> Any:
    with _short_connection() as connection:
        if not MigrationRecorder(connection).has_table():
            return gettext_lazy("La base de datos está vacía.")
    return ""


class _Migrations:
    """Whether all migrations are applied. That loads every migration module, so a yes is kept: the code of this process
    does not change any more."""

    def __init__(self) -> None:
        self.are_applied = False

    def __call__(self) -> Any:
        if not self.are_applied:
            with _short_connection() as connection:
                loader = MigrationLoader(connection)
                self.are_applied = loader.graph.nodes.keys() <= loader.applied_migrations.keys()
        return "" if self.are_applied else gettext_lazy("Hay migraciones pendientes.")


def check_cache() -> Any:
    if settings.REDIS_URL:
        for alias in ("default", settings.RATELIMIT_USE_CACHE):
            backend: Any = caches[alias]
            backend.client.get_client().ping()  # refused at once while the breaker is open
    return ""


def check_log_disk() -> Any:
    if settings.LOG_TO != "files":
        return ""
    folder = Path(settings.LOG_DIR)
    if not is_writable(folder):
        return gettext_lazy("No se puede escribir en la carpeta de registros.")
    if shutil.disk_usage(nearest(folder)).free < LEAST_LOG_SPACE:
        return gettext_lazy("Queda poco espacio para los registros.")
    return ""


def is_writable(folder: Path) -> bool:
    """Whether files can be made in the folder, or the folder where it is to be."""
    place = nearest(folder)
    return place.is_dir() and os.access(place, os.W_OK | os.X_OK)


def nearest(folder: Path) -> Path:
    """The folder itself, or the nearest one above it that exists."""
    return next(place for place in (folder, *folder.absolute().parents) if place.exists())


_migrations = _Migrations()
_checks: dict[str, _Check] = {}
register("database", check_database, severity="unhealthy")
register("migrations", _migrations, severity="unhealthy")
register("cache", check_cache)
register("logs", check_log_disk)
