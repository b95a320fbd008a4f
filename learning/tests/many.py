"""Many schedules at once, for tests that let real processes deliver them.

python -m learning.tests.many fill COUNT SECONDS SPREAD   COUNT learners, each with a schedule due in SECONDS, or up
                                                          to SPREAD seconds later
python -m learning.tests.many hurry                       as if the pauses of what waits were over
python -m learning.tests.many tell                        what has become of them, as JSON
"""

import json
import os
import sys
from collections import Counter
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persenaut.settings")


def fill(count: int, seconds: int, spread: int) -> None:
    from accounts.models import User
    from learning.models import Challenge, ChallengeSchedule

    first = timezone.now() + timedelta(seconds=seconds)
    dues = [first + timedelta(seconds=spread * n / count) for n in range(count)]
    people = [
        User(name="Ana", username=f"ana{n}", username_key=f"ana{n}", email=f"ana{n}@example.org", password="!")
        for n in range(count)
    ]
    User.objects.bulk_create(people, batch_size=500)
    fields = {"theme": "Historia", "theme_key": "historia", "level": "principiante"}
    ids = list(User.objects.order_by("id").values_list("pk", flat=True))
    ChallengeSchedule.objects.bulk_create(
        [
            ChallengeSchedule(user_id=user_id, delivery_time=due.time(), anchor=due.date(), next_delivery=due, **fields)
            for user_id, due in zip(ids, dues, strict=True)
        ],
        batch_size=500,
    )
    Challenge.objects.bulk_create(
        [
            Challenge(
                user_id=row.user_id, schedule=row, question="¿Hecha de antemano?", options=["a", "b", "c", "d"],
                correct_letter="A", origin="bank", fingerprint="x" * 64, state="upcoming", **fields,
            )
            for row in ChallengeSchedule.objects.order_by("id")
        ],
        batch_size=500,
    )  # fmt: skip


def hurry() -> None:
    from learning.models import ChallengeSchedule
    from ops.models import OutboxMail

    past = timezone.now() - timedelta(seconds=1)
    OutboxMail.objects.filter(state="waiting").update(not_before=past)
    ChallengeSchedule.objects.exclude(make_at=None).update(make_at=past)


def tell() -> None:
    from learning.models import Challenge, Delivery
    from ops.models import OutboxMail

    told = {
        "deliveries": Delivery.objects.exclude(delivered_at=None).count(),
        "waiting": Delivery.objects.filter(delivered_at=None).count(),
        "schedules": Delivery.objects.values("schedule").distinct().count(),
        "delivered challenges": Delivery.objects.values("challenge").distinct().count(),
        "pending": Challenge.objects.filter(state="pending").count(),
        "upcoming": Counter(Challenge.objects.filter(state="upcoming").values_list("schedule", flat=True)),
        "mails": Counter(OutboxMail.objects.values_list("state", flat=True)),
        "ids": list(OutboxMail.objects.values_list("message_id", flat=True)),
    }
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    django.setup()
    from django.utils import timezone

    {"fill": fill, "hurry": hurry, "tell": tell}[sys.argv[1]](*map(int, sys.argv[2:]))
