"""What Prometheus reads at `/metrics`: how often, how fast, how expensive.

A server counts in files of its own in PROMETHEUS_MULTIPROC_DIR (gunicorn.conf.py calls `share`), so that a scrape sees
all workers, whichever answers it; what an ended process has counted is folded into one file. A request pays for a few
additions on counters that are looked up once per route. Without a server nothing of this is even imported.
"""

import atexit
import fcntl
import glob
import hmac
import ipaddress
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from ops.address import client_address
from ops.tally import Tally
from persenaut.errors import json_error

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Histogram

logger = logging.getLogger(__name__)

# OpenTelemetry's buckets for http.server.request.duration, in seconds.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
QUERY_BUCKETS = (0, 1, 2, 3, 5, 8, 13, 21, 50, 100)
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
SIGNS_OF_A_PROXY = {"HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA"}
DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
MASTER = "PERSENAUT_METRICS_MASTER"  # the process that has prepared the directory
FOLDED = 0  # the process id, never a real one, in the names of the files that hold what ended processes have counted


class Meters:
    """All we count. Made once per process, when its server starts."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Histogram

        registry = self.registry = CollectorRegistry()

        def counter(name: str, text: str, *labels: str) -> "Counter":
            return Counter(name, text, labels, registry=registry)

        def histogram(name: str, text: str, *labels: str, buckets: tuple[float, ...]) -> "Histogram":
            return Histogram(name, text, labels, buckets=buckets, registry=registry)

        self.requests = counter("http_requests_total", "Requests answered.", "method", "route", "status")
        self.durations = histogram(
            "http_server_request_duration_seconds", "Time to answer.", "method", "route", buckets=BUCKETS
        )
        self.queries = histogram("sql_queries_per_request", "SQL queries of one request.", buckets=QUERY_BUCKETS)
        self.sql_seconds = counter("sql_seconds_total", "Time that requests waited for the database.")
        cache = counter("cache_reads_total", "Cached values asked for by requests.", "outcome")
        self.hits, self.misses = cache.labels("hit"), cache.labels("miss")
        self.cache_errors = counter("cache_errors_total", "Commands that Redis did not answer.")
        self.cache_seconds = counter("cache_seconds_total", "Time that requests waited for the cache.")
        self.refusals = counter("rate_limit_refusals_total", "Requests refused by a limit.", "class")
        self.overload = counter("overload_refusals_total", "Requests refused because too many came at once.")
        self.model_calls = counter("model_calls_total", "Calls of the language model.", "outcome")
        self.model_seconds = histogram(
            "model_call_duration_seconds", "Time until the model answered or failed.", buckets=(*BUCKETS, 20, 30, 60)
        )
        self.model_tokens = counter("model_tokens_total", "Tokens paid for.", "kind")
        self.model_cost = counter("model_cost_total", "Cost of the language model, in the currency of its prices.")
        self.deliveries = counter("deliveries_total", "Scheduled challenges delivered.", "outcome")
        for name in settings.RATE_LIMITS:
            self.refusals.labels(name)  # a rate needs a zero to start from
        self._series: dict[tuple[str, str, int], tuple[Callable[[], None], Callable[[float], None]]] = {}

    def request(self, method: str, route: str, status: int, seconds: float, cost: Tally) -> None:
        try:
            count, observe = self._series[method, route, status]
        except KeyError:
            count, observe = self._bind(method, route, status)
        count()
        observe(seconds)
        self.queries.observe(cost.sql_count)
        if cost.sql_count:
            self.sql_seconds.inc(cost.sql_time)
        if cost.cache_hits:
            self.hits.inc(cost.cache_hits)
        if cost.cache_misses:
            self.misses.inc(cost.cache_misses)
        if cost.cache_errors:
            self.cache_errors.inc(cost.cache_errors)
        if cost.cache_time:
            self.cache_seconds.inc(cost.cache_time)

    def _bind(self, method: str, route: str, status: int) -> tuple[Callable[[], None], Callable[[float], None]]:
        known = method if method in METHODS else "other"  # a client can invent methods without end
        count, observe = self.requests.labels(known, route, status).inc, self.durations.labels(known, route).observe
        if known == method:
            self._series[method, route, status] = count, observe
        return count, observe


_meters: Meters | None = None


def start() -> None:
    """Count from now on. Called by the request middleware when a server loads it; commands that have something to
    count (deliveries) call it themselves."""
    global _meters
    if _meters is None:
        try:
            _meters = Meters()
        except OSError:  # no place for the files: then there are no metrics, but there is a server
            logger.exception("metrics are off", extra={"component": "prometheus"})
        else:
            atexit.register(_fold_own)


def request_done(request: HttpRequest, status: int, seconds: float, cost: Tally) -> None:
    if _meters:
        match = request.resolver_match
        _meters.request(request.method or "", match.route if match else "", status, seconds, cost)


def limit_refused(name: str) -> None:
    """A request was refused by the limit of class `name`."""
    if _meters:
        _meters.refusals.labels(name).inc()


def overload_refused(count: int) -> None:
    """So many requests were refused before they were looked at."""
    if _meters:
        _meters.overload.inc(count)


def model_called(
    outcome: str, seconds: float, *, prompt_tokens: int = 0, completion_tokens: int = 0, cost: float = 0.0
) -> None:
    """A call of the language model ended: `outcome` is "ok" or an LLMError's reason."""
    if _meters:
        _meters.model_calls.labels(outcome).inc()
        _meters.model_seconds.observe(seconds)
        _meters.model_tokens.labels("prompt").inc(prompt_tokens)
        _meters.model_tokens.labels("completion").inc(completion_tokens)
        _meters.model_cost.inc(cost)


