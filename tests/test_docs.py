"""What the documents say is there is there: links, tests, commands, options, variables, limits, codes, metrics."""

import ast
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class

from ops import prometheus

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
SECONDS = {"s": 1, "m": 60, "h": 3600}
RULES = ROOT / "deploy" / "prometheus"


@cache
def names_in(path: Path) -> set[str]:
    """The names of a test file's functions, methods and classes."""
    kinds = ast.FunctionDef | ast.ClassDef
    return {node.name for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, kinds)}


@cache
def anchors_in(page: Path) -> set[str]:
    """The anchors that forges make of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", without_code(page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_tests_that_a_page_names_exist(page):
    text = page.read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)", text):
        if "://" not in target:
            file = page.parent / target if target else page
            assert file.exists(), target
            assert not anchor or anchor in anchors_in(file), f"{target}#{anchor}"
    for file, name in re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", text):
        assert (ROOT / file).is_file(), file
        if name:
            assert name in names_in(ROOT / file), f"{file}::{name}"


def test_every_line_of_the_seed_names_what_proves_it():
    """A table row of docs/seed-coverage.md without a test, a command or a page proves nothing."""
    rows = [line for line in (ROOT / "docs" / "seed-coverage.md").read_text().splitlines() if line.startswith("| ")]
    rows = [row for row in rows if "the seed says" not in row]
    assert len(rows) > 50
    assert [row for row in rows if not re.search(r"test_\w+|\./bench|\.md(#[\w-]+)?\)", row.split("|")[2])] == []


@cache
def options_of(command: str) -> set[str]:
    """All that `manage.py command` understands, subcommands and their options included."""
    parsers, known = [load_command_class(get_commands()[command], command).create_parser("manage.py", command)], set()
    for parser in parsers:
        for action in parser._actions:
            known |= set(action.option_strings)
            if isinstance(action.choices, dict):  # subcommands
                known |= set(action.choices)
                parsers += action.choices.values()
    return known


def commands_in(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each `manage.py NAME` with the options that follow it."""
    for name, rest in re.findall(r"manage\.py ([a-z_]+)([^`\n;|)]*)", text):
        yield name, re.findall(r"(?<!\S)--[a-z-]+", rest)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_options_that_a_page_names_exist(page):
    text = page.read_text(encoding="utf-8")
    for name, options in commands_in(text):
        assert name in get_commands(), name
        assert set(options) <= options_of(name), f"{name} {options}"
    for script, rest in re.findall(r"(?<![\w/.])\./([a-z]+)\b([^`\n]*)", text):
        assert (ROOT / script).is_file(), script
        sources = [ROOT / script, *(ROOT / "tests").glob("everything.py"), *(ROOT / "benchmarks").glob("*.py")]
        said = "".join(source.read_text() for source in sources)
        for option in re.findall(r"(?<!\S)--[a-z-]+", rest):
            assert option in said, f"{script} {option}"


def test_operating_shows_every_command_of_ours():
    ours = {name for name, app in get_commands().items() if app in ("ops", "accounts", "learning", "metrics", "tutor")}
    shown = {name for name, _ in commands_in((ROOT / "docs" / "operating.md").read_text())}
    assert ours - shown == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_variables_that_a_page_names_are_explained(page):
    """In capitals and with an underscore between backticks: a variable, and one of .env.example."""
    explained = set(re.findall(r"^#?([A-Z][A-Z0-9_]*)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z0-9]+)+)(?:=[^`]*)?`", text))
    not_ours = {"VERY_LONG", "NAME_FILE"}
    unknown = {name for name in named - explained - not_ours if name.removesuffix("_FILE") not in explained}
    assert unknown == set()


def test_limits_are_those_of_the_settings():
    text = (ROOT / "docs" / "security.md").read_text()
    table = re.findall(r"^\| (\w+) \| (\d+)/(\d+)([smh]) \| .* \| `RATE_LIMIT_(\w+)` \|$", text, re.MULTILINE)
    said = {name: (int(count), int(period) * SECONDS[unit]) for name, count, period, unit, _ in table}
    # The defaults, as the sources have them: tests change the settings.
    source = (ROOT / "persenaut" / "settings.py").read_text()
    defaults = dict(re.findall(r'^        "(\w+)": "(\w+/\w+)",', source, re.MULTILINE))
    assert said == {name: rate(defaults[name]) for name in settings.RATE_LIMITS}
    assert all(variable == name.upper() for name, *_, variable in table)


