"""A database of the first generation beside the one under test, on a MariaDB in either stack."""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.servers import MariaDB, ServerFault, private_mariadb


@pytest.fixture(scope="session")
def old_server() -> Iterator[str]:
    """The URL of a server that can hold old databases."""
    url = os.environ.get("DATABASE_URL", "")
    if url.startswith("mysql"):
        yield url
        return
    with ExitStack() as stack:
        yield started(stack).url


def started(stack: ExitStack) -> MariaDB:
    """A server of our own. Its port is chosen long before it listens, and on a busy machine may be taken meanwhile."""
    for _attempt in range(2):
        with suppress(ServerFault):
            return stack.enter_context(private_mariadb())
    return stack.enter_context(private_mariadb())


@pytest.fixture
def old(old_server: str) -> Iterator[Any]:
    """An empty database of the first generation."""
    from benchmarks.old_database import FirstGeneration

    database = FirstGeneration.create(old_server, f"old_{secrets.token_hex(4)}")
    yield database
    database.execute(f"DROP DATABASE {database.url.rpartition('/')[2]}")
    database.close()


class Run:
    """What a run of the command said; `code` is its exit code."""

    def __init__(self, said: str, code: int, cases: list[dict[str, Any]]) -> None:
        self.said, self.code, self.cases = said, code, cases

    def codes(self, table: str, old_id: Any) -> set[str]:
        """Why a row was left out, or what was repaired."""
        return {case["code"] for case in self.cases if (case["table"], case["id"]) == (table, str(old_id))}

    def left_out(self, table: str) -> dict[str, str]:
        """{id: code}"""
        return {case["id"]: case["code"] for case in self.cases if case["table"] == table and _is_left_out(case)}


def _is_left_out(case: dict[str, Any]) -> bool:
    return bool(case["outcome"] == "left_out")


@pytest.fixture
def run_import(old: Any, tmp_path: Any) -> Callable[..., Run]:
    """Run the command for `old`."""
    import json

    def run(*arguments: str, zone: str = "Europe/Madrid", source: str = "") -> Run:
        output, code, path = StringIO(), 0, tmp_path / "report.jsonl"
        options = ["--source", source or old.url, "--source-time-zone", zone, "--report", str(path), "--verbosity", "0"]
        try:
            call_command("import_first_generation", *options, *arguments, stdout=output)
        except CommandError as exc:
            output.write(str(exc))
            code = exc.returncode
        cases = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
        return Run(output.getvalue(), code, cases)

    return run
