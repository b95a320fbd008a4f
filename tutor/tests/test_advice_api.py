import json
from datetime import UTC, datetime

import pytest
from django.utils import translation

from conftest import Api
from ops import cache, llm
from tests.model_server import completion
from tutor.figures import RANGES
from tutor.tests.conftest import days_ago

PATHS = ["/api/tutor/advice", "/api/tutor-advice"]
FIELDS = {"analysis", "strengths", "weaknesses", "recommendations", "weekly_goals", "encouragement", "source"}


@pytest.mark.parametrize("path", PATHS)
def test_the_answer_has_the_shape_of_the_contract(api, answers, path):
    answers("Física", "intermedio", 2, 8)
    reply = api.post(path, {"timeRange": "week"})
    assert reply.status_code == 200
    said = reply.json()
    assert said.keys() == FIELDS
    assert said["source"] == "rules"
    assert reply["X-Cache"] == "MISS"
    assert reply["Content-Type"] == "application/json"
    assert "«Física» (intermedio): 2 de 10" in said["weaknesses"][0]


def test_the_range_is_a_week_unless_another_is_asked_for(api, answers):
    answers("Arte", "avanzado", 4, 0, day=days_ago(6))
    answers("Arte", "avanzado", 0, 4, day=days_ago(7))
    week = api.post("/api/tutor/advice").json()
    assert "En los últimos 7 días has respondido 4 preguntas" in week["analysis"]
    assert api.post("/api/tutor/advice", {"timeRange": None}).json() == week
    month = api.post("/api/tutor/advice", {"timeRange": "month"}).json()
    assert "En los últimos 30 días has respondido 8 preguntas" in month["analysis"]


@pytest.mark.parametrize("time_range", RANGES)
def test_every_range_of_the_contract_is_answered(api, time_range):
    assert api.post("/api/tutor/advice", {"timeRange": time_range}).status_code == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("time_range", ["decade", "", "WEEK", 7, True, ["week"], {"a": 1}])
def test_another_range_is_refused_in_the_contracts_shape(api, path, time_range):
    reply = api.post(path, {"timeRange": time_range})
    assert reply.status_code == 400
    said = reply.json()
    assert (said["error"], said["code"]) == ("Errores de validación", "validation_error")
    assert [detail["path"] for detail in said["details"]] == ["timeRange"]


@pytest.mark.parametrize("path", PATHS)
def test_a_visitor_is_asked_to_log_in(visitor, path):
    reply = visitor.post(path, {})
    assert (reply.status_code, reply.json()["code"]) == (401, "not_authenticated")


def test_only_post_is_answered(api):
    assert api.get("/api/tutor/advice").status_code == 405


def test_ones_own_user_id_may_be_sent_and_nobody_elses(api, learner, make_user):
    other = make_user()
    assert api.post("/api/tutor/advice", {"userId": learner.pk}).status_code == 200
    assert api.post("/api/tutor/advice", {"userId": str(learner.pk)}).status_code == 200
    assert api.post("/api/tutor/advice", {"userId": None}).status_code == 200
    for stranger in (other.pk, str(other.pk), 10**12):
        reply = api.post("/api/tutor/advice", {"userId": stranger})
        assert (reply.status_code, reply.json()["code"]) == (404, "not_found")
    assert api.post("/api/tutor/advice", {"userId": {"$ne": 1}}).status_code == 400


def test_nobody_sees_anothers_advice(api, make_user, answers):
    answers("Secreto", "avanzado", 1, 9)
    api.post("/api/tutor/advice")
    other = Api(make_user()).post("/api/tutor/advice")
    assert other["X-Cache"] == "MISS"
    assert "Secreto" not in other.content.decode()


def test_kept_advice_costs_no_query_and_no_model_call(api, answers, model, django_assert_num_queries):
    answers("Física", "intermedio", 2, 8)
    model.behaviour = lambda payload, number: completion(json.dumps({"encouragement": "¡Ánimo!"}))
    first = api.post("/api/tutor/advice")
    with django_assert_num_queries(0):
        second = api.post("/api/tutor-advice", {"timeRange": "week"})
    assert (first["X-Cache"], second["X-Cache"]) == ("MISS", "HIT")
    assert second.content == first.content
    assert len(model.calls) == 1


def test_an_answer_makes_the_advice_new(api, answers):
    answers("Física", "intermedio", 2, 8)
    before = api.post("/api/tutor/advice").json()
    answers("Física", "intermedio", 5, 0)
    after = api.post("/api/tutor/advice")
    assert after["X-Cache"] == "MISS"
    assert "10 preguntas" in before["analysis"]
    assert "15 preguntas" in after.json()["analysis"]


