"""What the imported rows add up to: shelves and totals are counted from them, never copied, and so right.

The old `user_metrics` are compared with that: how many were wrong, and by how much.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from accounts.models import User
from learning.first_generation.ledger import Batch, user_of
from learning.first_generation.reading import Row
from learning.first_generation.steps import Run, Step
from learning.first_generation.values import LeftOut, Notes, number
from learning.models import Challenge, IntensiveResponse, ThemeShelf, UserResponse
from metrics.models import SessionScore, UserMetrics
from metrics.reads import mean
from metrics.rebuild import rebuild_user
from metrics.services import lock_totals
from ops.database import in_transaction

KIND = "totals"
USERS = 200  # of one batch


def add_up(user_ids: Sequence[int]) -> None:
    """Count anew what these users have."""
    with_questions = _among(Challenge, user_ids)
    with_facts = {pk for model in (SessionScore, UserResponse, IntensiveResponse) for pk in _among(model, user_ids)}
    for user_id in User.objects.filter(pk__in=with_questions | with_facts).order_by("pk").values_list("pk", flat=True):
        _add_up(user_id, has_facts=user_id in with_facts)


def _among(model: Any, user_ids: Sequence[int]) -> set[int]:
    """Those of the users who have rows of this kind."""
    return set(model.objects.filter(user_id__in=user_ids).order_by().values_list("user_id", flat=True).distinct())


@in_transaction
def _add_up(user_id: int, *, has_facts: bool) -> None:
    lock_totals(user_id)
    _fill_shelves(user_id)
    if has_facts:
        rebuild_user(user_id)


def _fill_shelves(user_id: int) -> None:
    shelves: dict[tuple[str, str], ThemeShelf] = {}
    mine = Challenge.objects.of_user(user_id).visible().order_by("created_at", "id")
    for theme, theme_key, level, created in mine.values_list("theme", "theme_key", "level", "created_at"):
        shelf = shelves.setdefault(
            (theme_key, level), ThemeShelf(user_id=user_id, theme_key=theme_key, level=level, first_created=created)
        )
        shelf.theme, shelf.last_created = theme, created
        shelf.questions += 1
    ThemeShelf.objects.of_user(user_id).delete()
    ThemeShelf.objects.bulk_create(shelves.values())


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
