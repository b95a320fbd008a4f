"""Settings that contradict each other, or are unsafe: `manage.py check` says it before a user does.

`persenaut.E...` cannot work and stops a start; `persenaut.W...` works, though not as it should. Rules marked `deploy`
are for servers that strangers reach: `manage.py check --deploy`. docs/troubleshooting.md has a line for each.
"""

import ipaddress
import os
import zoneinfo
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from ops import tracing
from ops.health import is_writable
from ops.sentry import are_installed

Rule = Callable[[], Iterator[tuple[str, str]]]  # yields what is wrong, and what to do about it

TAG = "persenaut"
GUNICORN_GRACE = 25  # seconds, gunicorn.conf.py's graceful_timeout
SHORTEST_SECRET = 32  # characters: HS256 asks for a key as long as its hash
SHORTEST_TOKEN = 16
OURS = [  # what Django's checks W002 and W003 look for by its own classes' names
    "ops.headers.HeadersMiddleware",
    "ops.admin_only.CsrfViewMiddleware",
]

REPORTING = {
    "SENTRY_DSN": ["sentry_sdk"],
    "OTEL_EXPORTER_OTLP_ENDPOINT": tracing.PACKAGES,
}

ids: set[str] = set()


def rule(number: str, *, deploy: bool = False) -> Callable[[Rule], Rule]:
    """Register a rule as Django's system check `persenaut.<number>`, an error or a warning by its letter."""
    kind = Error if number.startswith("E") else Warning
    name = f"{TAG}.{number}"
    ids.add(name)

    def registered(find: Rule) -> Rule:
        def check(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
            return [kind(wrong, hint=cure, id=name) for wrong, cure in find()]

        register(check, TAG, deploy=deploy)
        return find

    return registered


# --- Cannot work -----------------------------------------------------------------------------------------------------


@rule("E001")
def several_workers_without_redis() -> Iterator[tuple[str, str]]:
    if settings.WEB_CONCURRENCY > 1 and not settings.REDIS_URL:
        yield (
            f"WEB_CONCURRENCY={settings.WEB_CONCURRENCY}, but there is no Redis: each process would have a cache and "
            "limits of its own.",
            "Set REDIS_URL, or leave WEB_CONCURRENCY out.",
        )


@rule("E002")
def origins_that_no_browser_sends() -> Iterator[tuple[str, str]]:
    for origin in settings.CORS_ALLOWED_ORIGINS:
        if not _is_origin(origin):
            yield (
                f"CORS_ALLOWED_ORIGINS has {origin!r}, which is not an origin as browsers send it.",
                "Write scheme, host and, if it is not the usual one, port, in lower case: https://app.example.org",
            )


@rule("E003")
def unknown_time_zone() -> Iterator[tuple[str, str]]:
    try:
        zoneinfo.ZoneInfo(settings.DEFAULT_TIME_ZONE)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        yield (
            f"DEFAULT_TIME_ZONE={settings.DEFAULT_TIME_ZONE!r} is not a known time zone.",
            "Use a name of the IANA list, such as Europe/Madrid or America/Bogota.",
        )


@rule("E004")
def logs_that_cannot_be_written() -> Iterator[tuple[str, str]]:
    if settings.LOG_TO == "files" and not is_writable(Path(settings.LOG_DIR)):
        yield (
            "The folder of the logs cannot be written: LOG_DIR.",
            "Give the folder to the user the server runs as, choose another one, or set LOG_TO=stdout.",
        )


@rule("E005")
def database_that_cannot_be_written() -> Iterator[tuple[str, str]]:
    default = settings.DATABASES["default"]
    if "sqlite" in default["ENGINE"]:
        file = Path(default["NAME"])
        if not is_writable(file.parent) or (file.exists() and not os.access(file, os.W_OK)):
            yield (
                "The SQLite database, or the folder it is in, cannot be written: DATA_DIR or DATABASE_URL.",
                "Give folder and file to the user the server runs as; SQLite makes files beside the database.",
            )


@rule("E006")
def networks_that_are_none() -> Iterator[tuple[str, str]]:
    for network in settings.METRICS_ALLOWED_NETWORKS:
        if _network(network) is None:
            yield (
                f"METRICS_ALLOWED_NETWORKS has {network!r}, which is not a network.",
                "Write addresses or networks such as 10.0.0.0/8 or ::1.",
            )


@rule("E007")
def protection_that_was_taken_out() -> Iterator[tuple[str, str]]:
    for name in OURS:
        if name not in settings.MIDDLEWARE:
            yield (
                f"MIDDLEWARE lacks {name}.",
                "Put it back: it stands in for a middleware of Django that protects users.",
            )


@rule("E020")
def reports_without_their_packages() -> Iterator[tuple[str, str]]:
    for name, packages in REPORTING.items():
        if getattr(settings, name) and not are_installed(packages):
            yield (
                f"{name} is set, and nothing here can speak to what it names: {' and '.join(packages)} are missing.",
                "pip install -r requirements-optional.txt, or leave it out.",
            )


# --- Works, though not as it should ----------------------------------------------------------------------------------


@rule("W001")
def limits_that_stay() -> Iterator[tuple[str, str]]:
    if settings.SKIP_RATE_LIMIT and not settings.DEBUG:
        yield (
            "SKIP_RATE_LIMIT is ignored: DEBUG is off, and limits hold.",
            "Remove it, or raise the RATE_LIMIT_... you mean.",
        )


@rule("W002")
def key_sent_in_clear() -> Iterator[tuple[str, str]]:
    url = urlsplit(settings.AI_BASE_URL)
    if settings.AI_API_KEY and url.scheme == "http" and not _is_this_machine(url.hostname):
        yield (
            "AI_BASE_URL is http:// on another machine: the key and the learners' notes travel readably.",
            "Use https://, or leave AI_API_KEY out when the server in your own network needs none.",
        )


@rule("W003")
def model_slower_than_a_restart() -> Iterator[tuple[str, str]]:
    if settings.AI_TIMEOUT >= GUNICORN_GRACE:
        yield (
            f"AI_TIMEOUT={settings.AI_TIMEOUT:g}: a restart waits {GUNICORN_GRACE} s for requests, and would cut off"
            " those that wait for the model.",
            f"Use less than {GUNICORN_GRACE}.",
        )


@rule("W004")
def sentinels_without_a_name() -> Iterator[tuple[str, str]]:
    if os.environ.get("REDIS_SENTINELS") and not settings.REDIS_URL:
        yield "REDIS_SENTINELS is ignored: there is no REDIS_URL.", "Set REDIS_URL=redis://NAME-OF-THE-PRIMARY/0."


@rule("W005")
def a_statement_that_outlives_its_request() -> Iterator[tuple[str, str]]:
    options = settings.DATABASES["default"].get("OPTIONS", {})
    patience = options.get("read_timeout")
    if patience and settings.DATABASE_STATEMENT_TIMEOUT and int(patience) <= settings.DATABASE_STATEMENT_TIMEOUT:
        yield (
            f"DATABASE_STATEMENT_TIMEOUT={settings.DATABASE_STATEMENT_TIMEOUT}, while a request waits {patience} s: the"
            " database goes on with what nobody waits for.",
            "Let it be less than DATABASE_READ_TIMEOUT.",
        )


@rule("W006")
def a_replica_of_nothing() -> Iterator[tuple[str, str]]:
    if settings.DATABASE_REPLICA_URL and not settings.DATABASE_URL.startswith("mysql://"):
        yield (
            "DATABASE_REPLICA_URL is set while the database is SQLite: reports would be read from another database.",
            "Set DATABASE_URL to the server that it is a replica of, or remove it.",
        )


# --- Not for strangers -----------------------------------------------------------------------------------------------


@rule("W010", deploy=True)
def debugging() -> Iterator[tuple[str, str]]:
    if settings.DEBUG:
        yield "DEBUG is on: errors show code and settings to whoever causes them.", "Remove DEBUG."


@rule("W011", deploy=True)
def no_limits() -> Iterator[tuple[str, str]]:
    if settings.SKIP_RATE_LIMIT and settings.DEBUG:
        yield "SKIP_RATE_LIMIT and DEBUG are on: there is no limit at all.", "Remove both."


@rule("W012", deploy=True)
def no_https() -> Iterator[tuple[str, str]]:
    if not settings.HTTPS:
        yield (
            "HTTPS=false: passwords and tokens travel readably, cookies are not Secure, and there is no HSTS.",
            "Remove it, and put a proxy that speaks TLS in front.",
        )


@rule("W013", deploy=True)
def redirect_loop() -> Iterator[tuple[str, str]]:
    if settings.HTTPS and not settings.TRUSTED_PROXY_COUNT:
        yield (
            "HTTPS is on but TRUSTED_PROXY_COUNT is 0: gunicorn speaks no TLS and believes no proxy, so every request"
            " is redirected to itself.",
            "Set TRUSTED_PROXY_COUNT to the number of proxies in front, and let them send X-Forwarded-Proto.",
        )


@rule("W014", deploy=True)
def answers_for_all() -> Iterator[tuple[str, str]]:
    if settings.EXPOSE_ANSWER_KEY:
        yield (
            "EXPOSE_ANSWER_KEY is on: learners can read the right answer first.",
            "Remove it once no old client needs it.",
        )


@rule("W015", deploy=True)
def short_secret() -> Iterator[tuple[str, str]]:
    if len(settings.SECRET_KEY) < SHORTEST_SECRET:
        yield (
            f"SECRET_KEY has less than {SHORTEST_SECRET} characters: who guesses it can log in as anybody.",
            'Make one with python -c "import secrets; print(secrets.token_urlsafe(64))".',
        )


@rule("W016", deploy=True)
def secret_of_one_machine() -> Iterator[tuple[str, str]]:
    elsewhere = [name for name, host in _servers().items() if not _is_this_machine(host)]
    if settings.SECRET_KEY_IS_KEPT and elsewhere:
        yield (
            f"SECRET_KEY comes from a file in DATA_DIR, while {' and '.join(elsewhere)} may serve several machines:"
            " each would refuse the tokens of the others.",
            "Set the same SECRET_KEY (or SECRET_KEY_FILE) on all of them.",
        )


@rule("W017", deploy=True)
def hosts_too_many_or_too_few() -> Iterator[tuple[str, str]]:
    if any(host in ("*", ".") for host in settings.ALLOWED_HOSTS):
        yield "ALLOWED_HOSTS has '*': a forged Host gets into links.", "List the names this server is reached by."
    elif all(_is_this_machine(host.strip("[]")) for host in settings.ALLOWED_HOSTS):
        yield "ALLOWED_HOSTS has only this machine's own names.", "Add the name that people reach this server by."


@rule("W018", deploy=True)
def origins_that_are_not_safe() -> Iterator[tuple[str, str]]:
    for origin in settings.CORS_ALLOWED_ORIGINS:
        if settings.HTTPS and origin.startswith("http://"):
            yield (
                f"CORS_ALLOWED_ORIGINS has {origin!r}: whoever can change that page on its way acts as its user here.",
                "Serve the client by https:// and allow that.",
            )


@rule("W019", deploy=True)
def clients_of_another_site() -> Iterator[tuple[str, str]]:
    ours = {_site(host.lstrip(".")) for host in settings.ALLOWED_HOSTS}
    for origin in settings.CORS_ALLOWED_ORIGINS:
        host = urlsplit(origin).hostname or ""
        if _is_origin(origin) and not _is_this_machine(host) and "*" not in ours and _site(host) not in ours:
            yield (
                f"CORS_ALLOWED_ORIGINS has {origin!r}, another site than ALLOWED_HOSTS: browsers send the cookie"
                " (SameSite=Strict) within one site only, so nobody stays logged in.",
                "Serve client and API under one domain, such as app.example.org and api.example.org.",
            )


@rule("W020", deploy=True)
def embedded_database() -> Iterator[tuple[str, str]]:
    if "sqlite" in settings.DATABASES["default"]["ENGINE"]:
        yield (
            "The database is SQLite: fine for a small group on one machine, one writer at a time.",
            "For more set DATABASE_URL=mysql://user:password@host/persenaut.",
        )


@rule("W021", deploy=True)
def embedded_cache() -> Iterator[tuple[str, str]]:
    if not settings.REDIS_URL:
        yield (
            "Cache and limits are in this process: fine for a small group, gone with a restart, and one process only.",
            "For more set REDIS_URL=redis://host/0.",
        )


@rule("W022", deploy=True)
def guessing_made_easy() -> Iterator[tuple[str, str]]:
    count, seconds = settings.RATE_LIMITS["auth"]
    if count / seconds > 100 / 900:
        yield (
            f"RATE_LIMIT_AUTH allows {count} tries in {seconds} s: passwords can be guessed.",
            "Use 5/15m, or at most 100/15m behind an address that many people share.",
        )


@rule("W023", deploy=True)
def metrics_for_everybody() -> Iterator[tuple[str, str]]:
    if any((network := _network(given)) and not network.prefixlen for given in settings.METRICS_ALLOWED_NETWORKS):
        yield "METRICS_ALLOWED_NETWORKS lets everybody read /metrics.", "Name the networks that Prometheus asks from."
    if settings.METRICS_TOKEN and len(settings.METRICS_TOKEN) < SHORTEST_TOKEN:
        yield "METRICS_TOKEN is short enough to be guessed.", f"Use {SHORTEST_TOKEN} random characters or more."


@rule("W024", deploy=True)
def stores_asked_in_clear() -> Iterator[tuple[str, str]]:
    redis = urlsplit(settings.REDIS_URL)
    for name, alias, url in [
        ("DATABASE_URL", "default", settings.DATABASE_URL),
        ("DATABASE_REPLICA_URL", "replica", settings.DATABASE_REPLICA_URL),
    ]:
        if url.startswith("mysql") and _is_far(urlsplit(url).hostname) and not _speaks_tls(alias):
            yield (
                f"{name} leads to another network without TLS: passwords and answers travel readably.",
                "Set DATABASE_CA_CERTS to the file of the authority that signed the server's certificate.",
            )
    if redis.scheme == "redis" and _is_far(redis.hostname):
        yield "REDIS_URL leads to another network without TLS.", "Use rediss://."


# --- What the rules ask ----------------------------------------------------------------------------------------------


def _is_origin(text: str) -> bool:
    """Whether a browser could send this as Origin: scheme and host in lower case, no usual port, nothing else."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    netloc = f"[{host}]" if ":" in host else host
    if port is not None and port != {"http": 80, "https": 443}.get(parts.scheme):
        netloc += f":{port}"
    return parts.scheme in ("http", "https") and bool(host) and "*" not in host and text == f"{parts.scheme}://{netloc}"


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _servers() -> dict[str, str | None]:
    """The hosts of database and Redis, by the name of their setting."""
    urls = {"DATABASE_URL": settings.DATABASE_URL, "REDIS_URL": settings.REDIS_URL}
    return {name: urlsplit(url).hostname for name, url in urls.items() if url}


def _is_this_machine(host: str | None) -> bool:
    """Whether the host is the machine we run on; no host (a file, a socket) is."""
    if not host or host == "localhost" or host.endswith(".localhost"):
        return True
    network = _network(host)
    return bool(network and network.is_loopback)


def _is_far(host: str | None) -> bool:
    """Whether the host looks like one beyond the own network: a public address or a name with a domain."""
    if network := _network(host or ""):
        return network.is_global
    return "." in (host or "") and not (host or "").endswith((".localhost", ".local", ".internal"))


def _speaks_tls(alias: str) -> bool:
    options = settings.DATABASES[alias].get("OPTIONS", {})
    return bool(options.get("ssl")) or str(options.get("ssl_mode", "")).upper().startswith(("REQUIRED", "VERIFY"))


def _site(host: str) -> str:
    """The last two labels of a name. Close enough to what browsers call a site; the whole list is not for a hint."""
    return host if _network(host) else ".".join(host.split(".")[-2:])