def delivered(outcome: str, count: int = 1) -> None:
    """Deliveries of scheduled challenges ended: "ok", or a stable word for what went wrong."""
    if _meters:
        _meters.deliveries.labels(outcome).inc(count)


# --- The page --------------------------------------------------------------------------------------------------------


def metrics(request: HttpRequest) -> HttpResponse:
    """GET /metrics, for whoever has METRICS_TOKEN or asks from METRICS_ALLOWED_NETWORKS."""
    if request.method not in ("GET", "HEAD"):
        response = json_error(405, "method_not_allowed", _("Este recurso no admite ese método."))
        response["Allow"] = "GET, HEAD"
        return response
    if not _has_token(request) and not _is_near(request):
        return json_error(403, "forbidden", _("No tienes permiso para hacer esto."))
    from prometheus_client.exposition import choose_encoder

    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    response = HttpResponse(_exposition(encode), content_type=content_type)
    response["Cache-Control"] = "no-store"
    return response


def _exposition(encode: Callable[["CollectorRegistry"], bytes]) -> bytes:
    start()
    if _meters is None:
        return b""
    if not (folder := os.environ.get(DIRECTORY)):
        return encode(_meters.registry)
    from prometheus_client import CollectorRegistry
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    with _locked(folder, fcntl.LOCK_SH):
        MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
        return encode(registry)


def _has_token(request: HttpRequest) -> bool:
    scheme, _, given = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    token = settings.METRICS_TOKEN.encode()
    return bool(token) and scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token)


def _is_near(request: HttpRequest) -> bool:
    """Whether the request comes from an allowed network, as far as that can be known."""
    if not settings.TRUSTED_PROXY_COUNT and not request.META.keys().isdisjoint(SIGNS_OF_A_PROXY):
        return False  # one that nobody told us of: its own address would open the page to the world
    try:
        address = ipaddress.ip_address(client_address(request))
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(network, strict=False) for network in settings.METRICS_ALLOWED_NETWORKS)


# --- Several processes -----------------------------------------------------------------------------------------------


def share() -> None:
    """Let all processes of this server count together. For gunicorn.conf.py; call it before anything is loaded that
    counts. A reload runs it again, to no effect."""
    if os.environ.get(MASTER) == str(os.getpid()):
        return
    os.environ[MASTER] = str(os.getpid())
    folder = os.environ.get(DIRECTORY)
    if not folder:
        memory = Path("/dev/shm")  # the files are written all the time, and nobody wants them after the server
        folder = tempfile.mkdtemp(prefix="persenaut-metrics-", dir=memory if os.access(memory, os.W_OK) else None)
        os.environ[DIRECTORY] = folder
        atexit.register(_remove, folder, os.getpid())
    Path(folder).mkdir(parents=True, exist_ok=True)
    for file in Path(folder).glob("*.db"):
        process = file.stem.rpartition("_")[2]
        if not Path(f"/proc/{process}").exists():  # of a server that has ended: counters begin at zero
            file.unlink(missing_ok=True)


def process_ended(pid: int) -> None:
    """Add what a process has counted to what all ended ones have, so that there are few files however many processes
    come and go. For gunicorn's child_exit."""
    folder = os.environ.get(DIRECTORY, "")
    if not os.path.isdir(folder):
        return
    with _locked(folder, fcntl.LOCK_EX):
        for path in glob.glob(os.path.join(folder, f"*_{pid}.db")):
            _fold(path, path.removesuffix(f"_{pid}.db") + f"_{FOLDED}.db")


def _fold(path: str, into: str) -> None:
    from prometheus_client.mmap_dict import MmapedDict, mmap_key
    from prometheus_client.multiprocess import MultiProcessCollector

    files = [path, into] if os.path.exists(into) else [path]
    draft = f"{into}.new"
    book: Any = MmapedDict(draft)  # type: ignore[no-untyped-call]
    for metric in MultiProcessCollector.merge(files, accumulate=False):  # type: ignore[no-untyped-call]
        for sample in metric.samples:
            labels = sample.labels
            key = mmap_key(metric.name, sample.name, list(labels), list(labels.values()), metric.documentation)
            book.write_value(key, sample.value, 0.0)
    book.close()
    os.rename(draft, into)
    os.unlink(path)


def _fold_own() -> None:
    process_ended(os.getpid())


def _remove(folder: str, owner: int) -> None:
    if os.getpid() == owner:  # a worker inherits this from the one who made the folder
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(folder: str, kind: int) -> Iterator[None]:
    """Scrapes side by side, or one who folds: nothing is seen twice or not at all."""
    lock = os.open(os.path.join(folder, "lock"), os.O_RDONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, kind)
        yield
    finally:
        os.close(lock)
