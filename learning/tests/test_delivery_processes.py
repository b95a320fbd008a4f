"""Several processes deliver at once, some of them are killed: every challenge arrives, and its mail, once.

A real mail server takes the mails; the processes are the command as an operator runs it.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest

from tests.environment import FOLDER
from tests.live import ROOT, own_database
from tests.mail_server import mail_server
from tests.servers import spawn

pytestmark = [pytest.mark.live, pytest.mark.both_stacks]
ON_MARIADB = os.environ.get("DATABASE_URL", "").startswith("mysql")
PROCESSES, SCHEDULES = (4, 500) if ON_MARIADB else (2, 60)
PATIENCE = 180  # seconds, on a busy machine
KILLS = 12 if ON_MARIADB else 6


class Fleet:
    """Processes that deliver, on a database of their own."""

    def __init__(self, mail) -> None:
        self.mail = mail
        self.env = os.environ | mail.env | {"DATABASE_URL": own_database(), "LOG_TO": "stdout", "LOG_LEVEL": "warn"}
        self.running: list[subprocess.Popen[bytes]] = []
        self.outputs: list[str] = []
        self.manage("migrate", "--verbosity", "0")

    def manage(self, *arguments: str) -> str:
        return self.run("manage.py", *arguments)

    def many(self, *arguments: str) -> str:
        return self.run("-m", "learning.tests.many", *arguments)

    def run(self, *arguments: str) -> str:
        command = [sys.executable, *arguments]
        return subprocess.run(command, env=self.env, cwd=ROOT, check=True, capture_output=True, text=True).stdout

    def launch(self) -> None:
        output = FOLDER / f"fleet-{id(self)}-{len(self.outputs)}.txt"
        self.outputs.append(str(output))
        # A few at a time, so that no process is done before the others have begun.
        command = [sys.executable, "manage.py", "deliver_challenges", "--loop", "0.2", "--limit", "20"]
        with open(output, "wb") as file:
            self.running.append(spawn(command, env=self.env, cwd=ROOT, stdout=file, stderr=file))

    def kill_one(self) -> None:
        victim = self.running.pop(random.randrange(len(self.running)))
        victim.send_signal(signal.SIGKILL)
        victim.wait()

    def end(self) -> list[int]:
        """Exit codes after SIGTERM."""
        for process in self.running:
            process.terminate()
        return [process.wait(60) for process in self.running]

    def told(self) -> dict:
        return json.loads(self.many("tell"))

    def wait_for(self, done) -> dict:
        deadline = time.monotonic() + PATIENCE
        while True:
            told = self.told()
            if done(told) or time.monotonic() > deadline:
                return told
            time.sleep(0.5)

    def delivered_by(self) -> list[int]:
        """How many challenges each process says it delivered."""
        counts = []
        for output in self.outputs:
            with open(output, encoding="utf-8") as file:
                lines = [line.split() for line in file if line.startswith("challenges: ")]
            counts.append(sum(int(words[1]) for words in lines if words[2].startswith("delivered")))
        return counts


@pytest.fixture
def fleet():
    with mail_server() as mail:
        fleet = Fleet(mail)
        yield fleet
        for process in fleet.running:
            process.kill()
            process.wait()


def check_everything_arrived_once(told: dict, fleet: Fleet) -> None:
    assert told["deliveries"] == told["schedules"] == told["delivered challenges"] == told["pending"] == SCHEDULES
    assert told["waiting"] == 0
    assert told["mails"] == {"sent": SCHEDULES}
    assert len(set(told["ids"])) == SCHEDULES
    assert set(fleet.mail.ids()) == set(told["ids"])
    to = Counter(address for address, _content in fleet.mail.received)
    assert len(to) == SCHEDULES, "each learner has had one"


def everything(told: dict) -> bool:
    return told["mails"] == {"sent": SCHEDULES} and len(told["upcoming"]) == SCHEDULES


def test_many_processes_deliver_each_challenge_once(fleet):
    fleet.many("fill", str(SCHEDULES), "15", "0")
    for _ in range(PROCESSES):
        fleet.launch()
    told = fleet.wait_for(everything)
    assert fleet.end() == [0] * PROCESSES
    check_everything_arrived_once(told, fleet)
    assert len(fleet.mail.received) == SCHEDULES, "and no mail twice"
    assert set(told["upcoming"].values()) == {1}, "one is made ahead for each"
    by_process = fleet.delivered_by()
    assert sum(by_process) == SCHEDULES
    if ON_MARIADB:
        assert sum(count > 0 for count in by_process) > 1, by_process


def test_processes_that_are_killed_lose_nothing_and_double_nothing(fleet):
    fleet.mail.stall = 0.01
    fleet.many("fill", str(SCHEDULES), "8", "20")
    for _ in range(PROCESSES):
        fleet.launch()
    time.sleep(9)  # until they are at it
    for _ in range(KILLS):
        time.sleep(random.uniform(0.02, 40 / KILLS))
        fleet.kill_one()
        fleet.launch()
    fleet.wait_for(lambda told: told["deliveries"] == SCHEDULES)
    deadline = time.monotonic() + PATIENCE
    told = fleet.told()
    while not everything(told) and time.monotonic() < deadline:
        time.sleep(1)
        before, told = told, fleet.told()
        if before == told:  # what is left belongs to the dead: as if the time had passed until others may take it
            fleet.many("hurry")
    assert fleet.end() == [0] * PROCESSES
    check_everything_arrived_once(told, fleet)
    # Twice at the server at most: what a process had handed in when it was killed, before it could say so.
    assert len(fleet.mail.received) - SCHEDULES <= KILLS
