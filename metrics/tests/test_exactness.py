"""Totals are exactly what the recorded facts add up to, whatever the history and however many write at once."""

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metrics import reads
from metrics.models import AnswerTotal, SessionScore, UserMetrics
from metrics.rebuild import rebuild_user
from metrics.scoring import accuracy_of, points_of
from metrics.services import SessionFact, record_session
from tests.people import register

START = date(2026, 1, 1)


@st.composite
def histories(draw):
    """Sessions as (mode, theme, right, answered, seconds, day)."""
    count = draw(st.integers(0, 25))
    rows = []
    for _ in range(count):
        answered = draw(st.integers(0, 30))
        rows.append(
            (
                draw(st.sampled_from(["timed", "survival", "normal"])),
                draw(st.sampled_from(["historia", "arte", "c/c++"])),
                draw(st.integers(0, answered)),
                answered,
                draw(st.integers(0, 4000)),
                draw(st.integers(0, 400)),
            )
        )
    return rows


def play(user_id, rows):
    for mode, theme, right, answered, seconds, day in rows:
        fact = SessionFact(
            session_id=uuid4(),
            game_mode=mode,
            theme=theme.title(),
            theme_key=theme,
            answered=answered,
            correct=right,
            time_spent=seconds,
            day=START + timedelta(days=day),
            ended_at=datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=day),
        )
        with transaction.atomic():
            record_session(user_id, fact)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=histories())
def test_totals_equal_a_recomputation_from_the_facts(make_user, rows):
    user_id = make_user(username=f"u{uuid4().hex[:12]}", email=f"{uuid4().hex}@example.org").pk
    play(user_id, rows)

    points = [points_of(game_mode=m, correct=r, answered=a, seconds=s) for m, _, r, a, s, _ in rows]
    accuracies = [accuracy_of(r, a) for _, _, r, a, _, _ in rows]
    overall = reads.overall(user_id)
    if not rows:
        assert overall == {}
    else:
        assert overall["total_points"] == sum(points)
        assert overall["total_sessions"] == len(rows)
        assert overall["total_correct_answers"] == sum(row[2] for row in rows)
        assert overall["total_time_spent"] == sum(row[4] for row in rows)
        assert abs(overall["average_accuracy"] - sum(accuracies) / len(rows)) <= Decimal("0.005")
    for place, name, read in ((0, "game_mode", reads.game_modes), (1, "theme", reads.themes)):
        groups = defaultdict(list)
        for index, row in enumerate(rows):
            groups[row[place].title() if name == "theme" else row[place]].append(index)
        rows_read = {row[name]: row for row in read(user_id)}
        assert set(rows_read) == set(groups)
        for group, members in groups.items():
            mean = sum(accuracies[index] for index in members) / len(members)
            assert rows_read[group]["total_sessions"] == len(members)
            assert abs(rows_read[group]["average_accuracy"] - mean) <= Decimal("0.005")
    days = defaultdict(int)
    for index, row in enumerate(rows):
        days[START + timedelta(days=row[5])] += points[index]
    # Dates after the learner's today are there when they have travelled west since: they are shown, not lost.
    timeline = reads.timeline(user_id, 365, START + timedelta(days=364))
    assert [(row["date"], row["daily_points"]) for row in timeline] == sorted(days.items())
    assert rebuild_user(user_id, check_only=True) == []


def test_check_finds_drift_and_rebuild_heals_it(make_user, capsys):
    user_id = make_user().pk
    play(user_id, [("timed", "arte", 4, 5, 60, 3), ("normal", "arte", 1, 5, 60, 4)])
    before = (reads.overall(user_id), reads.themes(user_id), reads.game_modes(user_id))
    UserMetrics.objects.filter(user_id=user_id).update(points=1, accuracy_sum=1)
    with pytest.raises(CommandError) as failure:
        call_command("rebuild_metrics", "--check", verbosity=0)
    assert failure.value.returncode == 1
    assert "user_metrics points: is 1, should be" in capsys.readouterr().out
    assert reads.overall(user_id)["total_points"] == 1, "--check changes nothing"
    call_command("rebuild_metrics", "--user", str(user_id), verbosity=0)
    now = reads.overall(user_id)
    assert {k: v for k, v in now.items() if k != "updated_at"} == {
        k: v for k, v in before[0].items() if k != "updated_at"
    }
    assert (reads.themes(user_id), reads.game_modes(user_id)) == before[1:]
    call_command("rebuild_metrics", "--check", verbosity=0)


