"""A wrong question is hidden from who reports it, counts for nothing, and is put right for everybody who met it."""

import pytest
from django.core.cache import caches

from conftest import Api
from learning.generation import Asked, Order, generate
from learning.models import LETTERS, Challenge, QuestionReport, RetiredQuestion
from learning.services import reports
from learning.words import Level
from metrics.rebuild import rebuild_user

THEME = {"theme": "Historia", "level": "easy"}
WRONG = {"reason": "wrong_key", "comment": "La fecha es otra."}


class Learner(Api):
    """A learner with all seven questions of a theme and level answered, some in a finished session."""

    def __init__(self, user) -> None:
        super().__init__(user)
        for _ in range(7):
            self.post("/api/challenges/generate", THEME)
        started = self.post("/api/intensive-review/start", {"theme": "Historia", "gameMode": "normal"}).json()
        self.session = started["sessionId"]
        for challenge in self.mine():
            letter = (
                challenge.correct_letter
                if challenge.pk % 2
                else next(x for x in "ABCD" if x != challenge.correct_letter)
            )
            body = {"questionId": challenge.pk, "selectedAnswer": letter, "sessionId": self.session}
            self.post("/api/save-response", body)
            if challenge.pk in [question["id"] for question in started["challenges"]]:
                self.post("/api/save-intensive-response", body)
        self.post("/api/intensive-review/save-results", {"sessionId": self.session})

    def mine(self):
        return Challenge.objects.filter(user=self.user).order_by("pk")

    def copy_of(self, challenge):
        return self.mine().get(fingerprint=challenge.fingerprint)

    def figures(self):
        caches["default"].clear()
        overall = self.get(f"/api/metrics/user/{self.user.pk}/metrics/overall").json()
        [shelf] = [
            row
            for row in self.get(f"/api/themes/user/{self.user.pk}").json()["themes"]
            if row["level"] == "principiante"
        ]
        return {name: overall[name] for name in ("total_points", "total_correct_answers", "average_accuracy")} | {
            name: shelf[name] for name in ("total_questions", "accuracy", "correct_answers")
        }

    def is_consistent(self) -> bool:
        return rebuild_user(self.user.pk, check_only=True) == []


@pytest.fixture
def ana(make_user):
    return Learner(make_user())


@pytest.fixture
def eva(make_user):
    return Learner(make_user())


def report(learner, challenge, **body):
    reply = learner.post(f"/api/challenges/{challenge.pk}/report", WRONG | body)
    assert reply.status_code == 200, reply.content
    return QuestionReport.objects.get(challenge=challenge)


def test_a_report_hides_the_question_and_cancels_its_effect(ana):
    challenge = ana.mine().filter(responses__is_correct=True, intensive_responses__is_correct=True).first()
    before = ana.figures()
    assert report(ana, challenge).state == "open"
    after = ana.figures()
    assert after["total_questions"] == before["total_questions"] - 1
    assert after["correct_answers"] == before["correct_answers"] - 2, "once outside, once in the session"
    assert after["total_correct_answers"] == before["total_correct_answers"] - 1
    assert after["total_points"] < before["total_points"]
    assert ana.is_consistent()
    assert ana.get(f"/api/challenges/{challenge.pk}").status_code == 404
    assert challenge.pk not in [row["id"] for row in ana.get("/api/challenges?limit=100").json()["results"]]
    assert ana.post("/api/save-response", {"questionId": challenge.pk, "selectedAnswer": "A"}).status_code == 404
    report(ana, challenge, reason="other")
    assert QuestionReport.objects.get().reason == "wrong_key", "reporting it again changes nothing"
    assert ana.figures() == after


def test_a_reported_question_is_in_no_session(ana):
    for challenge in ana.mine()[:3]:
        report(ana, challenge)
    hidden = set(ana.mine().exclude(hidden_at=None).values_list("pk", flat=True))
    for _ in range(3):
        started = ana.post("/api/intensive-review/start", {"theme": "Historia", "gameMode": "survival"}).json()
        assert not hidden & {question["id"] for question in started["challenges"]}


