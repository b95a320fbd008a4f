"""The environment of the test run. Loaded before Django (pytest.ini: -p tests.environment).

The stack under test is the caller's: ./test runs the suite on SQLite with the in-process cache, and again with
DATABASE_URL and REDIS_URL of private servers. Everything else is fixed here, whatever a developer's shell says.
"""

import atexit
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

FOLDER = Path(tempfile.mkdtemp(prefix="persenaut-tests-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)

EXAMPLE = (Path(__file__).resolve().parent.parent / ".env.example").read_text(encoding="utf-8")
for name in re.findall(r"^#?([A-Z][A-Z0-9_]*)=", EXAMPLE, re.MULTILINE):
    os.environ.pop(f"{name}_FILE", None)
    if name not in {"DATABASE_URL", "REDIS_URL"}:
        os.environ.pop(name, None)

os.environ |= {
    "DATA_DIR": str(FOLDER),
    "LOG_DIR": str(FOLDER / "logs"),
    "LOG_LEVEL": "debug",
    "SECRET_KEY": "only-for-tests-" + "x" * 50,
    "DEBUG": "false",
    "HTTPS": "false",
    "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
    "DEFAULT_TIME_ZONE": "UTC",
    "EXPOSE_ANSWER_KEY": "false",
    "DOTENV": "none",  # a developer's .env is not the tests'
}
(FOLDER / "static").mkdir()

REDIS_DATABASES = 16  # for each process that runs tests: pytest-xdist starts several
if os.environ.get("REDIS_URL"):
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    url = urlsplit(os.environ["REDIS_URL"])
    os.environ["REDIS_URL"] = urlunsplit(url._replace(path=f"/{worker * REDIS_DATABASES}"))


def pytest_configure(config: Any) -> None:
    config.addinivalue_line("markers", "once: about neither database nor cache; left out on MariaDB and Redis")
    from accounts.hashers import Argon2Hasher

    # A thousand passwords would be half of the suite's time. Running servers hash in earnest.
    Argon2Hasher.time_cost, Argon2Hasher.memory_cost = 1, 8
    _look_for_static_files_once()


def _look_for_static_files_once() -> None:
    """WhiteNoise would look through them all again for each test client."""
    from whitenoise.middleware import WhiteNoiseMiddleware

    look = WhiteNoiseMiddleware.add_files_from_finders
    found: dict[str, Any] = {}

    def add_files_from_finders(self: Any) -> None:
        if not found:
            look(self)
            found.update(self.files)
        self.files.update(found)

    WhiteNoiseMiddleware.add_files_from_finders = add_files_from_finders


def pytest_collection_modifyitems(config: Any, items: list[Any]) -> None:
    if "DATABASE_URL" in os.environ:
        elsewhere = [item for item in items if item.get_closest_marker("once")]
        items[:] = [item for item in items if item not in elsewhere]
        config.hook.pytest_deselected(items=elsewhere)
