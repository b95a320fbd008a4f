"""Does what a Dockerfile says without a container engine: see deploy/try-dockerfile.

The stand-in for the image python:X-slim-bookworm is Debian's smallest system with Debian's Python. Packages come from
where this machine gets its own: its settings of apt and pip are bound into the system that is built, and stay outside
of what is measured.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
# What the official image has, by the names it has it under.
PYTHON = ["python3", "python3-pip", "python3-venv", "python3-dev", "ca-certificates"]
NAMES = {"python": "python3", "python3": "python3", "pip": "pip3"}
# How this machine reaches its packages, if it has any of these.
HOST_SETTINGS = [
    "/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs", "/usr/local/share/ca-certificates", "/etc/pip.conf", "/etc/xdg",
    "/etc/apt/sources.list", "/etc/apt/sources.list.d", "/etc/apt/apt.conf.d", "/etc/apt/auth.conf.d",
    "/etc/apt/trusted.gpg.d", "/etc/apt/keyrings", "/root/.config/pip", "/root/.pip",
]  # fmt: skip
DEVICES = ["null", "zero", "full", "random", "urandom"]
HOST_VARIABLES = re.compile(r"(pip_.*|https?_proxy|no_proxy|ssl_cert_.*|requests_ca_bundle)", re.IGNORECASE)


@dataclass
class Step:
    """One instruction: `words` of the JSON form or of a COPY, `text` of the rest, `options` such as --from."""

    name: str
    text: str
    words: list[str]
    options: dict[str, str]


@dataclass
class Stage:
    """What an image is made of, as far as the steps have come."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    user: str = "0:0"
    command: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)


def read(text: str) -> Iterator[Step]:
    """The instructions of a Dockerfile, in order."""
    joined = re.sub(r"\\\n", " ", re.sub(r"^[ \t]*#.*\n", "", text, flags=re.MULTILINE))
    for line in joined.splitlines():
        if not line.strip():
            continue
        name, _, rest = line.strip().partition(" ")
        options = {}
        while match := re.match(r"\s*--([a-z-]+)=(\S+)\s*", rest):
            options[match[1]] = match[2]
            rest = rest[match.end() :]
        rest = rest.strip()
        body = rest.removeprefix("CMD ").strip() if name == "HEALTHCHECK" else rest
        words = json.loads(body) if body.startswith("[") else shlex.split(body) if name in ("COPY", "ENV") else []
        yield Step(name.upper(), rest, words, options)


def context(ignore: str) -> list[str]:
    """The files that a build is given: those of the folder that .dockerignore leaves, relative to it."""
    rules = []
    for line in ignore.splitlines():
        if (line := line.strip()) and not line.startswith("#"):
            pattern = line.removeprefix("!").strip("/")
            parts = [".*" if part == "**" else re.escape(part).replace(r"\*", "[^/]*") for part in pattern.split("/")]
            expression = "/".join(parts).replace(".*/", "(?:.*/)?")
            rules.append((re.compile(f"{expression}(?:/.*)?"), not line.startswith("!")))

    def is_left(name: str) -> bool:
        ignored = False
        for pattern, verdict in rules:
            if pattern.fullmatch(name):
                ignored = verdict
        return not ignored

    return [name for name in files() if is_left(name)]


