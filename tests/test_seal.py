"""The key of a stored question is sealed until its answer is recorded: no endpoint tells it, its explanation or what
the model said. With EXPOSE_ANSWER_KEY, for clients that grade by themselves, it stands where the contract has *key*."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from learning.models import Challenge, ChallengeSchedule
from tests import model_server as says
from tests.test_permissions import MATRIX, call

SECRET = "SELLADO"  # stands in every explanation, and so in what the model said
SEALED = {"correct_answer", "correctAnswer", "explanation", "rawText", "rawResponse", "raw_text", "correct_letter"}


@pytest.fixture
def tale(api, model):
    """A learner with sealed questions everywhere: generated, from notes, pending, in a survival session."""
    numbers = iter(range(1, 1000))

    def write(payload, number):
        why = f"{SECRET}: la respuesta es esta porque sí, de verdad."
        return says.questions(*(says.question(next(numbers), explanation=why) for _ in range(says.wanted(payload))))

    model.reset(says.writes(write))
    made = api.post("/api/challenges/generate", {"theme": "Historia", "level": "easy"})
    Challenge.objects.filter(pk=made.json()["savedQuestionId"]).update(state=Challenge.State.PENDING)
    started = api.post("/api/intensive-review/start", {"theme": "Historia", "gameMode": "survival"}).json()
    it = SimpleNamespace(
        id=api.user.pk, challenge=made.json()["savedQuestionId"], session=started["sessionId"], theme="Historia",
        schedule=ChallengeSchedule.objects.get().pk,
    )  # fmt: skip
    return it, [made.content, json.dumps(started).encode()]


def names_in(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {name for inner in value.values() for name in names_in(inner)}
    if isinstance(value, list):
        return {name for inner in value for name in names_in(inner)}
    return set()


ANSWERS = {route for _method, route in MATRIX if "save-" in route and "results" not in route}
ENDS = {"api/user/account", "api/auth/logout", "api/user/change-password"}
NOT_STORED = {"api/challenges/groq", "api/groq"}  # the demo's question is nobody's: its key is part of the text


@pytest.mark.parametrize(
    ("method", "route"),
    [key for key in MATRIX if key[1] not in ANSWERS | ENDS | NOT_STORED and not key[1].startswith("api/auth/re")],
    ids=str,
)
def test_no_endpoint_tells_a_key(api, tale, method, route):
    it, said = tale
    reply = call(api, method, route, MATRIX[method, route][0], it)
    for content in [*said, reply.content]:
        assert SECRET.encode() not in content
        assert not names_in(json.loads(content)) & SEALED


def test_lists_and_details_stay_sealed_with_filters(api, tale):
    it, _said = tale
    for path in (
        "/api/challenges?theme=historia",
        "/api/challenges?status=pending&level=easy",
        f"/api/challenges/{it.challenge}",
    ):
        reply = api.get(path)
        assert reply.status_code == 200 and SECRET.encode() not in reply.content
        assert not names_in(reply.json()) & SEALED


def test_an_answer_opens_the_seal_of_its_own_question_only(api, tale):
    it, _said = tale
    graded = api.post("/api/save-response", {"questionId": it.challenge, "selectedAnswer": "A"}).json()
    assert graded["correctAnswer"] in "ABCD" and SECRET in graded["explanation"]
    by_id = {row["id"]: row for row in api.get("/api/challenges?limit=100").json()["results"]}
    assert by_id.pop(it.challenge)["correct_answer"] == graded["correctAnswer"]
    assert by_id and not any(names_in(row) & SEALED for row in by_id.values())


def test_the_options_are_shuffled_so_that_their_place_tells_nothing(api, model):
    places = set()
    for _ in range(12):
        made = api.post("/api/challenges/generate", {"theme": "Historia", "level": "easy"}).json()
        options = made["question"]["options"]
        places.add(next(option["letter"] for option in options if option["text"].startswith("Correcta")))
    assert len(places) >= 3


class TestExposed:
    @pytest.fixture(autouse=True)
    def _expose(self, settings):
        settings.EXPOSE_ANSWER_KEY = True

    def test_generate_pending_and_sessions_carry_the_key(self, api, tale):
        it, said = tale
        key = Challenge.objects.get(pk=it.challenge).correct_letter
        generated, started = (json.loads(content) for content in said)
        assert generated["question"]["correctAnswer"] == key
        assert f"Respuesta correcta: {key}" in generated["rawResponse"]
        assert all(question["correct_answer"] in "ABCD" for question in started["challenges"])
        [pending] = api.post("/api/challenges/pending").json()["challenges"]
        assert pending["correct_answer"] == key

    def test_claims_count_only_for_given_questions_without_a_recorded_answer(self, api, tale):
        it, said = tale
        given = [question["id"] for question in json.loads(said[1])["challenges"]]
        wrong = next(letter for letter in "ABCD" if letter != Challenge.objects.get(pk=given[0]).correct_letter)
        api.post(
            "/api/save-intensive-response", {"sessionId": it.session, "questionId": given[0], "selectedAnswer": wrong}
        )
        claims = {"correctAnswers": [*given[:3], 999999], "incorrectAnswers": [given[3]], "timeUsed": 42}
        result = api.post("/api/intensive-review/save-results", {"sessionId": it.session} | claims).json()
        assert result["accuracy"] == 50  # one recorded wrong, two believed right, one believed wrong
        assert result["points"] == 20
        assert api.get(f"/api/metrics/user/{it.id}/metrics/overall").json()["total_time_spent"] == 42


def test_claims_are_ignored_while_the_key_is_sealed(api, tale):
    it, said = tale
    given = [question["id"] for question in json.loads(said[1])["challenges"]]
    result = api.post(
        "/api/intensive-review/save-results", {"sessionId": it.session, "correctAnswers": given, "timeUsed": 1}
    ).json()
    assert (result["points"], result["accuracy"]) == (0, 0)
