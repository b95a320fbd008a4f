from datetime import UTC, date, datetime

import pytest

from tutor.figures import RANGES, Score, load, local_today, streak_of
from tutor.tests.conftest import TODAY, area, days_ago, figures


def test_answers_are_summed_by_theme_and_level_and_in_all(learner, answers):
    answers("Física", "intermedio", 3, 1, day=TODAY)
    answers("Física", "intermedio", 1, 0, day=days_ago(3, TODAY))
    answers("Física", "avanzado", 0, 2, day=TODAY)
    answers("Arte", "principiante", 5, 0, day=days_ago(6, TODAY))
    found = load(learner.pk, "week", TODAY)
    sums = {(one.theme, one.level): (one.now.answered, one.now.correct) for one in found.areas}
    assert sums == {
        ("Física", "intermedio"): (5, 4),
        ("Arte", "principiante"): (5, 5),
        ("Física", "avanzado"): (2, 0),
    }
    assert (found.now.answered, found.now.correct, found.now.percent) == (12, 9, 75)
    assert [(one.theme, one.now.answered) for one in found.themes] == [("Física", 7), ("Arte", 5)]


@pytest.mark.parametrize(("time_range", "days"), RANGES.items())
def test_a_range_ends_today_and_is_compared_with_the_days_before_of_equal_length(learner, answers, time_range, days):
    answers("Arte", "principiante", 4, 0, day=TODAY)
    answers("Arte", "principiante", 0, 3, day=days_ago(days, TODAY))  # the last day before the range
    answers("Arte", "principiante", 0, 2, day=days_ago(2 * days, TODAY))  # the last one before that
    if days > 1:
        answers("Arte", "principiante", 1, 0, day=days_ago(days - 1, TODAY))  # its first day
        answers("Arte", "principiante", 0, 1, day=days_ago(2 * days - 1, TODAY))
    found = load(learner.pk, time_range, TODAY)
    more = days > 1
    assert (found.now.answered, found.now.correct) == (4 + more, 4 + more)
    assert (found.before.answered, found.before.correct) == (3 + more, 0)
    assert found.change == 100


def test_sessions_points_and_active_days_are_those_of_the_range(learner, answers, session):
    session("Arte", 10, 10, day=TODAY)
    session("Arte", 1, 10, day=days_ago(6, TODAY))
    session("Arte", 10, 10, day=days_ago(7, TODAY))
    answers("Arte", "principiante", 1, 0, day=days_ago(2, TODAY))
    found = load(learner.pk, "week", TODAY)
    assert (found.sessions, found.points, found.active_days) == (2, 160, 3)
    assert found.first_day == days_ago(6, TODAY)


def test_a_theme_is_called_as_it_was_typed_last(learner, answers):
    answers("fisica", "intermedio", 1, 0, day=days_ago(2, TODAY))
    answers("FÍSICA", "avanzado", 1, 0, day=days_ago(1, TODAY))
    answers("Física", "intermedio", 1, 0, day=TODAY)
    assert {one.theme for one in load(learner.pk, "week", TODAY).areas} == {"Física"}


def test_nobody_elses_answers_count(learner, make_user, answers):
    answers("Arte", "principiante", 5, 5, day=TODAY, user=make_user())
    found = load(learner.pk, "year", TODAY)
    assert (found.areas, found.latest, found.active_days, found.streak) == ((), None, 0, 0)


def test_what_was_practised_last_is_known_however_long_ago(learner, answers):
    answers("Arte", "avanzado", 1, 0, day=days_ago(900, TODAY))
    found = load(learner.pk, "week", TODAY)
    assert found.latest is not None
    assert (found.latest.theme, found.latest.level, found.pause) == ("Arte", "avanzado", 900)


def test_days_of_practice_outlive_the_answers_of_a_deleted_theme(learner, session):
    session("Arte", 5, 10, day=days_ago(1, TODAY))
    found = load(learner.pk, "week", TODAY)
    assert (found.active_days, found.streak, found.latest) == (1, 1, None)


@pytest.mark.parametrize("history", [1, 40])
def test_the_number_of_queries_does_not_grow_with_the_history(learner, answers, django_assert_num_queries, history):
    for number in range(history):
        answers(f"Tema {number % 5}", "principiante", 1, 1, day=days_ago(number, TODAY))
    with django_assert_num_queries(4):
        load(learner.pk, "year", TODAY)


@pytest.mark.parametrize(
    ("practised", "length"),
    [([], 0), ([0], 1), ([1], 1), ([2], 0), ([0, 1, 2], 3), ([1, 2, 3], 3), ([0, 2, 3], 1), ([-1, 0, 1], 2)],
)
def test_a_streak_ends_today_or_yesterday_while_today_is_open(practised, length):
    assert streak_of({days_ago(days, TODAY) for days in practised}, TODAY) == length


@pytest.mark.parametrize(
    ("zone", "day"),
    [("Pacific/Kiritimati", 19), ("Europe/Madrid", 18), ("UTC", 18), ("America/Bogota", 18), ("Pacific/Niue", 17)],
)
def test_today_is_the_date_where_the_learner_lives(zone, day):
    moment = datetime(2026, 3, 18, 10, 30, tzinfo=UTC)
    assert local_today(zone, moment) == date(2026, 3, day)


@pytest.mark.parametrize(
    ("answered", "correct", "shown"),
    [
        (0, 0, 0),
        (3, 2, 67),
        (8, 1, 13),
        (1000, 596, 59),
        (1000, 600, 60),
        (1000, 997, 99),
        (3, 3, 100),
        (1000, 846, 84),
    ],
)
def test_a_rounded_percentage_never_reaches_a_mark_that_was_missed(answered, correct, shown):
    assert Score(answered, correct).percent == shown


@pytest.mark.parametrize(
    ("answered", "correct", "weak", "strong"),
    [(2, 0, False, False), (2, 2, False, False), (3, 1, True, False), (5, 3, False, True), (1000, 599, True, False)],
)
def test_weak_is_under_60_per_cent_and_strong_from_there_with_3_answers(answered, correct, weak, strong):
    one = area("Arte", "avanzado", answered, correct)
    assert (one.is_weak, one.is_strong) == (weak, strong)


def test_a_theme_with_few_answers_on_each_level_is_judged_as_a_whole():
    found = figures(area("Arte", "avanzado", 2, 0), area("Arte", "intermedio", 2, 1), area("Física", "avanzado", 2, 2))
    assert [(one.theme, one.level, one.now.answered) for one in found.weak] == [("Arte", "", 4)]
    assert found.strong == ()
    assert [one.theme for one in found.unjudged] == ["Física"]


def test_weak_ones_come_worst_first_and_strong_ones_best_first():
    found = figures(
        area("A1", "avanzado", 10, 5),
        area("B1", "avanzado", 10, 1),
        area("C1", "avanzado", 10, 7),
        area("D1", "avanzado", 10, 9),
    )
    assert [one.theme for one in found.weak] == ["B1", "A1"]
    assert [one.theme for one in found.strong] == ["D1", "C1"]


def test_few_answers_make_no_trend():
    assert figures(area("Arte", "avanzado", 10, 5, (2, 2))).change is None
    assert figures(area("Arte", "avanzado", 10, 5, (4, 3))).change == -25


def test_regularity_of_a_beginner_is_judged_from_the_first_day_on():
    assert figures(area("Arte", "avanzado", 10, 5), time_range="year", first_day=days_ago(4, TODAY)).span == 5
    with_a_past = figures(area("Arte", "avanzado", 10, 5, (1, 1)), time_range="year", first_day=days_ago(4, TODAY))
    assert with_a_past.span == 365
