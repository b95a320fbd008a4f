"""The page of operations says what was done, to those who may see it, at a cost that does not grow."""

import json

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from conftest import Api
from metrics.models import AnswerDay
from ops.models import OutboxMail
from ops.tests.test_pulse import counting  # noqa: F401

DATA = "/admin/operations/data"


def browser_of(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def operator(make_user):
    user = make_user(is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="see_operations"))
    return user


def sections(client, span="hour"):
    reply = client.get(f"{DATA}?span={span}")
    assert reply.status_code == 200
    return {each["id"]: each for each in json.loads(reply.content)["sections"]}


def drawn(section, name):
    return next(each for each in section["charts"] if each["id"] == name)


def test_only_who_may_sees_it(operator, make_user):
    for path in ("/admin/operations/", DATA):
        assert browser_of(operator).get(path).status_code == 200
        assert browser_of(make_user(is_staff=True)).get(path).status_code == 403
        assert browser_of(make_user()).get(path).status_code == 302
        assert Client().get(path).status_code == 302


@pytest.mark.parametrize("span", ["hour", "day"])
def test_the_figures_are_what_was_done(counting, operator, visitor, span):  # noqa: F811
    for _ in range(3):
        assert visitor.get("/api/none").status_code == 404
    counting.flush()
    traffic = sections(browser_of(operator), span)["traffic"]
    assert traffic["tiles"][0]["value"] == 3
    step = 1 if span == "hour" else 10
    refused = drawn(traffic, "requests")["series"][1]["values"]
    assert sum(refused) * step == pytest.approx(3, abs=0.01)
    assert traffic["tables"][0]["rows"][0][:4] == ["GET /^api(/.*)?$", 3, 3, 0]
    assert len(drawn(traffic, "requests")["x"]) == len(refused) == (60 if span == "hour" else 144)


def test_an_empty_picture_says_why(operator):
    said = sections(browser_of(operator))
    assert "límite" in drawn(said["limits"], "refused")["empty"]
    assert "AI_API_KEY" in drawn(said["model"], "calls")["empty"]
    assert drawn(said["cache"], "hits")["target"]["value"] == 70


def test_a_hit_rate_of_nought_is_drawn(counting, operator, api):  # noqa: F811
    counting.event("miss", 4)
    counting.flush()
    hits = drawn(sections(browser_of(operator))["cache"], "hits")
    assert hits["empty"] == ""
    assert [value for value in hits["series"][0]["values"] if value is not None] == [0]


def test_learners_and_answers_by_day(operator, make_user):
    today = timezone.now().date()
    for answered, correct in ((4, 3), (6, 2)):
        AnswerDay.objects.create(
            user=make_user(), theme_key="historia", theme="Historia", level="intermedio", day=today,
            answered=answered, correct=correct,
        )  # fmt: skip
    learners = sections(browser_of(operator))["learners"]
    assert drawn(learners, "active")["series"][0]["values"][-1] == 2
    assert [row["values"][-1] for row in drawn(learners, "answers")["series"]] == [5, 5]
    assert drawn(learners, "themes")["x"] == ["historia"]
    assert drawn(learners, "themes")["series"][0]["values"] == [50.0]


def test_in_english_for_who_reads_english(operator):
    reply = browser_of(operator).get(DATA, headers={"Accept-Language": "en"})
    assert json.loads(reply.content)["sections"][0]["title"] == "Requests"


def test_queries_do_not_grow(operator, make_user, django_assert_max_num_queries):
    late = timezone.now() - timezone.timedelta(hours=2)
    user = make_user()
    for number in range(30):
        OutboxMail.objects.create(user=user, kind="x", message_id=str(number), created_at=late, expires_at=late)
    client = browser_of(operator)
    with django_assert_max_num_queries(40):  # five days are read anew at a time
        sections(client)
    with django_assert_max_num_queries(4):  # the session, its user and their rights: the rest is kept a few seconds
        said = sections(client)
    assert drawn(said["mail"], "outbox")["series"][0]["values"] == [30, 30, 0]


def test_an_api_request_does_not_wait_for_the_count(counting, learner, django_assert_num_queries):  # noqa: F811
    with django_assert_num_queries(0):
        Api().get("/livez")
