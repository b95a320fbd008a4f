"""What describes how Persenaut is run: each file by a linter or the schema of what reads it, and all by one another."""

import importlib.util
import json
import os
import re
import runpy
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from unittest import mock

import kubernetes_validate
import pytest
import yaml

from ops import first_secrets
from persenaut import env
from persenaut.urls import urlpatterns
from tests.live import ROOT
from tests.servers import program
from tests.test_env_example import NAMED

pytestmark = pytest.mark.once

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
KUBERNETES = ROOT / "deploy" / "kubernetes"
UNITS = sorted((ROOT / "deploy" / "systemd").glob("persenaut*.*"))
PROGRAM_FOLDERS = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
# Variables that are not ours: those of Python, pip, the images that compose.yaml takes as they are, and workflows' own.
NOT_OURS = re.compile(r"PATH|HOME|SOURCE_DATE_EPOCH|PIP_\w+|PYTHON\w+|MARIADB_\w+|IMAGE|SITE|UPSTREAM|STATIC_ROOT")


def run(*command: str) -> str:
    """What a linter says; the test fails when it finds anything."""
    environment = os.environ | {"PATH": PROGRAM_FOLDERS}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def documents(*folders: Path) -> list[tuple[str, dict]]:
    """Every manifest below the folders, with the name of its file."""
    files = [file for folder in folders for file in sorted(folder.rglob("*.yaml"))]
    return [(f"{file.parent.name}/{file.name}", one) for file in files for one in yaml.safe_load_all(file.read_text())]


BASE = [one for _file, one in documents(KUBERNETES / "base") if one["kind"] != "Kustomization"]


def pods() -> dict[str, dict]:
    """The pod template of everything that runs, by kind and name."""
    found = {}
    for one in BASE:
        name = f"{one['kind']}/{one['metadata']['name']}"
        if one["kind"] in ("Deployment", "Job"):
            found[name] = one["spec"]["template"]
        elif one["kind"] == "CronJob":
            found[name] = one["spec"]["jobTemplate"]["spec"]["template"]
    return found


def ours() -> dict[str, dict]:
    """The services of compose.yaml that run our image."""
    return {name: one for name, one in COMPOSE["services"].items() if "build" in one}


# --- By whoever reads them -------------------------------------------------------------------------------------------


def test_the_dockerfile_is_clean():
    run("hadolint", "--failure-threshold", "style", "Dockerfile")


def test_every_shell_script_is_clean():
    scripts = [name for name in load("deploy/try_dockerfile.py").files() if is_shell(ROOT / name)]
    assert {"run", "test", ".ci/run", "ops/setup.sh", "deploy/lock"} <= set(scripts)
    run("shellcheck", "--external-sources", "--source-path=SCRIPTDIR", *scripts)


def is_shell(path: Path) -> bool:
    with open(path, "rb") as file:
        return path.suffix == ".sh" or bool(re.match(rb"#!.*\b(ba)?sh\b", file.readline()))


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.compose-spec", ["compose.yaml"]),
        ("vendor.github-workflows", sorted(map(str, (ROOT / ".github" / "workflows").glob("*.yml")))),
    ],
)
def test_it_is_what_its_schema_says(schema, files):
    assert files
    run("check-jsonschema", "--builtin-schema", schema, *files)


@pytest.mark.parametrize("version", ["1.29", "1.33"])
def test_every_manifest_is_what_kubernetes_takes(version):
    assert len(BASE) > 15
    for manifest in BASE:
        kubernetes_validate.validate(manifest, version, strict=True)