def files() -> list[str]:
    """All files of the project, relative to it, but for what tools keep beside them."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(set(folders) - {".git", ".venv", "node_modules", "__pycache__"})
        found += [str((Path(folder) / name).relative_to(ROOT)) for name in sorted(names)]
    return found


class Trial:
    def __init__(self, work: Path, base: Path) -> None:
        self.work, self.base = work, base
        self.stages: dict[str, Stage] = {}
        self.arguments: dict[str, str] = {}

    def build(self, text: str, ignore: str) -> Stage:
        """Do every step; the last stage."""
        stage = Stage(self.work)
        for step in read(text):
            say(f"{step.name} {step.text[:110]}")
            if step.name == "FROM":
                name = step.text.rpartition(" AS ")[2] if " AS " in step.text else "final"
                stage = self.stages[name] = self.start(name, self.filled(step.text))
            elif step.name == "ARG":
                self.arguments |= dict([step.text.split("=", 1)])
            elif step.name == "ENV":
                for word in step.words:
                    name, _, value = word.partition("=")
                    stage.env[name] = value.replace("$PATH", stage.env["PATH"])
            elif step.name == "WORKDIR":
                stage.workdir = step.text
                (stage.folder / step.text.lstrip("/")).mkdir(parents=True, exist_ok=True)
            elif step.name == "USER":
                stage.user = step.text
            elif step.name == "RUN":
                self.run(stage, ["/bin/sh", "-c", step.text])
            elif step.name == "COPY":
                self.copy(stage, step, ignore)
            elif step.name == "CMD":
                stage.command = step.words
            elif step.name == "HEALTHCHECK":
                stage.healthcheck = step.words
            elif step.name != "EXPOSE":
                raise SystemExit(f"{step.name}: this reader does not know it yet")
        return stage

    def start(self, name: str, image: str) -> Stage:
        if not re.fullmatch(r"python:3\.11-slim-bookworm( AS \w+)?", image):
            raise SystemExit(f"FROM {image}: the only stand-in here is Debian 12's Python 3.11")
        folder = self.work / name
        subprocess.run(["cp", "-a", "--reflink=auto", str(self.base), str(folder)], check=True)
        return Stage(folder, {"PATH": "/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin"})

    def filled(self, text: str) -> str:
        return re.sub(r"\$\{(\w+)\}", lambda match: self.arguments[match[1]], text)

    def run(self, stage: Stage, command: list[str]) -> None:
        """A step of the build, as root, with this machine's way to its packages."""
        given = {name: value for name, value in os.environ.items() if HOST_VARIABLES.fullmatch(name)}
        with Mounts(stage.folder, for_build=True):
            inside = ["chroot", str(stage.folder), "env", "-i", f"--chdir={stage.workdir}"]
            variables = [f"{name}={value}" for name, value in (given | {"HOME": "/root"} | stage.env).items()]
            done = subprocess.run([*inside, *variables, *command], capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"failed with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")

    def copy(self, stage: Stage, step: Step, ignore: str) -> None:
        *sources, target = step.words
        into = stage.folder / (Path(stage.workdir) / target).relative_to("/")
        if source := step.options.get("from"):
            origin = self.stages[source].folder
            for name in sources:
                found = origin / name.lstrip("/")
                place = into / found.name if target.endswith("/") else into
                place.parent.mkdir(parents=True, exist_ok=True)
                subprocess.run(["cp", "-a", "-T", str(found), str(place)], check=True)
                if owner := step.options.get("chown"):
                    subprocess.run(["chown", "-R", owner, str(place)], check=True)
            return
        for name in context(ignore):
            if any(source == "." or name == source or name.startswith(f"{source}/") for source in sources):
                place = into / name
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, place)

    def serve(self, stage: Stage) -> None:
        """Start what the image starts, as its user, with a root that nobody can write; ask it how it is; end it."""
        uid, gid = stage.user.split(":")
        assert uid != "0", "the image runs as root"
        root = self.work / "root"
        root.mkdir()
        mounts = Mounts(root, for_build=False)
        mounts.bind("--bind", str(stage.folder), str(root))
        with mounts:
            for name in ("tmp", "data"):
                mounts.bind("-t", "tmpfs", "-o", f"uid={uid},gid={gid},mode=700", "tmpfs", str(root / name))
            mount("-o", "remount,bind,ro", str(root))
            self.try_server(stage, str(root), uid, gid)

    def try_server(self, stage: Stage, root: str, uid: str, gid: str) -> None:
        port = str(free_port())
        env = stage.env | {"HOST": "127.0.0.1", "PORT": port, "WEB_CONCURRENCY": "1"}
        variables = [f"{name}={value}" for name, value in env.items()]
        as_user = ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--no-new-privs"]
        inside = ["chroot", root, "env", "-i", f"--chdir={stage.workdir}", *variables, *as_user]
        inside += ["--bounding-set=-all", "--inh-caps=-all"]

        def ask(*command: str) -> "subprocess.CompletedProcess[str]":
            return subprocess.run([*inside, *command], capture_output=True, text=True)

        for place in (stage.workdir, "/venv", "/usr", "/etc"):
            assert ask("touch", f"{place}/written").returncode, f"{place} can be written"
        for command in (["python", "manage.py", "prepare"], ["mariadb-dump", "--version"], ["mariadb", "--version"]):
            done = ask(*command)
            if done.returncode:
                raise SystemExit(f"{command} failed:\n{done.stdout}{done.stderr}")
        assert ask("python", "-c", "import MySQLdb, sentry_sdk, opentelemetry.sdk.trace").returncode == 0
        assert ask(*stage.healthcheck).returncode == 1, "the health check finds a server before there is one"

        begun = time.monotonic()
        # A process namespace of its own: the server is number 1 in it, as in a container.
        server = subprocess.Popen(
            ["unshare", "--pid", "--fork", "--kill-child", f"--mount-proc={root}/proc", *inside, *stage.command],
            stdout=subprocess.DEVNULL,
        )
        try:
            while ask(*stage.healthcheck).returncode:
                if server.poll() is not None or time.monotonic() > begun + 60:
                    raise SystemExit("the server does not get healthy")
                time.sleep(0.2)
            say(f"healthy after {time.monotonic() - begun:.1f} s")
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as answer:
                said: dict[str, Any] = json.load(answer)
            states = {name: check["status"] for name, check in said["checks"].items()}
            say(f"/health says {said['status']}: {states}")
            assert said["status"] != "unhealthy"
            first = int(Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()[0])
            owner = re.search(r"^Uid:\s+(\d+)", Path(f"/proc/{first}/status").read_text(), re.MULTILINE)
            assert owner and owner[1] == uid, "the server is not the image's user"
            os.kill(first, signal.SIGTERM)
            code = server.wait(40)
            say(f"SIGTERM: ended with {code}")
            assert code == 0
        finally:
            if server.poll() is None:
                server.kill()
                server.wait()