def test_accepting_voids_it_for_everybody_and_no_source_hands_it_out_again(ana, eva):
    challenge = ana.mine().filter(responses__is_correct=True).first()
    before = eva.figures()
    assert reports.accept(report(ana, challenge), staff_id=ana.user.pk) == 2
    after = eva.figures()
    assert after["total_questions"] == before["total_questions"] - 1
    assert ana.is_consistent() and eva.is_consistent()
    assert RetiredQuestion.objects.get().fingerprint == challenge.fingerprint
    had: list[Asked] = []
    for _ in range(14):
        [draft] = generate(Order("Historia", "historia", Level.BEGINNER, avoid=tuple(had)))
        assert draft.question != challenge.question
        had.insert(0, Asked(draft.question))


def test_correcting_regrades_everybody(ana, eva):
    challenge = ana.mine().filter(responses__is_correct=True).first()
    theirs = eva.copy_of(challenge)
    new = next(option for option in challenge.options if option != challenge.answer)
    # What Eva chose was wrong; now it is right.
    chosen = LETTERS[theirs.options.index(new)]
    theirs.responses.update(selected_letter=chosen, is_correct=False)
    rebuild_user(eva.user.pk)
    before = eva.figures()
    reports.correct(report(ana, challenge), ana.user.pk, answer=new)
    assert eva.copy_of(challenge).answer == ana.copy_of(challenge).answer == new
    assert theirs.responses.get().is_correct
    assert eva.figures()["correct_answers"] > before["correct_answers"] - 1
    mine = ana.copy_of(challenge)
    assert mine.hidden_at is None and not mine.responses.get().is_void and not mine.responses.get().is_correct
    assert ana.is_consistent() and eva.is_consistent()
    with pytest.raises(reports.NotAnOption):
        reports.correct(QuestionReport.objects.get(), ana.user.pk, answer="ninguna de esas")


def test_rejecting_brings_everything_back(ana):
    challenge = ana.mine().filter(responses__is_correct=True).first()
    before = ana.figures()
    reports.reject(report(ana, challenge), ana.user.pk)
    assert ana.figures() == before
    assert ana.get(f"/api/challenges/{challenge.pk}").status_code == 200
    assert ana.is_consistent()


def test_only_ones_own_questions_can_be_reported(ana, eva, visitor):
    foreign = ana.mine().first()
    assert eva.post(f"/api/challenges/{foreign.pk}/report", WRONG).status_code == 404
    assert visitor.post(f"/api/challenges/{foreign.pk}/report", WRONG).status_code == 401
    assert ana.post(f"/api/challenges/{foreign.pk}/report", {"reason": "mal"}).status_code == 400


def test_staff_decide_in_the_admin(ana, client, make_user):
    staff = make_user(is_staff=True, is_superuser=True)
    challenge = ana.mine().filter(responses__is_correct=True).first()
    queued = report(ana, challenge)
    client.force_login(staff)
    page = client.get("/admin/learning/questionreport/")
    assert challenge.question in page.content.decode() and "La fecha es otra." in page.content.decode()
    assert client.get(f"/admin/learning/questionreport/{queued.pk}/change/").status_code == 200
    letter = next(x for x in "ABCD" if x != challenge.correct_letter)
    done = client.post(
        "/admin/learning/questionreport/",
        {"action": f"correct_{letter.lower()}", "_selected_action": [queued.pk]},
        follow=True,
    )
    assert "1 aviso decidido." in done.content.decode()
    queued.refresh_from_db()
    assert (queued.state, queued.decided_by_id) == ("corrected", staff.pk)
    challenge.refresh_from_db()
    assert challenge.correct_letter == letter


def test_a_session_whose_answers_are_not_all_recorded_loses_those_of_the_question_alone(ana):
    """As imported ones are: the score counts more answers than there are rows."""
    from metrics.models import SessionScore

    SessionScore.objects.filter(session_id=ana.session).update(answered=20, correct=15, points=200, accuracy=75)
    rebuild_user(ana.user.pk)
    challenge = ana.mine().filter(intensive_responses__is_correct=True).first()
    report(ana, challenge)
    score = SessionScore.objects.get(session_id=ana.session)
    assert (score.answered, score.correct, score.points, float(score.accuracy)) == (19, 14, 190, 73.68)
    assert ana.is_consistent()


def test_a_reported_question_can_be_deleted(api):
    made = api.post("/api/challenges/generate", {"theme": "Historia", "level": "easy"}).json()["savedQuestionId"]
    assert api.post(f"/api/challenges/{made}/report", {"reason": "unclear"}).status_code == 200
    assert api.delete(f"/api/challenges/{made}").status_code == 200
    assert api.delete(f"/api/challenges/{made}").status_code == 404