def test_a_manifest_with_a_slip_is_found():
    (deployment,) = [one for one in BASE if one["kind"] == "Deployment" and one["metadata"]["name"] == "api"]
    spoilt = json.loads(json.dumps(deployment))
    spoilt["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(spoilt, "1.33", strict=True)


@pytest.fixture
def machine(tmp_path) -> Path:
    """A root folder with systemd's own units, ours, and something in place of what they start."""
    units = tmp_path / "etc" / "systemd" / "system"
    shutil.copytree("/usr/lib/systemd/system", units, symlinks=True, ignore_dangling_symlinks=True)
    for unit in UNITS:
        shutil.copy(unit, units)
    for name in ("opt/persenaut/current/.venv/bin/python", "opt/persenaut/current/.venv/bin/gunicorn", "bin/kill"):
        stand_in = tmp_path / name
        stand_in.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy("/bin/true", stand_in)
    return tmp_path


@pytest.mark.live
def test_every_unit_is_what_systemd_takes_and_locked_in(machine):
    names = [unit.name for unit in UNITS]
    assert "persenaut.service" in names and "persenaut-backup.timer" in names
    paths = [str(machine / "etc/systemd/system" / name) for name in names]
    said = run("systemd-analyze", "verify", "--man=no", f"--root={machine}", *paths)
    assert said == ""
    services = [name for name in names if name.endswith(".service")]
    # Of 10; what Debian's own services come to is 9.
    run("systemd-analyze", "security", "--offline=true", f"--root={machine}", "--threshold=20", *services)


@pytest.mark.live
def test_the_caddyfile_is_what_caddy_takes():
    caddyfile = str(ROOT / "deploy" / "Caddyfile")
    run(program("caddy"), "validate", "--config", caddyfile, "--adapter", "caddyfile")


# --- By one another --------------------------------------------------------------------------------------------------


def variables() -> dict[str, set[str]]:
    """The variables that each file sets for our program."""
    dockerfile = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text())
    settings = (ROOT / "deploy" / "systemd" / "settings").read_text()
    units = "".join(unit.read_text() for unit in UNITS)
    maps = [one for _file, one in documents(KUBERNETES) if isinstance(one, dict) and one["kind"] == "ConfigMap"]
    return {
        "Dockerfile": {
            name for line in re.findall(r"^ENV (.*)", dockerfile, re.MULTILINE) for name in re.findall(r"(\w+)=", line)
        },
        "compose.yaml": {name for one in ours().values() for name in one.get("environment", {})},
        "kubernetes": {name for one in maps for name in one["data"]},
        "systemd": set(re.findall(r"^(\w+)=", settings, re.MULTILINE))
        | {
            name
            for line in re.findall(r"^Environment=(.*)", units, re.MULTILINE)
            for name in re.findall(r"(\w+)=", line)
        },
        "workflows": {
            name
            for _file, flow in documents_of_workflows()
            for job in flow["jobs"].values()
            for step in [job, *job["steps"]]
            for name in step.get("env", {})
            if not name.startswith(("GH_", "GITHUB_"))
        },
    }


def documents_of_workflows() -> list[tuple[str, dict]]:
    files = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    return [(file.name, yaml.safe_load(file.read_text())) for file in files]


@pytest.mark.parametrize("place", ["Dockerfile", "compose.yaml", "kubernetes", "systemd", "workflows"])
def test_every_variable_that_is_set_is_one_that_is_read(place):
    found = {name for name in variables()[place] if not NOT_OURS.fullmatch(name)}
    assert found
    assert sorted(name for name in found if name.removesuffix("_FILE") not in NAMED) == []


def test_no_manifest_holds_a_secret():
    secrets = {"SECRET_KEY", "DATABASE_URL", "REDIS_URL", "METRICS_TOKEN", "AI_API_KEY", "EMAIL_URL", "SENTRY_DSN"}
    for place in ("Dockerfile", "compose.yaml", "kubernetes", "systemd"):
        assert secrets & variables()[place] == set(), "only NAME_FILE"
    assert not [one for one in BASE if one["kind"] == "Secret"]


def test_ports_probes_and_patience_agree_with_the_server():
    with mock.patch.dict(os.environ):  # it says in the environment where its processes count together
        gunicorn = runpy.run_path(str(ROOT / "gunicorn.conf.py"))
    port = int(gunicorn["bind"].rpartition(":")[2])
    (container,) = pods()["Deployment/api"]["spec"]["containers"]
    assert [one["containerPort"] for one in container["ports"]] == [port]
    paths = {str(pattern.pattern) for pattern in urlpatterns}
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        asked = container[probe]["httpGet"]
        assert asked["path"].strip("/") in paths and asked["port"] == "http"
    # A probe that asks the database or Redis must not end the process when they are away.
    assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    pause = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    grace = gunicorn["graceful_timeout"]
    assert pods()["Deployment/api"]["spec"]["terminationGracePeriodSeconds"] > pause + grace
    assert int(COMPOSE["services"]["api"]["stop_grace_period"].removesuffix("s")) > grace
    assert f"EXPOSE {port}" in (ROOT / "Dockerfile").read_text()
    assert COMPOSE["services"]["api"]["environment"]["PORT"] == str(port)
    assert COMPOSE["services"]["proxy"]["environment"]["UPSTREAM"] == f"api:{port}"
    assert f"UPSTREAM:127.0.0.1:{port}" in (ROOT / "deploy" / "Caddyfile").read_text()
    stop = re.search(r"TimeoutStopSec=(\d+)", (ROOT / "deploy/systemd/persenaut.service").read_text())
    assert stop and int(stop[1]) > grace