def test_anothers_answer_leaves_the_advice_alone(api, answers, make_user):
    api.post("/api/tutor/advice")
    answers("Física", "intermedio", 5, 0, user=make_user())
    assert api.post("/api/tutor/advice")["X-Cache"] == "HIT"


def test_each_language_and_range_has_advice_of_its_own(api, answers):
    answers("Física", "intermedio", 2, 8)
    for body, language in [({}, "es"), ({}, "en"), ({"timeRange": "month"}, "es"), ({"timeRange": "month"}, "en")]:
        assert api.post("/api/tutor/advice", body, Accept_Language=language)["X-Cache"] == "MISS"
    assert api.post("/api/tutor/advice", {}, Accept_Language="en-GB")["X-Cache"] == "HIT"


def test_a_range_ends_on_the_learners_own_date(make_user, answers):
    """Kiritimati is never on the same date as Niue."""
    for zone in ("Pacific/Kiritimati", "Pacific/Niue"):
        user = make_user(time_zone=zone)
        today = user_today(user)
        answers("Hoy", "avanzado", 3, 0, day=today, user=user)
        answers("Ayer", "avanzado", 0, 3, day=days_ago(1, today), user=user)
        said = Api(user).post("/api/tutor/advice", {"timeRange": "day"}).json()
        assert "Hoy has respondido 3 preguntas y has acertado 3 (100 %)." in said["analysis"]
        assert "del 0 % de ayer al 100 % de hoy" in said["analysis"]


def user_today(user):
    return datetime.now(UTC).astimezone(user.zone).date()


def test_advice_of_yesterday_is_not_served_today(api, monkeypatch):
    api.post("/api/tutor/advice")
    monkeypatch.setattr("tutor.views.local_today", lambda zone, now: days_ago(-1))
    assert api.post("/api/tutor/advice")["X-Cache"] == "MISS"


def test_with_a_model_new_advice_is_made_at_once(api, answers, model, settings):
    answers("Física", "intermedio", 2, 8)
    url, settings.AI_BASE_URL = settings.AI_BASE_URL, ""
    assert not llm.is_configured()
    api.post("/api/tutor/advice")
    settings.AI_BASE_URL = url
    assert api.post("/api/tutor/advice")["X-Cache"] == "MISS"


# --- Limit --------------------------------------------------------------------------------------------------------
def test_three_new_answers_in_five_minutes_and_no_more(api, real_limits):
    ranges = list(RANGES)
    replies = [api.post(PATHS[number % 2], {"timeRange": ranges[number]}) for number in range(4)]
    assert [reply.status_code for reply in replies] == [200, 200, 200, 429]
    assert [reply["RateLimit-Remaining"] for reply in replies] == ["2", "1", "0", "0"]
    assert replies[0]["RateLimit-Policy"] == "3;w=300"
    refused = replies[3].json()
    assert (refused["code"], refused["error"]) == ("rate_limited", "Demasiadas peticiones")
    assert replies[3]["Retry-After"] == refused["retryAfter"]


def test_kept_advice_does_not_count_against_the_limit(api, real_limits):
    api.post("/api/tutor/advice")
    kept = [api.post("/api/tutor/advice") for _ in range(10)]
    assert {(reply.status_code, reply["X-Cache"]) for reply in kept} == {(200, "HIT")}
    assert api.post("/api/tutor/advice", {"timeRange": "day"})["RateLimit-Remaining"] == "1"


def test_a_refused_request_counts_against_the_limit(api, make_user, real_limits):
    other = make_user()
    codes = [api.post("/api/tutor/advice", {"timeRange": "decade"}).status_code for _ in range(2)]
    codes += [api.post("/api/tutor/advice", {"userId": other.pk}).status_code for _ in range(2)]
    assert codes == [400, 400, 404, 429]


def test_kept_advice_is_served_when_the_limit_is_used_up(api, real_limits):
    for time_range in ("day", "week", "month", "year"):
        api.post("/api/tutor/advice", {"timeRange": time_range})
    assert api.post("/api/tutor/advice", {"timeRange": "week"})["X-Cache"] == "HIT"


def test_without_the_cache_the_learner_is_still_advised(api, answers, monkeypatch):
    answers("Física", "intermedio", 2, 8)
    monkeypatch.setattr(cache, "_look", lambda key, owner: None)  # as with Redis away
    for _ in range(2):
        reply = api.post("/api/tutor/advice")
        assert (reply.status_code, reply["X-Cache"]) == (200, "MISS")


def test_the_language_in_use_before_is_not_touched(api):
    with translation.override("es"):
        api.post("/api/tutor/advice", {}, Accept_Language="en")
        assert translation.get_language() == "es"
