"""Requests through the WSGI application within one process: what its Python costs, without sockets and gunicorn.

Measured in CPU time of the one thread, which other work on the machine hardly stretches.

python -m benchmarks.inside bare           the reference
python -m benchmarks.inside persenaut      our reads, on the DATABASE_URL and REDIS_URL of the environment
python -m benchmarks.inside profile NAME   where the time of one of our reads goes
"""

import io
import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

ROUNDS, REQUESTS = 9, 400
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


def bare() -> dict[str, list[float]]:
    from benchmarks.bare import application, raw

    return {
        "raw": cost(get(Caller(raw), "/", "200")),
        "bare": cost(get(Caller(application), "/ok", "200")),
    }


def reads() -> dict[str, Callable[[], None]]:
    """Our application, its database and cache ready, and a call for each thing that is measured."""
    import tests.environment  # noqa: F401  the environment of all that is started here
    from benchmarks.people import in_process_learner

    caller, user_id, token = in_process_learner()
    bearer = {"authorization": f"Bearer {token}"}
    path = f"/api/metrics/user/{user_id}/metrics/timeline"
    caller(environ(path, **bearer))
    etag = caller.headers["ETag"]
    return {
        "read": get(caller, path, "200", **bearer),
        "unchanged": get(caller, path, "304", if_none_match=etag, **bearer),
        "themes": get(caller, path.replace("timeline", "themes"), "200", **bearer),
        "profile": get(caller, "/api/user/profile", "200", **bearer),
        "livez": get(caller, "/livez", "200"),
        "unknown": get(caller, "/api/nothing", "404"),
    }


def persenaut() -> dict[str, list[float]]:
    return {name: cost(call) for name, call in reads().items()}


def profile(name: str) -> None:
    import cProfile
    import pstats

    call = reads()[name]
    for _ in range(300):
        call()
    watch = cProfile.Profile(time.thread_time)
    watch.enable()
    for _ in range(3000):
        call()
    watch.disable()
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
