"""What ./test runs, one after the other up to the first failure. ./test has installed what this needs."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator

import tests.environment  # noqa: F401  the environment of all that is started here
from tests.servers import ServerFault, ended_politely, ending_with_us, private_mariadb, private_redis, run

NO_TESTS = 5  # pytest's exit code when none was selected
# One more than there are cores, since tests of running servers wait half of their time; a file's tests stay together,
# for what they share.
IN_PARALLEL = ["-n", str(min(4, (os.cpu_count() or 1) + 1)), "--dist", "loadfile", "--durations", "25"]
PRODUCTION = {
    "HTTPS": "true",
    "ALLOWED_HOSTS": "api.persenaut.example",
    "CORS_ALLOWED_ORIGINS": "https://www.persenaut.example",
    "SECRET_KEY": "Nur-fuer-diese-Pruefung-0123456789-abcdefghijklmnopqrstuvwxyz-!",
    "TRUSTED_PROXY_COUNT": "1",
    "WEB_CONCURRENCY": "2",
}


class Failed(Exception):
    """A step ended with this exit code."""


def main(arguments: list[str]) -> int:
    fast, these = "--fast" in arguments, "--on-these-servers" in arguments
    asked = [argument for argument in arguments if argument not in ("--fast", "--on-these-servers")]
    if these and not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
        say("--on-these-servers: set DATABASE_URL and REDIS_URL, of servers that the tests may fill and empty.")
        return 2
    sqlite = without("DATABASE_URL", "REDIS_URL")
    begun = time.monotonic()
    try:
        with ended_politely():
            if fast:
                suites = {"SQLite": pytest(sqlite, asked or [*IN_PARALLEL, "-m", "not live"])}
            elif these:
                suites = {"These servers": pytest(dict(os.environ), asked or IN_PARALLEL)}
            else:
                with both_servers() as servers:
                    if not asked:
                        check(sqlite, servers)
                    suites = {"SQLite": pytest(sqlite, asked or IN_PARALLEL)}
                    suites["MariaDB and Redis"] = pytest(servers, asked or IN_PARALLEL)
        for stack, (_code, closing_line) in suites.items():
            say(f"{stack}: {closing_line.strip('= ')}")
        # What was asked for may well be tests of one stack only; but some must have run.
        few = all if asked else any
        if few(code == NO_TESTS for code, _line in suites.values()):
            raise Failed(NO_TESTS)
    except Failed as exc:
        say(f"FAILED after {time.monotonic() - begun:.0f} s")
        return int(exc.args[0])
    except ServerFault as exc:
        say(f"FAILED: {exc}")
        return 1
    except KeyboardInterrupt:
        return 130
    say(f"All is well, after {time.monotonic() - begun:.0f} s.")
    return 0


def check(sqlite: dict[str, str], servers: dict[str, str]) -> None:
    """All that needs no test."""
    step(sqlite, "ruff", "check", ".")
    step(sqlite, "ruff", "format", "--check", ".")
    step(sqlite, "mypy", ".")
    manage(sqlite, "makemigrations", "--check", "--dry-run")
    manage(servers | PRODUCTION, "check", "--deploy", "--fail-level", "WARNING")
    manage(sqlite, "spectacular", "--validate", "--fail-on-warn", "--file", os.devnull)


def step(env: dict[str, str], module: str, *arguments: str) -> None:
    execute(env, ["-m", module, *arguments])


def manage(env: dict[str, str], *arguments: str) -> None:
    execute(env, ["manage.py", *arguments])


def execute(env: dict[str, str], arguments: list[str]) -> None:
    say(f"== {' '.join(arguments)}")
    if code := run([sys.executable, *arguments], env):
        raise Failed(code)


def pytest(env: dict[str, str], arguments: list[str]) -> tuple[int, str]:
    """Run pytest and let it be seen; its exit code and its closing line."""
    say(f"== pytest {' '.join(arguments)} on {'MariaDB and Redis' if 'DATABASE_URL' in env else 'SQLite'}")
    command = [sys.executable, "-m", "pytest", *arguments]
    if sys.stdout.isatty():
        command.append("--color=yes")
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE)
    assert process.stdout is not None
    end = b""
    with ending_with_us(process):
        while chunk := os.read(process.stdout.fileno(), 65536):
            end = (end + chunk)[-4000:]
            os.write(1, chunk)
        code = process.wait()
    if code not in (0, NO_TESTS):
        raise Failed(code)
    return code, end.decode(errors="replace").strip().rpartition("\n")[2]


@contextlib.contextmanager
def both_servers() -> Iterator[dict[str, str]]:
    with private_mariadb() as database, private_redis() as redis:
        yield os.environ | {"DATABASE_URL": database.url, "REDIS_URL": redis.url}


def without(*names: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in names}


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
