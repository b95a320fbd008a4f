"""Requests through the WSGI application within one process: what its Python costs, without sockets and gunicorn.

Measured in CPU time of the one thread, which other work on the machine hardly stretches.

python -m benchmarks.inside bare           the reference
python -m benchmarks.inside persenaut      our requests, on the DATABASE_URL and REDIS_URL of the environment
python -m benchmarks.inside profile NAME   where the time of one of our reads goes, or of an `answer` or a `closing`
"""

import io
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache, partial
from typing import Any

ROUNDS, REQUESTS = 5, 150
Application = Callable[[dict[str, Any], Callable[..., Any]], Any]


class Caller:
    """Calls a WSGI application as a server does: iterates over the body and closes the response."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.status = ""
        self.headers: dict[str, str] = {}

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        self.status, self.headers = status, dict(headers)

    def __call__(self, environ: dict[str, Any]) -> bytes:
        response = self.application(environ, self.start_response)
        body = b"".join(response)
        if close := getattr(response, "close", None):
            close()
        return body


def environ(path: str, method: str = "GET", body: bytes = b"", **headers: str) -> dict[str, Any]:
    """What gunicorn hands over for such a request of wrk."""
    given = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": "", "SCRIPT_NAME": "", "RAW_URI": path,
        "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8000", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_PORT": "40000",
        "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1:8000", "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0), "wsgi.errors": sys.stderr, "wsgi.multithread": True, "wsgi.multiprocess": True,
        "wsgi.run_once": False, "wsgi.input": io.BytesIO(body), "wsgi.input_terminated": True,
    }  # fmt: skip
    if body:
        given |= {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body))}
    return given | {f"HTTP_{name.upper()}": value for name, value in headers.items()}


def cost(call: Callable[[], Any], requests: int = REQUESTS) -> list[float]:
    """Microseconds of CPU per call, of each round; the first one does not count."""
    rounds = []
    for _ in range(ROUNDS + 1):
        began = time.thread_time()
        for _ in range(requests):
            call()
        rounds.append(1e6 * (time.thread_time() - began) / requests)
    return rounds[1:]


def get(caller: Caller, path: str, expected: str, **headers: str) -> Callable[[], None]:
    def call() -> None:
        caller(environ(path, **headers))
        assert caller.status.startswith(expected), caller.status

    return call


def after(before: Callable[[], None], call: Callable[[], None]) -> Callable[[], None]:
    def both() -> None:
        before()
        call()

    return both


def bare() -> dict[str, list[float]]:
    from benchmarks.bare import application, raw

    return {
        "raw": cost(get(Caller(raw), "/", "200")),
        "bare": cost(get(Caller(application), "/ok", "200")),
    }


@cache
def in_process_learner() -> tuple[Caller, int, str]:
    """Our WSGI application in this process, a learner's id and their token."""
    import tests.environment  # noqa: F401  the environment of all that is started here

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persenaut.settings")
    os.environ["LOG_LEVEL"] = "info"
    from django.conf import settings
    from django.core.management import call_command

    from persenaut.wsgi import application

    settings.RATE_LIMITS = {name: (10**9, window) for name, (_, window) in settings.RATE_LIMITS.items()}
    call_command("migrate", verbosity=0)
    from accounts.models import User
    from accounts.tokens import make_token
    from learning.demo import live_a_year

    user = User.objects.create_user(password=None, name="Ana", username="ana", email="ana@example.org")
    live_a_year(user, lambda: None)
    return Caller(application), user.pk, make_token(user)


