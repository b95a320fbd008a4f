"""Support sees one learner's progress, in as many queries whatever there is of it."""

import json
import re
import uuid

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from metrics.services import SessionFact, record_session
from ops.database import in_transaction


@pytest.fixture
def support(make_user):
    user = make_user(is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_usermetrics"))
    client = Client()
    client.force_login(user)
    return client


@in_transaction
def practise(learner, theme):
    now = timezone.now()
    fact = SessionFact(uuid.uuid4(), "normal", theme, theme.lower(), 4, 3, 60, now.date(), now)
    record_session(learner.pk, fact)


def shown(client, learner):
    page = client.get(f"/admin/learners/{learner.pk}/").content.decode()
    found = re.search(r'<script id="chart-sections" type="application/json">(.*?)</script>', page, re.DOTALL)
    return {each["id"]: each for each in json.loads(found[1])}


def test_it_shows_what_the_learner_did(support, learner):
    practise(learner, "Historia")
    practise(learner, "Arte")
    said = shown(support, learner)
    progress = {each["id"]: each for each in said["progress"]["charts"]}
    assert said["progress"]["tiles"][1]["value"] == 2
    assert progress["themes"]["x"] == ["Arte", "Historia"]
    assert progress["accuracy"]["series"][0]["values"] == [75.0]
    assert [row[1:3] for row in said["sessions"]["tables"][0]["rows"]] == [["Arte", "normal"], ["Historia", "normal"]]


def test_one_who_did_nothing_is_told_of(support, learner):
    said = shown(support, learner)
    assert [bool(each["empty"]) for each in said["progress"]["charts"]] == [True, True, True]
    assert all(each["rows"] == [] and each["empty"] for each in said["schedules"]["tables"])


def test_rights(learner, support, make_user):
    plain = Client()
    plain.force_login(make_user(is_staff=True))
    path = f"/admin/learners/{learner.pk}/"
    assert plain.get(path).status_code == 403
    assert Client().get(path).status_code == 302
    assert support.get("/admin/learners/999999/").status_code == 404


def test_names_are_text_on_the_page(support, make_user):
    learner = make_user(name="</script><b>Ana")
    practise(learner, "</script><b>x")
    page = support.get(f"/admin/learners/{learner.pk}/").content.decode()
    assert "<b>" not in page


def test_as_many_queries_for_one_session_as_for_many(support, learner):
    counts = []
    for number in (1, 12):
        for each in range(number):
            practise(learner, f"Tema {number} {each}")
        with CaptureQueriesContext(connection) as queries:
            shown(support, learner)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] < 15
