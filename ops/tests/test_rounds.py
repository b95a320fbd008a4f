"""Work done again and again, each kind for itself, until somebody says stop."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from ops.rounds import Rounds
from tests.live import ROOT


def until(done, seconds=5.0):
    deadline = time.monotonic() + seconds
    while not done() and time.monotonic() < deadline:
        time.sleep(0.005)
    return done()


@pytest.mark.django_db(transaction=True)
def test_one_that_fails_or_hangs_keeps_no_other_waiting(caplog):
    counts = {"well": 0, "ill": 0}
    release = threading.Event()

    def well(stopping):
        counts["well"] += 1

    def ill(stopping):
        counts["ill"] += 1
        raise ZeroDivisionError

    rounds = Rounds(0.01, {"well": well, "ill": ill, "hung": lambda stopping: release.wait()}).start()
    assert until(lambda: min(counts.values()) > 3)
    release.set()
    rounds.stop()
    assert any(getattr(record, "component", "") == "ill" for record in caplog.records)


@pytest.mark.django_db(transaction=True)
def test_a_stop_waits_for_the_piece_at_hand_and_begins_no_other():
    done = []

    def work(stopping):
        while not stopping():
            time.sleep(0.05)
        done.append("the piece at hand")

    rounds = Rounds(60, {"work": work}).start()
    time.sleep(0.05)
    began = time.monotonic()
    rounds.stop()
    assert done == ["the piece at hand"] and time.monotonic() - began < 2


PROGRAM = """
import django; django.setup()
from ops.rounds import Rounds
import time
def work(stopping):
    print("begun", flush=True)
    time.sleep(0.5)
    print("done", flush=True)
Rounds(60, {"work": work}).run_until_told()
print("ended", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_them_cleanly(number):
    env = {"DJANGO_SETTINGS_MODULE": "persenaut.settings"}
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], env=os.environ | env, cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline() == b"begun\n"
    process.send_signal(number)
    said, _ = process.communicate(timeout=20)
    assert (process.returncode, said) == (0, b"done\nended\n")
