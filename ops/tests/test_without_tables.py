"""A command on a database that was never migrated says so in a sentence."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

pytestmark = pytest.mark.once


@pytest.mark.parametrize("command", ["prune", "send_outbox", "rebuild_metrics", "deliver_challenges"])
def test_what_is_missing_and_what_to_run(command, tmp_path):
    environment = os.environ | {"DATABASE_URL": "", "REDIS_URL": "", "DATA_DIR": str(tmp_path)}
    told = subprocess.run(
        [sys.executable, "manage.py", command], cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True
    )
    assert told.returncode == 1
    assert "Traceback" not in told.stderr
    assert "run `manage.py migrate` first" in told.stderr
