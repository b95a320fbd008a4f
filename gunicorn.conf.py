"""How gunicorn serves Persenaut. Its numbers come from the environment or `.env`, as the settings do."""

import contextlib
import logging
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))  # gunicorn looks for the project only after this file

from ops import prometheus
from ops.redis_config import redis_url
from persenaut.env import env_int, env_str, read_dotenv

read_dotenv(Path(__file__).resolve().parent / env_str("DOTENV", ".env"))
prometheus.share()  # before the application is loaded: its counters then count for all processes together


def how_many_workers() -> int:
    asked = env_int("WEB_CONCURRENCY", 0)
    if redis_url():
        return asked or len(os.sched_getaffinity(0))
    if asked > 1:
        raise SystemExit(
            f"WEB_CONCURRENCY={asked} needs Redis (each process would have a cache and limits of its own): "
            "set REDIS_URL, or leave WEB_CONCURRENCY out."
        )
    return 1


host = env_str("HOST", "127.0.0.1").strip("[]")
bind = f"{f'[{host}]' if ':' in host else host}:{env_int('PORT', 8000)}"
worker_class = "ops.gunicorn_worker.Worker"
workers = how_many_workers()
threads = env_int("THREADS", 8, minimum=1)
preload_app = True  # one import for all, and the port opens when the first answer can be given
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # a slow disk must not look like a hung worker

# A worker starts anew now and then, whatever may leak. Not a lone one: nobody would accept meanwhile, and without Redis
# the cache and the limits would go with it.
max_requests, max_requests_jitter = (20_000, 2_000) if workers > 1 else (0, 0)
timeout = 60  # of a worker that gives no sign of life; requests have time-outs of their own
graceful_timeout = 25
keepalive = 15  # a proxy in front is to close its connections earlier
worker_connections = 800  # of each worker; soft limits of 1024 open files are common
sendfile = False  # the poller sends what a client is slow to take
control_socket_disable = True

limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190
# Whose X-Forwarded-Proto counts: nobody's, or with proxies in front, that of whoever can reach us.
forwarded_allow_ips = "*" if env_int("TRUSTED_PROXY_COUNT", 0) else ""
forwarder_headers = ""  # what a proxy passes on unread must not choose our paths (SCRIPT_NAME)
accesslog = None  # ops.middleware writes the request log

# Every how many seconds a worker delivers challenges and sends mail beside its requests; 0 leaves that to
# `manage.py deliver_challenges --loop`, of which several hosts need but one.
delivery_seconds = env_int("DELIVERY_SECONDS", 0 if redis_url() else 15)


def share_one_heap() -> None:
    """Let the C library serve all threads from one heap: Python runs one of them at a time, so that they do not get in
    each other's way, and each of several heaps would keep the most that it ever needed."""
    import ctypes

    with contextlib.suppress(OSError, AttributeError):  # another library than glibc
        ctypes.CDLL(None).mallopt(-8, 1)  # M_ARENA_MAX


share_one_heap()


def on_starting(server: Any) -> None:
    """Gunicorn's own lines go where all logs go; when that is to files, they are seen on the console too."""
    from django.conf import settings

    from ops.logs.lines import ConsoleFormatter

    log = logging.getLogger("gunicorn.error")
    log.propagate = True
    log.handlers.clear()
    if settings.LOG_TO == "files":
        console = logging.StreamHandler()
        console.setFormatter(ConsoleFormatter(service="", environment="", colour=sys.stderr.isatty()))
        console.setLevel(logging.INFO)
        log.addHandler(console)


on_reload = on_starting  # a reload sets up gunicorn's own handler again


def when_ready(server: Any) -> None:
    """Load now what each worker would load for itself at its first request, and keep the collector of garbage away from
    what is loaded: it writes into every object it looks at, and a page that is written is shared no more."""
    import gc

    from django.conf import settings
    from django.urls import get_resolver
    from django.utils import translation

    from ops.gunicorn_worker import tell_workers_of_the_end

    assert get_resolver().url_patterns  # imports all views
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            translation.gettext("")
    gc.collect()
    gc.freeze()
    tell_workers_of_the_end()


def pre_fork(server: Any, worker: Any) -> None:
    """A connection that two processes hold is no use to either: what loading the application opened, we close."""
    from django.db import connections

    connections.close_all()


def post_worker_init(worker: Any) -> None:
    from ops.pulse import pulse

    pulse.start()
    if delivery_seconds:
        from learning.courier import courier

        worker.courier = courier(delivery_seconds).start()


def worker_exit(server: Any, worker: Any) -> None:
    if rounds := getattr(worker, "courier", None):
        rounds.stop(patience=5)  # what a hung model cuts off is begun again by the next pass


def child_exit(server: Any, worker: Any) -> None:
    prometheus.process_ended(worker.pid)
