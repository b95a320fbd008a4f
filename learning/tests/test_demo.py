import re
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from accounts.models import User
from learning.demo import SESSIONS, SINGLE_ANSWERS
from learning.models import Challenge, ChallengeSchedule, IntensiveResponse, IntensiveSession, UserResponse
from metrics.models import DayTotal, SessionScore, UserAchievement, UserMetrics
from metrics.scoring import ACHIEVEMENTS

pytestmark = pytest.mark.django_db


def demo():
    """Run the command; {user: (e-mail, password)} as printed."""
    output = StringIO()
    call_command("demo", verbosity=0, stdout=output)
    return {
        who: (email, password) for who, email, password in re.findall(r"(\w+) +(\S+@\S+) +(\S+)", output.getvalue())
    }


@pytest.fixture
def logins():
    return demo()


@pytest.fixture
def ana(logins):
    return User.objects.get(email=logins["learner"][0])


def test_a_year_in_all_modes_with_rising_accuracy(ana):
    scores = list(SessionScore.objects.filter(user=ana).order_by("created_at"))
    assert len(scores) == SESSIONS == UserMetrics.objects.get(user=ana).sessions
    assert {score.game_mode for score in scores} == {"normal", "timed", "survival"}
    assert len({score.theme_key for score in scores}) >= 5
    assert DayTotal.objects.filter(user=ana).count() > 80
    assert (scores[-1].created_at - scores[0].created_at).days > 330
    early, late = scores[: SESSIONS // 3], scores[-SESSIONS // 3 :]
    assert sum(s.accuracy for s in late) / len(late) > sum(s.accuracy for s in early) / len(early) + 10
    earned = UserAchievement.objects.filter(user=ana).order_by("achieved_at").values_list("achievement_id", flat=True)
    assert set(earned) == set(ACHIEVEMENTS) and earned[0] == "first_session"


def test_its_rows_are_such_as_the_services_write(ana):
    now = timezone.now()
    assert UserResponse.objects.filter(user=ana).count() == SINGLE_ANSWERS
    assert Challenge.objects.filter(user=ana, state="completed").count() == SINGLE_ANSWERS
    for model in (UserResponse, IntensiveResponse):
        for answer in model.objects.filter(user=ana).select_related("challenge"):
            assert answer.challenge.created_at < answer.created_at < now
            assert answer.day == answer.created_at.astimezone(ana.zone).date()
            assert answer.is_correct == (answer.selected_letter == answer.challenge.correct_letter)
    for session in IntensiveSession.objects.filter(user=ana).prefetch_related("responses"):
        answers = list(session.responses.all())
        score = SessionScore.objects.get(session_id=session.pk)
        assert {answer.challenge_id for answer in answers} <= set(session.challenge_ids)
        assert (score.answered, score.correct) == (len(answers), sum(answer.is_correct for answer in answers))
        assert session.result["points"] == score.points
        assert session.created_at < session.finished_at == score.created_at < now
        if session.game_mode == "survival":
            assert all(answer.is_correct for answer in sorted(answers, key=lambda a: a.created_at)[:-1])


def test_totals_agree_with_the_facts(ana):
    call_command("rebuild_metrics", user=ana.pk, check=True, verbosity=0, stdout=StringIO())


def test_it_can_be_looked_at(logins, ana, visitor):
    assert (
        visitor.post("/api/auth/login", {"email": logins["learner"][0], "password": logins["learner"][1]}).status_code
        == 200
    )
    pending = visitor.post("/api/challenges/pending", {"userId": ana.pk}).json()["challenges"]
    assert len(pending) == 3
    timeline = visitor.get(f"/api/metrics/user/{ana.pk}/metrics/timeline?days=7").json()
    assert len(timeline) >= 5
    staff = User.objects.get(email=logins["staff"][0])
    assert staff.is_staff and staff.is_superuser and staff.check_password(logins["staff"][1])
    assert not ana.is_staff


def test_again_sets_new_passwords_and_adds_nothing(logins, ana):
    tables = (User, Challenge, ChallengeSchedule, IntensiveSession, IntensiveResponse, UserResponse, SessionScore)
    before = [table.objects.count() for table in tables]
    again = demo()
    assert [table.objects.count() for table in tables] == before
    assert again.keys() == logins.keys() == {"learner", "staff"}
    for who, (email, password) in again.items():
        user = User.objects.get(email=email)
        assert user.check_password(password)
        assert not user.check_password(logins[who][1])


def test_somebody_elses_username_is_left_alone(make_user):
    make_user(username="demo_staff")
    with pytest.raises(CommandError, match="belongs to somebody"):
        demo()