@pytest.mark.parametrize("name", pods())
def test_what_runs_is_locked_in_bounded_and_alike(name):
    template = pods()[name]
    spec, (container,) = template["spec"], template["spec"]["containers"]
    assert spec["securityContext"]["runAsNonRoot"] and not spec["automountServiceAccountToken"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["resources"]["limits"]["memory"] and container["resources"]["requests"]["cpu"]
    assert container["image"] == "persenaut"
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in spec["volumes"]}
    user = re.search(r"^USER (\d+):", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert user and spec["securityContext"]["runAsUser"] == int(user[1])


def test_what_selects_finds_what_it_selects():
    labels = [template["metadata"]["labels"] for template in pods().values()]
    selectors = [
        selector.get("matchLabels", selector)
        for one in BASE
        for key in ("selector", "podSelector")
        if (selector := one["spec"].get(key) if "spec" in one else None)
    ]
    assert len(selectors) >= 6
    for selector in selectors:
        assert any(selector.items() <= label.items() for label in labels), selector


def test_what_kustomize_puts_together_is_there():
    for name, one in documents(KUBERNETES):
        if isinstance(one, dict) and one["kind"] == "Kustomization":
            folder = next(KUBERNETES.rglob(name)).parent if name.startswith("base") else KUBERNETES / "overlays/managed"
            for path in [*one["resources"], *(patch["path"] for patch in one.get("patches", []))]:
                assert (folder / path).exists(), path
    in_base = {file.name for file in (KUBERNETES / "base").glob("*.yaml")} - {"kustomization.yaml"}
    listed = yaml.safe_load((KUBERNETES / "base" / "kustomization.yaml").read_text())["resources"]
    assert in_base == set(listed)


def test_every_command_that_is_started_exists():
    commands = [one["spec"]["containers"][0].get("command", []) for one in pods().values()]
    commands += [one.get("command", []) for one in ours().values()]
    units = "".join(unit.read_text() for unit in UNITS)
    text = " ".join(" ".join(command) for command in commands) + units
    asked = set(re.findall(r"manage\.py (\w+)", text))
    assert {"deliver_challenges", "send_outbox", "backup", "prune", "prepare", "migrate"} <= asked
    from django.core.management import get_commands

    assert asked <= set(get_commands())


def test_compose_starts_what_is_needed_first_and_shows_only_the_proxy():
    services = COMPOSE["services"]
    for name, one in services.items():
        for other in one.get("depends_on", {}):
            assert other in services
        if name != "proxy":
            assert "ports" not in one
    for name in ("api", "scheduler", "mailer", "maintenance"):
        assert services[name]["depends_on"] == {
            "migrate": {"condition": "service_completed_successfully"},
            "database": {"condition": "service_healthy"},
            "redis": {"condition": "service_healthy"},
        }
    assert services["proxy"]["depends_on"] == {"api": {"condition": "service_healthy"}}
    for name, one in ours().items():
        assert one["read_only"] and one["cap_drop"] == ["ALL"], name
    used = {volume.partition(":")[0] for one in services.values() for volume in one.get("volumes", [])}
    assert {name for name in used if not name.startswith(".")} == set(COMPOSE["volumes"])
    # Each folder that is mounted belongs to the image's user, so that a new volume does.
    owned = set(re.findall(r"--chown=\S+ \S+ (\S+)", (ROOT / "Dockerfile").read_text()))
    targets = {volume.split(":")[1] for one in ours().values() for volume in one.get("volumes", [])}
    assert {target for target in targets if target != "/data/static"} <= owned


# --- What they call --------------------------------------------------------------------------------------------------


def test_the_first_secrets_are_made_once_and_are_what_the_settings_read(tmp_path, monkeypatch):
    for name in ("app", "database", "redis"):
        (tmp_path / name).mkdir()
    first_secrets.main(tmp_path)
    made = {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    first_secrets.main(tmp_path)
    assert {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()} == made
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o444 for path in made)
    for name, file in COMPOSE["services"]["api"]["environment"].items():
        if name.endswith("_FILE"):
            monkeypatch.setenv(name, str(tmp_path / file.removeprefix("/secrets/")))
    database = env.database(env.env_str("DATABASE_URL"))
    assert (database["HOST"], database["NAME"], database["USER"]) == ("database", "persenaut", "persenaut")
    assert database["PASSWORD"] == (tmp_path / "database" / "password").read_text()
    given = COMPOSE["services"]["database"]["environment"]
    assert (given["MARIADB_DATABASE"], given["MARIADB_USER"]) == (database["NAME"], database["USER"])
    password = re.search(r"redis://:(\w+)@redis:6379/0", env.env_str("REDIS_URL"))
    assert password and f"requirepass {password[1]}\n" in (tmp_path / "redis" / "redis.conf").read_text()
    assert len({*made.values()}) == len(made) and len(env.env_str("SECRET_KEY")) >= 64


@pytest.mark.live
def test_redis_takes_the_configuration_that_is_made_for_it(tmp_path):
    conf = tmp_path / "redis.conf"
    conf.write_text(first_secrets.REDIS.format(password="x"))
    # It stops at the first line that it does not know; of a port that it may not open it complains later.
    done = subprocess.run(
        [program("redis-server"), str(conf), "--port", "1", "--bind", "256.0.0.1"],
        capture_output=True, text=True, cwd=tmp_path, timeout=20,
    )  # fmt: skip
    assert "256.0.0.1" in done.stdout and "CONFIG FILE ERROR" not in done.stdout + done.stderr


def test_the_lock_has_what_is_asked_for_by_hash_and_from_nowhere_in_particular():
    lock = (ROOT / "requirements.lock").read_text()
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)", lock, re.MULTILINE))
    asked = (ROOT / "requirements.txt").read_text() + (ROOT / "requirements-optional.txt").read_text()
    for name, version in re.findall(r"^([\w.-]+)(?:\[\w+\])?==(\S+)", asked, re.MULTILINE):
        assert pins[name.lower()] == version, f"{name}: run deploy/lock"
    blocks = re.split(r"^(?=\S)", re.sub(r"^#.*\n", "", lock, flags=re.MULTILINE), flags=re.MULTILINE)
    assert all("--hash=sha256:" in block for block in blocks if block.strip())
    assert "://" not in lock and "index" not in lock


