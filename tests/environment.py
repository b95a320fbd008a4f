"""The environment of the test run. Loaded before Django (pytest.ini: -p tests.environment).

The stack under test is the caller's: ./test runs the suite on SQLite with the in-process cache, and again with
DATABASE_URL and REDIS_URL pointing to private servers. Everything else is fixed here, whatever a developer's shell says.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

KEPT = {"DATABASE_URL", "REDIS_URL"}
OURS = ("AI_", "GROQ_", "RATE_LIMIT_", "REDIS_", "DATABASE_", "LOG_", "CORS_", "EMAIL_", "SECRET_KEY")

FOLDER = Path(tempfile.mkdtemp(prefix="persenaut-tests-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)

for name in list(os.environ):
    if name.startswith(OURS) and name not in KEPT:
        del os.environ[name]

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