class Mounts:
    """What a process inside finds mounted, and for a build this machine's settings too; nothing of it stays."""

    def __init__(self, folder: Path, *, for_build: bool) -> None:
        self.folder, self.for_build = folder, for_build
        self.done: list[str] = []
        self.made: list[Path] = []

    def __enter__(self) -> "Mounts":
        root = str(self.folder)
        try:
            self.bind("-t", "proc", "proc", f"{root}/proc")
            self.devices()
            if self.for_build:
                self.bind("-t", "tmpfs", "tmpfs", f"{root}/tmp")
                self.settings_of_the_host()
        except BaseException:
            self.__exit__()
            raise
        return self

    def settings_of_the_host(self) -> None:
        for name in [*HOST_SETTINGS, *self.folders_of_packages()]:
            if not os.path.exists(name):
                continue
            place = self.folder / name.lstrip("/")
            if not place.exists():
                self.missing(place, is_folder=os.path.isdir(name))
            self.bind("--bind", os.path.realpath(name), str(place))

    def devices(self) -> None:
        """A /dev of its own, with the few devices that a container has."""
        folder = self.folder / "dev"
        self.bind("-t", "tmpfs", "-o", "mode=755", "tmpfs", str(folder))
        for name in DEVICES:
            (folder / name).touch()
            self.bind("--bind", f"/dev/{name}", str(folder / name))
        (folder / "shm").mkdir()
        self.bind("-t", "tmpfs", "-o", "mode=1777", "tmpfs", str(folder / "shm"))
        (folder / "fd").symlink_to("/proc/self/fd")

    def folders_of_packages(self) -> list[str]:
        """Folders of this machine that pip looks into, if its settings name any."""
        asked = subprocess.run(["pip", "config", "list"], capture_output=True, text=True)
        said = asked.stdout + os.environ.get("PIP_FIND_LINKS", "")
        found = re.findall(r"(?:file://)?(/[\w./-]+)", said)
        # The files of an index on disk lie beside its folder "simple".
        return sorted({name.removesuffix("/simple") for name in found if os.path.isdir(name)})

    def missing(self, place: Path, *, is_folder: bool) -> None:
        """Make what is to be mounted over, and remember it."""
        above = [folder for folder in place.parents if not folder.exists()]
        self.made += [place, *above]
        (place if is_folder else place.parent).mkdir(parents=True, exist_ok=True)
        if not is_folder:
            place.touch()

    def bind(self, *arguments: str) -> None:
        mount(*arguments)
        self.done.append(arguments[-1])

    def __exit__(self, *exc: object) -> None:
        for name in reversed(self.done):
            subprocess.run(["umount", name], check=True)
        for place in self.made:
            if place.is_dir():
                place.rmdir()
            else:
                place.unlink()


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def make_base(folder: Path) -> None:
    """A Debian with a Python where the official image has it."""
    say("debootstrap: the stand-in for python:3.11-slim-bookworm")
    draft = folder.with_name(f"{folder.name}.draft")
    command = ["debootstrap", "--variant=minbase", f"--include={','.join(PYTHON)}", "bookworm", str(draft)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"debootstrap failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    for name, target in NAMES.items():
        (draft / "usr/local/bin" / name).symlink_to(f"/usr/bin/{target}")
    # The official images have none of these either.
    for unwanted in ("var/cache/apt/archives", "var/lib/apt/lists"):
        shutil.rmtree(draft / unwanted)
        (draft / unwanted).mkdir()
    draft.rename(folder)


def size(folder: Path) -> float:
    """Megabytes on disk."""
    done = subprocess.run(["du", "-sx", "--block-size=1K", str(folder)], capture_output=True, text=True, check=True)
    return int(done.stdout.split()[0]) / 1024


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", type=Path)
    asked = parser.parse_args()
    if os.geteuid() != 0 or not shutil.which("debootstrap", path=f"{os.environ['PATH']}:/usr/sbin"):
        raise SystemExit("deploy/try-dockerfile needs root and debootstrap (apt-get install debootstrap)")
    work = Path(tempfile.mkdtemp(prefix="persenaut-image-"))
    try:
        base = asked.base.absolute() if asked.base else work / "base"
        if not base.exists():
            make_base(base)
        trial = Trial(work, base)
        final = trial.build((ROOT / "Dockerfile").read_text(), (ROOT / ".dockerignore").read_text())
        parts = {"Python packages": "venv", "the program": "app"}
        whole = size(final.folder) - size(base)
        said = [f"{size(final.folder / folder):.0f} MB {part}" for part, folder in parts.items()]
        trial.serve(final)
        say(f"{whole:.0f} MB more than the image that it starts from: {', '.join(said)}")
    finally:
        # Whatever should still be mounted in there is not ours to delete.
        subprocess.run(["rm", "-rf", "--one-file-system", str(work)], check=True)


if __name__ == "__main__":
    main()
