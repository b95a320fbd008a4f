"""What the documents say is there is there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


@cache
def names_in(path: Path) -> set[str]:
    """The names of a test file's functions, methods and classes."""
    kinds = ast.FunctionDef | ast.ClassDef
    return {node.name for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, kinds)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_tests_that_a_page_names_exist(page):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        if "://" not in target:
            assert (page.parent / target).exists(), target
    for file, name in re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", text):
        assert (ROOT / file).is_file(), file
        if name:
            assert name in names_in(ROOT / file), f"{file}::{name}"


def test_every_line_of_the_seed_names_what_proves_it():
    """A table row of docs/seed-coverage.md without a test, a command or a page proves nothing."""
    rows = [line for line in (ROOT / "docs" / "seed-coverage.md").read_text().splitlines() if line.startswith("| ")]
    rows = [row for row in rows if "the seed says" not in row]
    assert len(rows) > 50
    assert [row for row in rows if not re.search(r"test_\w+|\./bench|\.md\)", row.split("|")[2])] == []
