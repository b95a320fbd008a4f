"""Recorded examples: what a running server was asked and what it answered.

`python -m tests.record_examples` writes them.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "examples.json"


@cache
def recorded() -> dict[str, Any]:
    """{"operations": {"POST /api/...": {"request", "responses": {status: {name: body}}}}, "errors": {code: body}}"""
    read: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return read


def examples_of(path: str, method: str) -> dict[str, Any]:
    found: dict[str, Any] = recorded()["operations"].get(f"{method} {path}", {})
    return found


def example_of_error(code: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = recorded()["errors"].get(code)
    return found