def reads() -> dict[str, Callable[[], None]]:
    """Our application, its database and cache ready, and a call for each thing that is measured."""
    caller, user_id, token = in_process_learner()
    from django.core.cache import caches

    from ops.cache import invalidate_user

    def forget() -> None:
        invalidate_user(user_id)

    bearer = {"authorization": f"Bearer {token}"}
    path = f"/api/metrics/user/{user_id}/metrics/timeline"
    caller(environ(path, **bearer))
    etag = caller.headers["ETag"]
    return {
        "read": get(caller, path, "200", **bearer),
        "unchanged": get(caller, path, "304", if_none_match=etag, **bearer),
        "uncached": after(forget, get(caller, path, "200", **bearer)),
        "themes": get(caller, path.replace("timeline", "themes"), "200", **bearer),
        "livez": get(caller, "/livez", "200"),
        "ping": partial(caches["default"].client.get_client().ask, "PING"),
    }


def persenaut() -> dict[str, list[float]]:
    calls = reads()
    return {name: cost(call) for name, call in calls.items()} | writes()


def writes(watch: Callable[[str], AbstractContextManager[Any]] = nullcontext) -> dict[str, list[float]]:
    """Microseconds of CPU of whole sessions' requests: one value for each of some sessions of 10 answers.

    Each request is made inside `watch(path)`.
    """
    caller, _, token = in_process_learner()
    bearer = {"authorization": f"Bearer {token}"}
    results: dict[str, list[float]] = {"save_response": [], "save_results": []}

    def post(path: str, **body: Any) -> tuple[Any, float]:
        given = environ(path, "POST", json.dumps(body).encode(), **bearer)
        with watch(path):
            began = time.thread_time()
            said = caller(given)
            took = time.thread_time() - began
        assert caller.status.startswith("200"), (caller.status, said)
        return json.loads(said), 1e6 * took

    def started(mode: str) -> tuple[str, list[int]]:
        said, _took = post("/api/intensive-review/start", theme="Historia", gameMode=mode)
        return said["sessionId"], [one["id"] for one in said["challenges"]]

    def answer(session: str, question: int) -> float:
        about = {"selectedAnswer": "B", "responseTime": 1, "sessionId": session}
        return post("/api/challenges/save-intensive-response", questionId=question, **about)[1]

    for _ in range(2 * ROUNDS):
        session, questions = started("normal")
        results["save_response"].append(statistics.median(answer(session, question) for question in questions))
        results["save_results"].append(post("/api/intensive-review/save-results", sessionId=session)[1])
    for answers in (3, 15):
        session, questions = started("survival")
        counts = [statements(partial(answer, session, one)) for one in questions[:answers]]
        results["save_response_sql"] = counts[1:]
        results[f"save_results_{answers}_sql"] = [
            statements(partial(post, "/api/intensive-review/save-results", sessionId=session))
        ]
    return results


def statements(work: Callable[[], Any]) -> int:
    """How many SQL statements it sends."""
    from django.db import connection

    count = 0

    def counting(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        nonlocal count
        count += 1
        return execute(sql, params, many, context)

    with connection.execute_wrapper(counting):
        work()
    return count


WRITES = {"answer": "/api/challenges/save-intensive-response", "closing": "/api/intensive-review/save-results"}


def profile(name: str) -> None:
    import cProfile
    import pstats

    watch = cProfile.Profile(time.thread_time)
    if name in WRITES:
        writes()
        for _ in range(3):
            writes(lambda path: watch if path == WRITES[name] else nullcontext())
    else:
        call = reads()[name]
        for _ in range(300):
            call()
        with watch:
            for _ in range(3000):
                call()
    pstats.Stats(watch).sort_stats("tottime").print_stats(60)


def main(arguments: list[str]) -> None:
    match [argument for argument in arguments if argument != "--json"]:
        case ["bare"]:
            result = bare()
        case ["persenaut"]:
            result = persenaut()
        case ["profile", name]:
            profile(name)
            return
        case _:
            raise SystemExit(__doc__)
    if sys.stdout.isatty() or "--json" not in arguments:
        show(result)
    else:
        json.dump(result, sys.stdout)


def show(result: dict[str, list[float]]) -> None:
    for name, values in result.items():
        sys.stdout.write(f"{name:12} {statistics.median(values):8.1f} us   {min(values):.1f} - {max(values):.1f}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
