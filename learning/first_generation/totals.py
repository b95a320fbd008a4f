"""What the imported rows add up to: shelves and totals are counted from them, never copied, and so right.

The old `user_metrics` are compared with that: how many were wrong, and by how much.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from learning.facts import answers_of_users
from learning.first_generation.ledger import Batch, user_of
from learning.first_generation.reading import Row
from learning.first_generation.steps import Run, Step
from learning.first_generation.values import LeftOut, Notes, number
from learning.models import Challenge, IntensiveResponse, ThemeShelf, UserResponse
from metrics.models import SessionScore, UserMetrics
from metrics.reads import mean
from metrics.rebuild import rebuild_users
from ops.database import in_transaction

KIND = "totals"
USERS = 200  # of one batch


@in_transaction
def add_up(user_ids: Sequence[int]) -> None:
    """Count anew what these users have. Those who have nothing keep nothing."""
    facts = (Challenge, SessionScore, UserResponse, IntensiveResponse)
    users = sorted({pk for model in facts for pk in _among(model, user_ids)})
    rebuild_users(users, lambda: answers_of_users(users))
    _fill_shelves(users)


def _among(model: Any, user_ids: Sequence[int]) -> set[int]:
    """Those of the users who have rows of this kind."""
    return set(model.objects.filter(user_id__in=user_ids).order_by().values_list("user_id", flat=True).distinct())


def _fill_shelves(user_ids: Sequence[int]) -> None:
    """The users' totals are locked, so that no question is stored beside us."""
    shelves: dict[tuple[int, str, str], ThemeShelf] = {}
    mine = Challenge.objects.filter(user_id__in=user_ids).visible().order_by("created_at", "id")
    for user_id, theme, key, level, created in mine.values_list("user_id", "theme", "theme_key", "level", "created_at"):
        if (user_id, key, level) not in shelves:
            shelves[user_id, key, level] = ThemeShelf(
                user_id=user_id, theme_key=key, level=level, first_created=created
            )
        shelf = shelves[user_id, key, level]
        shelf.theme, shelf.last_created = theme, created
        shelf.questions += 1
    ThemeShelf.objects.filter(user_id__in=user_ids).delete()
    ThemeShelf.objects.bulk_create(shelves.values(), batch_size=500)


class OldTotals(Step):
    """The old totals are not imported, since they were often wrong; what differs is noted."""

    kind = table = "user_metrics"

    def store(self, run: Run, rows: list[Row], batch: Batch) -> None:
        people = run.people(rows)
        users = [owner.pk for owner in people.things.values()]
        totals = {row.user_id: row for row in UserMetrics.objects.filter(user_id__in=users)}
        mine = [user for row in rows if (user := user_of(row)) is not None]
        seen: set[int | None] = {*run.old.earlier_owners("user_metrics", mine, before=rows[0].id)}

        def read(row: Row) -> tuple[None, Notes]:
            owner = people.of(user_of(row))
            if user_of(row) in seen:
                raise LeftOut("totals_again")
            seen.add(user_of(row))
            return None, _differences(row, totals.get(owner.pk) or UserMetrics())

        batch.read(rows, read)


def _differences(row: Row, totals: UserMetrics) -> Notes:
    """What the old row says otherwise."""
    ours = {
        "total_points": Decimal(totals.points),
        "total_sessions": Decimal(totals.sessions),
        "total_correct_answers": Decimal(totals.correct),
        "total_time_spent": Decimal(totals.time_spent),
        "average_accuracy": mean(totals.accuracy_sum, totals.sessions),
    }
    notes = []
    for column, value in ours.items():
        old = number(row[column])
        if old is not None and abs(old - value) > (Decimal("0.01") if column == "average_accuracy" else 0):
            notes.append((f"{column}_differs", f"{old}, counted {value}"))
    return notes
