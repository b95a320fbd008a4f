"""Prompts are files, one per language and version. A changed prompt is a new version; stored questions name theirs."""

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "prompts"


@cache
def prompt(language: str, name: str, version: str) -> str:
    return (FOLDER / language / f"{name}.v{version}.txt").read_text(encoding="utf-8").strip()
