"""Learners go on while their challenges are delivered: nobody waits for ever, and no request fails for it."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import time, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from conftest import Api
from learning.delivery import deliver_due, make_ahead
from learning.models import Challenge, ChallengeSchedule, Delivery
from ops.database import in_transaction
from tests.people import PASSWORD

THEMES = ["Historia", "Biología", "Arte", "Música"]
ROUNDS = 12


@in_transaction
def make_all_due() -> None:
    ChallengeSchedule.objects.update(next_delivery=timezone.now() - timedelta(seconds=random.random()))


@pytest.mark.django_db(transaction=True)
@pytest.mark.both_stacks
def test_nothing_fails_while_everything_happens_at_once(make_user):
    people = [make_user(password=PASSWORD, wants_email=number % 2 == 0) for number in range(4)]
    stop = threading.Event()

    def deliver() -> int:
        count = 0
        try:
            while not stop.is_set():
                make_all_due()
                count += deliver_due()["delivered"] + make_ahead()["made"]
        finally:
            connection.close()
        return count

    def live(user) -> list[tuple[str, int]]:
        api, seen = Api(user), []
        profile = {"name": user.name, "username": user.username, "email": user.email}

        def ask(method: str, path: str, body=None):
            reply = api.request(method, path, body)
            seen.append((f"{method} {path.rpartition('/')[0]}", reply.status_code))
            return reply.json()

        try:
            for number in range(ROUNDS):
                theme = random.choice(THEMES)
                ask("POST", "/api/challenges/generate", {"theme": theme, "level": "easy"})
                for row in ask("POST", "/api/challenges/pending", {})["challenges"][:2]:
                    ask("POST", "/api/challenges/start", {"challengeId": row["id"]})
                    ask("POST", "/api/save-response", {"questionId": row["id"], "selectedAnswer": "A"})
                ask("PUT", "/api/user/profile", profile | {"timeZone": random.choice(["UTC", "Asia/Tokyo"])})
                for row in ask("GET", "/api/schedules?limit=2")["results"]:
                    ask("PATCH", f"/api/schedules/{row['id']}", {"deliveryTime": str(time(number % 24))})
                for row in ask("GET", "/api/challenges?limit=2")["results"]:
                    ask("DELETE", f"/api/challenges/{row['id']}")
                if number % 4 == 3:
                    ask("DELETE", f"/api/themes/{theme}")
            if user.wants_email:
                ask("DELETE", "/api/user/account", {"password": PASSWORD})
        finally:
            connection.close()
        return seen

    with ThreadPoolExecutor(8) as pool:
        couriers = [pool.submit(deliver) for _ in range(2)]
        lives = [pool.submit(live, user) for user in people]
        seen = [answer for done in lives for answer in done.result()]
        stop.set()
        delivered = sum(done.result() for done in couriers)
    assert {status for _what, status in seen} <= {200, 404}, sorted(set(seen))  # 404: deleted by themselves meanwhile
    assert delivered > 0
    assert not Delivery.objects.filter(delivered_at=None, challenge__isnull=False).exists()
    assert Challenge.objects.filter(state="pending", delivered_at=None).count() == 0