def test_a_total_without_facts_is_drift_too(make_user):
    user_id = make_user().pk
    AnswerTotal.objects.create(user_id=user_id, theme_key="arte", level="avanzado", answered=3, correct=1)
    assert rebuild_user(user_id, check_only=True) == [
        "answer_totals arte avanzado answered: is 3, should be 0",
        "answer_totals arte avanzado correct: is 1, should be 0",
    ]


@pytest.mark.live
class TestAtOnce:
    """20 requests in parallel against a really running server."""

    @pytest.fixture
    def ana(self, live):
        return register(live.url)

    def at_once(self, call):
        with ThreadPoolExecutor(20) as pool:
            return [task.result() for task in [pool.submit(call) for _ in range(20)]]

    def test_closings_of_one_session_give_one_score(self, ana, live):
        started = ana.ok("POST", "/api/intensive-review/start", {"theme": "Arte", "gameMode": "normal"})
        for question in started["challenges"][:5]:
            ana.answer(question["id"], "A", started["sessionId"])
        closing = {"sessionId": started["sessionId"], "gameMode": "normal"}
        results = self.at_once(lambda: ana.ok("POST", "/api/intensive-review/save-results", closing))
        assert all(result == results[0] for result in results)
        assert len(ana.figures("sessions")) == 1
        assert ana.figures("overall")["total_points"] == results[0]["points"]
        assert ana.figures("overall")["total_sessions"] == 1
        assert "0 users' totals differ" in live.manage("rebuild_metrics", "--check", "--user", str(ana.id)).stdout

    def test_answers_to_one_challenge_count_once(self, ana, live):
        made = ana.ok("POST", "/api/challenges/generate", {"theme": "Arte", "level": "easy"})
        graded = self.at_once(lambda: ana.answer(made["savedQuestionId"], "C"))
        assert all(one == graded[0] for one in graded)
        [shelf] = ana.ok("GET", f"/api/themes/user/{ana.id}")["themes"]
        assert shelf["correct_answers"] == int(graded[0]["isCorrect"])
        assert "0 users' totals differ" in live.manage("rebuild_metrics", "--check", "--user", str(ana.id)).stdout

    def test_different_answers_and_sessions_all_count(self, ana, live):
        sessions = [
            ana.ok("POST", "/api/intensive-review/start", {"theme": "Arte", "gameMode": "normal"}) for _ in range(4)
        ]
        answers = [(q["id"], s["sessionId"]) for s in sessions for q in s["challenges"]]
        with ThreadPoolExecutor(20) as pool:
            graded = list(pool.map(lambda pair: ana.answer(pair[0], "B", pair[1]), answers))
        closing = [{"sessionId": session["sessionId"], "gameMode": "normal"} for session in sessions]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda body: ana.ok("POST", "/api/intensive-review/save-results", body), closing))
        overall = ana.figures("overall")
        assert overall["total_sessions"] == 4
        assert overall["total_correct_answers"] == sum(one["isCorrect"] for one in graded)
        assert "0 users' totals differ" in live.manage("rebuild_metrics", "--check", "--user", str(ana.id)).stdout

    def test_generating_at_once_never_gives_one_question_twice(self, ana):
        order = {"theme": "Química", "level": "easy"}  # the bank has seven of these
        with ThreadPoolExecutor(5) as pool:
            made = list(pool.map(lambda _: ana.ok("POST", "/api/challenges/generate", order), range(5)))
        assert len({one["question"]["questionText"] for one in made}) == 5


def test_scores_outlive_their_session(make_user):
    user_id = make_user().pk
    play(user_id, [("timed", "arte", 4, 5, 60, 3)])
    assert SessionScore.objects.filter(user_id=user_id).count() == 1
