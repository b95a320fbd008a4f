"""Totals computed anew from the recorded facts, and compared with what is kept.

Session totals come from `session_scores`. The answers are recorded by another app, which tells us here how to read
them: `answer_source` is set when that app is ready.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from django.db import models, transaction

from metrics.models import AnswerDay, AnswerTotal, DayTotal, ModeTotal, SessionScore, ThemeTotal, UserMetrics
from metrics.services import AnswerFact, figures_changed, lock_totals
from ops.database import in_transaction

answer_source: Callable[[int], Iterable[AnswerFact]] | None = None

SESSION_SUMS = ["sessions", "points", "accuracy_sum", "time_spent"]
ANSWER_SUMS = ["answered", "correct"]
# model, the fields that tell its rows apart, the fields that are sums
TABLES: list[tuple[Any, list[str], list[str]]] = [
    (UserMetrics, [], [*SESSION_SUMS, *ANSWER_SUMS]),
    (ThemeTotal, ["theme_key"], SESSION_SUMS),
    (ModeTotal, ["game_mode"], SESSION_SUMS),
    (DayTotal, ["day"], SESSION_SUMS),
    (AnswerTotal, ["theme_key", "level"], ANSWER_SUMS),
    (AnswerDay, ["day", "theme_key", "level"], ANSWER_SUMS),
]

Sums = dict[tuple[Any, ...], dict[str, Any]]


@in_transaction
def rebuild_user(user_id: int, *, check_only: bool = False) -> list[str]:
    """Compare a user's totals with the facts and, unless `check_only`, write them anew where they differ.

    Returns what differed, a sentence each; [] when the totals were right.
    """
    lock_totals(user_id)
    truth = _truth(user_id)
    drift: list[str] = []
    for model, keys, sums in TABLES:
        kept = {tuple(row[key] for key in keys): row for row in model.objects.filter(user_id=user_id).values()}
        drift += _differences(model, kept, truth[model], sums)
    if drift and not check_only:
        for model, keys, _sums in TABLES:
            _replace(model, keys, user_id, truth[model])
        figures_changed(user_id)
    # A totals row that `lock_totals` began is not ours to leave behind.
    transaction.set_rollback(check_only)
    return drift


def _truth(user_id: int) -> dict[type[models.Model], Sums]:
    """The totals by the facts: {model: {key: {field: value}}}."""
    truth: dict[Any, Sums] = {model: {} for model, _keys, _sums in TABLES}
    for score in SessionScore.objects.filter(user_id=user_id).order_by("created_at", "id").iterator(2000):
        added = {
            "sessions": 1,
            "points": score.points,
            "accuracy_sum": score.accuracy,
            "time_spent": score.time_spent,
        }
        _count(truth[UserMetrics], (), added | {"answered": score.answered, "correct": score.correct})
        _count(truth[ThemeTotal], (score.theme_key,), added, theme=score.theme)
        _count(truth[ModeTotal], (score.game_mode,), added)
        _count(truth[DayTotal], (score.day,), added)
    assert answer_source is not None, "learning.apps sets it"
    for fact in answer_source(user_id):
        answered = {"answered": 1, "correct": int(fact.is_correct)}
        _count(truth[AnswerTotal], (fact.theme_key, fact.level), answered)
        _count(truth[AnswerDay], (fact.day, fact.theme_key, fact.level), answered, theme=fact.theme)
    return truth


def _count(sums: Sums, key: tuple[Any, ...], added: dict[str, Any], **latest: Any) -> None:
    row = sums.setdefault(key, dict.fromkeys(added, 0))
    for field, value in added.items():
        row[field] += value
    row.update(latest)


def _differences(model: type[models.Model], kept: Sums, truth: Sums, sums: list[str]) -> list[str]:
    found = []
    for key in sorted(kept.keys() | truth.keys(), key=str):
        for field in sums:
            is_, should = kept.get(key, {}).get(field, 0), truth.get(key, {}).get(field, 0)
            if Decimal(is_) != Decimal(should):
                where = " ".join(map(str, key))
                found.append(f"{model._meta.db_table} {where} {field}: is {is_}, should be {should}".replace("  ", " "))
    return found


def _replace(model: Any, keys: list[str], user_id: int, truth: Sums) -> None:
    if model is UserMetrics:  # the locked row stays
        sums = truth.get((), dict.fromkeys([*SESSION_SUMS, *ANSWER_SUMS], 0))
        UserMetrics.objects.filter(user_id=user_id).update(**sums)
        return
    model.objects.filter(user_id=user_id).delete()
    model.objects.bulk_create(
        [model(user_id=user_id, **dict(zip(keys, key, strict=True)), **row) for key, row in truth.items()],
        batch_size=500,
    )