def rate(text: str) -> tuple[int, int]:
    count, period = text.split("/")
    return int(count), int(period[:-1]) * SECONDS[period[-1]]


@pytest.mark.parametrize("readme", ["README.md", "README.es.md"])
def test_defaults_in_the_readme_are_those_of_env_example(readme):
    table = re.findall(
        r"^\| `([A-Z_]+)`(?:, `([A-Z_]+)`)?[^|]*\| ([^|]+) \|", (ROOT / readme).read_text(), re.MULTILINE
    )
    assert len(table) > 8
    example = dict(re.findall(r"^#([A-Z_]+)=(.+)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    for first, second, defaults in table:
        given = [one for one in re.findall(r"`([^`]+)`", defaults) if not re.fullmatch(r"[A-Z]+|var/", one)]
        if len(given) == len([name for name in (first, second) if name]):
            assert [example[name] for name in (first, second) if name] == given


def test_both_readmes_say_the_same():
    """The same blocks of code apart from comments, the same variables, the same links."""
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.es.md")]
    for pattern in (
        r"^(?:ask|user|challenge|session|question|get|api)\b.*$",
        r"^\| `([A-Z_]+)`",
        r"\]\((?!README)([^)]+)\)",
    ):
        english, spanish = (re.findall(pattern, text, re.MULTILINE) for text in texts)
        assert english == spanish


@cache
def codes_in_the_sources() -> set[str]:
    """Codes of refusals: `code = "..."` in a class, json_error(status, "code"), body(sentence, "code")."""
    codes = set()
    apps = ("persenaut", "ops", "accounts", "metrics", "learning", "tutor")
    for file in (file for app in apps for file in (ROOT / app).rglob("*.py") if "tests" not in file.parts):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                codes |= {text for item in node.body if (text := assigned_code(item))}
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("json_error", "body"):
                codes |= {arg.value for arg in node.args[1:2] if isinstance(arg, ast.Constant)}
            elif isinstance(node, ast.Dict):  # a body that is written out
                said = {getattr(key, "value", ""): value for key, value in zip(node.keys, node.values, strict=True)}
                if {"error", "code", "requestId"} <= said.keys() and isinstance(said["code"], ast.Constant):
                    codes.add(said["code"].value)
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "(code, sentence)":
                codes |= {first.value for first in node.value.elts[:1] if isinstance(first, ast.Constant)}
    return codes


def assigned_code(node: ast.AST) -> str:
    if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant):
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        if ast.unparse(target) == "code":
            return str(node.value.value)
    return ""


def test_every_error_code_is_explained_and_no_other():
    text = (ROOT / "docs" / "troubleshooting.md").read_text().partition("## Error codes")[2]
    explained = re.findall(r"^\| `(\w+)` \| \d{3} \|", text, re.MULTILINE)
    assert explained == sorted(set(explained))
    assert set(explained) == codes_in_the_sources() | {"server_error"}


def test_every_metric_is_explained_and_every_name_in_rules_exists():
    meters = prometheus.Meters()
    samples = {name for metric in meters.registry.collect() for name in (metric.name, f"{metric.name}_total")}
    families = {
        f"{metric.name}_total" if metric.type == "counter" else metric.name for metric in meters.registry.collect()
    }
    text = (ROOT / "docs" / "operating.md").read_text().partition("## Figures")[2].partition("## Alerts")[0]
    assert set(re.findall(r"`(\w+)`(?:,| \|)", text)) == families
    board = json.loads((RULES / "dashboard.json").read_text())
    asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    for expression in [*asked, (RULES / "alerts.yml").read_text()]:
        for name in re.findall(r"(\w+)\{job=", expression):
            assert name == "up" or re.sub(r"_(bucket|sum|count)$", "", name) in samples, name


def test_every_alert_says_what_to_do():
    alerts = re.findall(r"- alert: (\w+)", (RULES / "alerts.yml").read_text())
    text = (ROOT / "docs" / "operating.md").read_text()
    assert re.findall(r"^\| `(Persenaut\w+)` \|", text, re.MULTILINE) == alerts


@pytest.mark.live
def test_alert_rules_fire_when_they_should():
    promtool = shutil.which("promtool")
    assert promtool, "./test installs it"
    for arguments in (["check", "config", "prometheus.yml"], ["test", "rules", "alerts_test.yml"]):
        done = subprocess.run([promtool, *arguments], cwd=RULES, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
