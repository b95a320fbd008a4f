"""Challenges as a learner meets them: generated and scheduled, pending, opened, answered, listed, deleted."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conftest import Api
from learning.models import Challenge, ChallengeSchedule, ThemeShelf, UserResponse
from learning.services.sessions import random_challenges
from metrics.rebuild import rebuild_user

State = Challenge.State


def generate(api, theme="Historia", level="easy", **more):
    reply = api.post("/api/challenges/generate", {"theme": theme, "level": level} | more)
    assert reply.status_code == 200, reply.content
    return reply.json()


def queries_of(call) -> int:
    with CaptureQueriesContext(connection) as queries:
        reply = call()
    assert reply.status_code == 200, reply.content
    return len([query for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))])


def test_generating_stores_the_question_and_its_standing_order(make_user):
    user = make_user(time_zone="America/Lima")
    api = Api(user)
    made = generate(api, preferences={"deliveryTime": "07:30", "frequency": "weekly"})
    challenge = Challenge.objects.get(pk=made["savedQuestionId"])
    schedule = challenge.schedule
    assert (challenge.state, schedule.frequency, schedule.is_active) == (State.UPCOMING, "weekly", True)
    local = schedule.next_delivery.astimezone(user.zone)
    assert local.time() == time(7, 30) and local.date() == schedule.anchor
    now = datetime.now(UTC)
    assert now < schedule.next_delivery <= now + timedelta(days=1)


def test_a_second_generate_changes_the_order_there_is(api, learner):
    generate(api)
    generate(api, theme="HISTORIA ", preferences={"deliveryTime": "21:00", "frequency": "monthly", "isActive": False})
    schedule = ChallengeSchedule.objects.get(user=learner)
    assert (schedule.frequency, schedule.delivery_time, schedule.is_active) == ("monthly", time(21), False)
    assert schedule.challenges.count() == 2
    [shelf] = ThemeShelf.objects.filter(user=learner)
    assert (shelf.questions, shelf.theme) == (2, "HISTORIA")


def test_without_preferences_it_is_daily_at_nine(api, learner):
    generate(api)
    schedule = ChallengeSchedule.objects.get(user=learner)
    assert (schedule.frequency, schedule.delivery_time, schedule.is_active) == ("daily", time(9), True)


def test_pending_start_answer(api, learner):
    ids = [generate(api)["savedQuestionId"] for _ in range(3)]
    assert api.post("/api/pending-challenges").json() == {"success": True, "challenges": []}
    Challenge.objects.filter(pk__in=ids[:2]).update(state=State.PENDING)
    listed = api.post("/api/challenges/pending", {"userId": learner.pk}).json()["challenges"]
    assert [row["id"] for row in listed] == ids[1::-1], "newest first"
    assert {"display_status", "frequency", "created_at", "question", "options"} <= set(listed[0])
    assert (
        api.post("/api/start-challenge", {"challengeId": str(ids[0])}).json()["message"]
        == "Reto iniciado correctamente"
    )
    assert [row["id"] for row in api.post("/api/challenges/pending").json()["challenges"]] == [ids[1]]
    graded = api.post(
        "/api/save-response", {"questionId": ids[0], "selectedAnswer": "d", "responseTime": "2.75"}
    ).json()
    again = api.post("/api/save-response", {"questionId": ids[0], "selectedAnswer": graded["correctAnswer"]}).json()
    assert again == graded, "the first answer stands"
    challenge = Challenge.objects.get(pk=ids[0])
    assert challenge.state == State.COMPLETED
    assert float(UserResponse.objects.get(challenge=challenge).response_time) == 2.75
    assert api.post("/api/challenges/start", {"challengeId": ids[0]}).status_code == 200
    assert Challenge.objects.get(pk=ids[0]).state == State.COMPLETED, "opening it again changes nothing"


def test_the_list_is_filtered_and_paged_without_repeating_a_row(api):
    for theme, level in [("Historia", "easy")] * 5 + [("Historia", "hard")] * 3 + [("Arte", "easy")] * 4:
        generate(api, theme, level)
    page = api.get("/api/challenges?limit=5").json()
    seen = [row["id"] for row in page["results"]]
    while page["next"]:
        page = api.get(page["next"].replace("http://testserver", "")).json()
        seen += [row["id"] for row in page["results"]]
    assert seen == sorted(seen, reverse=True) and len(seen) == 12
    assert len(api.get("/api/challenges?theme=HISTORIA&level=avanzado").json()["results"]) == 3
    assert len(api.get("/api/challenges?limit=1000&status=upcoming").json()["results"]) == 12
    for query in ("level=alto", "status=x", "cursor=x"):
        assert api.get(f"/api/challenges?{query}").status_code in (400, 404)


def test_deleting_a_challenge_takes_its_answers_out_of_the_totals(api, learner):
    first, second = generate(api)["savedQuestionId"], generate(api)["savedQuestionId"]
    for pk in (first, second):
        api.post("/api/save-response", {"questionId": pk, "selectedAnswer": "A"})
    assert api.delete(f"/api/challenges/{first}").json()["success"]
    [shelf] = api.get(f"/api/themes/user/{learner.pk}").json()["themes"]
    assert shelf["total_questions"] == 1
    assert rebuild_user(learner.pk, check_only=True) == []
    api.delete(f"/api/challenges/{second}")
    assert api.get(f"/api/themes/user/{learner.pk}").json()["themes"] == []
    assert rebuild_user(learner.pk, check_only=True) == []


class TestCost:
    """Queries per request, recorded; they do not grow with what is stored."""

    @pytest.fixture
    def warm(self, api, learner):
        """A learner whose totals rows exist and whose standing is known."""
        api.post("/api/save-response", {"questionId": generate(api)["savedQuestionId"], "selectedAnswer": "A"})
        return api

    def test_an_answer(self, warm):
        for _ in range(2):
            pk = generate(warm)["savedQuestionId"]
            body = {"questionId": pk, "selectedAnswer": "A"}
            # One of them lets the next challenge of its schedule be made, since this was to be the next.
            assert queries_of(lambda body=body: warm.post("/api/save-response", body)) <= 9
            generate(warm)

    @pytest.mark.parametrize("answers", [1, 10])
    def test_closing(self, warm, answers):
        for _ in range(2):
            started = warm.post("/api/intensive-review/start", {"theme": "Arte", "gameMode": "normal"}).json()
            for question in started["challenges"][:answers]:
                body = {"sessionId": started["sessionId"], "questionId": question["id"], "selectedAnswer": "A"}
                cost = queries_of(lambda body=body: warm.post("/api/save-intensive-response", body))
                assert cost <= 9
            body = {"sessionId": started["sessionId"]}
            assert queries_of(lambda body=body: warm.post("/api/intensive-review/save-results", body)) <= 16

    def test_lists(self, warm, learner):
        def costs():
            return [
                queries_of(lambda: warm.get("/api/challenges?limit=100")),
                queries_of(lambda: warm.post("/api/challenges/pending")),
                queries_of(lambda: warm.get(f"/api/themes/user/{learner.pk}")),
                queries_of(lambda: warm.get(f"/api/intensive-review/user-themes/{learner.pk}")),
            ]

        few = costs()
        for theme in ("Arte", "Historia", "Física", "Química"):
            for _ in range(4):
                generate(warm, theme)
        Challenge.objects.filter(user=learner, theme_key="arte").update(state=State.PENDING)
        assert costs() == few
        assert few == [2, 1, 2, 1]


def test_random_questions_are_random_and_flat(api, learner):
    for level in ("easy", "medium", "hard"):
        for _ in range(7):
            generate(api, "Arte", level)
    draws = {tuple(c.pk for c in random_challenges(learner.pk, "arte", 10, exclude=())) for _ in range(20)}
    assert len(draws) == 20
    assert {pk for draw in draws for pk in draw} == set(Challenge.objects.values_list("pk", flat=True))
    with CaptureQueriesContext(connection) as queries:
        random_challenges(learner.pk, "arte", 10, exclude=())
    assert len(queries) <= 2 and "RAND" not in str(queries.captured_queries).upper()


@pytest.mark.once
def test_a_refused_body_is_refused_in_the_language_of_each_request(api):
    body = {"questionId": 0, "selectedAnswer": "A", "responseTime": 1}
    said = {}
    for language in ("es", "en", "es"):  # one checker serves them all
        answer = api.post("/api/challenges/save-response", body, Accept_Language=language)
        assert answer.status_code == 400
        text = str(answer.json()["details"])
        assert said.setdefault(language, text) == text
    assert said["es"] != said["en"], said
