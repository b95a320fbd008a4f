"""Totals computed anew from the recorded facts, and compared with what is kept.

Session totals come from `session_scores`. The answers are recorded by another app, which tells us here how to read
them: `answer_source` is set when that app is ready.
"""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection, models, transaction

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
Truth = dict[Any, Sums]  # {model: {key: {field: value}}}


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


def differing_totals() -> list[str]:
    """What differs in anybody's totals, a sentence each. Changes nothing."""
    ids = get_user_model().objects.order_by("pk").values_list("pk", flat=True)
    return [f"user {pk}: {sentence}" for pk in ids.iterator(2000) for sentence in rebuild_user(pk, check_only=True)]


@in_transaction
def rebuild_users(user_ids: Sequence[int], answers: Callable[[], Iterable[tuple[int, AnswerFact]]]) -> None:
    """Write the totals of many users anew whatever they were: what `rebuild_user` would write, in a few queries.

    `answers` gives all their answers, each with its user's id; it is called under the users' locks.
    """
    UserMetrics.objects.bulk_create([UserMetrics(user_id=pk) for pk in user_ids], ignore_conflicts=True)
    list(UserMetrics.objects.select_for_update().filter(user_id__in=user_ids).order_by("pk").values_list("pk"))
    truth = {user_id: _nothing() for user_id in user_ids}
    for score in SessionScore.objects.filter(user_id__in=user_ids).order_by("created_at", "id").iterator(2000):
        _count_score(truth[score.user_id], score)
    for user_id, fact in answers():
        _count_answer(truth[user_id], fact)
    for model, keys, sums in TABLES:
        rows = [row for user_id in user_ids for row in _rows(model, keys, user_id, truth[user_id][model])]
        if model is UserMetrics:  # the locked rows stay
            _overwrite(rows, sums)
        else:
            model.objects.filter(user_id__in=user_ids).delete()
            model.objects.bulk_create(rows, batch_size=500)
    for user_id in user_ids:
        figures_changed(user_id)


def _overwrite(rows: list[Any], sums: list[str]) -> None:
    # MySQL takes whichever unique key there is, and no naming of one.
    can_name = connection.features.supports_update_conflicts_with_target
    UserMetrics.objects.bulk_create(
        rows, update_conflicts=True, update_fields=sums, unique_fields=["user"] if can_name else None, batch_size=500
    )


def _truth(user_id: int) -> Truth:
    """The totals by the facts."""
    truth = _nothing()
    for score in SessionScore.objects.filter(user_id=user_id).order_by("created_at", "id").iterator(2000):
        _count_score(truth, score)
    assert answer_source is not None, "learning.apps sets it"
    for fact in answer_source(user_id):
        _count_answer(truth, fact)
    return truth


def _nothing() -> Truth:
    return {model: {} for model, _keys, _sums in TABLES}


def _count_score(truth: Truth, score: SessionScore) -> None:
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


def _count_answer(truth: Truth, fact: AnswerFact) -> None:
    answered = {"answered": 1, "correct": int(fact.is_correct)}
    _count(truth[AnswerTotal], (fact.theme_key, fact.level), answered)
    _count(truth[AnswerDay], (fact.day, fact.theme_key, fact.level), answered, theme=fact.theme)


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
    model.objects.bulk_create(_rows(model, keys, user_id, truth), batch_size=500)


def _rows(model: Any, keys: list[str], user_id: int, truth: Sums) -> list[Any]:
    return [model(user_id=user_id, **dict(zip(keys, key, strict=True)), **row) for key, row in truth.items()]