def load(path: str):
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_image_gets_the_program_and_nothing_beside_it():
    trial = load("deploy/try_dockerfile.py")
    names = trial.context((ROOT / ".dockerignore").read_text())
    assert {"manage.py", "ops/health.py", "locale/en/LC_MESSAGES/django.mo", "requirements.lock"} <= set(names)
    assert {"learning/bank/historia.json", "ops/templates/ops/mail.html", "tutor/truth/vocabulary.txt"} <= set(names)
    apps = {one.parent.name for one in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    modules = {str(path.relative_to(ROOT)) for app in apps for path in (ROOT / app).rglob("*.py")}
    assert {name for name in modules if "/tests/" not in name} <= set(names)
    assert [
        name for name in names if re.search(r"(^|/)(tests|docs|benchmarks|\.env.*|\.git|var|deploy)(/|$)", name)
    ] == []


def test_the_trial_reads_every_step_of_the_dockerfile():
    trial = load("deploy/try_dockerfile.py")
    steps = list(trial.read((ROOT / "Dockerfile").read_text()))
    names = [step.name for step in steps]
    assert names.count("FROM") == 2 and names[-1] == "CMD" and "#" not in " ".join(step.text for step in steps)
    assert steps[-1].words == ["gunicorn", "-c", "gunicorn.conf.py", "persenaut.wsgi"]
    (check,) = [step for step in steps if step.name == "HEALTHCHECK"]
    assert check.words == ["python", "-m", "ops.probe"] and check.options["timeout"] == "5s"
    copied = [step for step in steps if step.name == "COPY" and step.options.get("chown")]
    assert copied[0].options == {"from": "build", "chown": "10001:10001"}


def test_release_notes_are_what_the_changelog_says_of_the_version(tmp_path):
    changelog = tmp_path / "CHANGELOG.md"
    changelog.write_text(
        "# Changelog\n\n## Unreleased\n- Soon.\n\n## 1.2.3 - 2026-12-01\n\n### Learners\n- A.\n\n## 1.2\n"
    )
    notes = [str(ROOT / "deploy" / "release-notes")]
    assert run(*notes, "1.2.3", str(changelog)) == "### Learners\n- A.\n"
    assert "- The whole HTTP contract" in run(*notes, "Unreleased")
    for version in ("1.2", "1.2.3.4", "2"):
        done = subprocess.run([*notes, version, str(changelog)], capture_output=True, text=True)
        assert done.returncode == 1 and "says nothing" in done.stderr


def test_the_suite_does_not_run_on_servers_that_nobody_named():
    given = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    command = [sys.executable, "-m", "tests.everything", "--on-these-servers"]
    done = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True)
    assert done.returncode == 2 and "set DATABASE_URL and REDIS_URL" in done.stdout
