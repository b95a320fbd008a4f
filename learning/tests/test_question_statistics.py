"""What answers say about questions is counted exactly, once there are enough, and shown to editors."""

import json
import re
import statistics
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from learning import question_statistics as counting
from learning.models import Challenge, QuestionReport, QuestionStatistics, SourceStatistics, UserResponse
from learning.services import reports
from learning.tests.crowd import crowd

pytestmark = pytest.mark.django_db
NOW = timedelta(0)


def refresh():
    while counting.refresh(lag=NOW):
        pass


def everything():
    """All that is counted, without when and under which number."""
    rows = QuestionStatistics.objects.order_by("fingerprint").values("fingerprint", *counting.FIGURES)
    return list(rows), list(
        SourceStatistics.objects.order_by("origin", "model").values("origin", "model", *counting.SUMS)
    )


def test_the_figures_are_those_of_the_answers():
    prints = crowd()
    refresh()
    assert QuestionStatistics.objects.count() == 12
    for each in prints[:3]:
        row = QuestionStatistics.objects.get(fingerprint=each)
        answers = list(UserResponse.objects.filter(challenge__fingerprint=each).order_by("user_id"))
        right = [float(answer.is_correct) for answer in answers]
        rest = [
            sum(UserResponse.objects.filter(user=answer.user_id).values_list("is_correct", flat=True))
            - answer.is_correct
            for answer in answers
        ]
        assert (row.answered, row.correct) == (40, sum(right))
        assert float(row.facility) == pytest.approx(sum(right) / 40, abs=1e-4)
        assert float(row.discrimination) == pytest.approx(statistics.correlation(right, rest), abs=1e-4)
    backwards, lame, sound = (QuestionStatistics.objects.get(fingerprint=each) for each in prints[:3])
    assert backwards.discrimination < 0 < sound.discrimination
    assert (lame.unchosen, sound.unchosen) == (1, 0)
    assert QuestionStatistics.objects.order_by("-trouble").first() == backwards
    bank, model = SourceStatistics.objects.order_by("origin")
    assert (bank.origin, bank.questions, bank.answered, bank.verified) == ("bank", 6, 240, 0)
    assert (model.model, model.questions, model.answered, model.verified) == ("m-1", 6, 240, 6)


def test_what_was_counted_bit_by_bit_equals_a_recount(make_user, monkeypatch):
    """Answers that come later, reports, decisions, and a learner who leaves."""
    prints = crowd(12, 4)
    monkeypatch.setattr(counting, "CHUNK", 7)
    refresh()
    copies = Challenge.objects.filter(fingerprint=prints[0]).order_by("pk")
    report = QuestionReport.objects.create(user=copies[0].user, challenge=copies[0], reason="wrong_key")
    reports.correct(report, make_user(is_staff=True).pk, answer="dos")
    reports.retire(Challenge.objects.filter(fingerprint=prints[1]).first(), make_user(is_staff=True).pk)
    refresh()
    QuestionStatistics.objects.filter(fingerprint=prints[3]).update(due_at=timezone.now())
    Challenge.objects.filter(fingerprint=prints[3]).delete()
    refresh()
    kept = everything()
    rows = {row["fingerprint"]: row for row in kept[0]}
    assert set(rows) == set(prints[:3])
    assert (
        rows[prints[0]]["correct"]
        == UserResponse.objects.filter(challenge__fingerprint=prints[0], is_correct=True).count()
    )
    assert (rows[prints[1]]["answered"], rows[prints[1]]["trouble"]) == (0, 0)
    QuestionStatistics.objects.filter(fingerprint=prints[2]).update(answered=7)
    SourceStatistics.objects.update(answered=7)
    assert everything() != kept
    call_command("refresh_question_statistics", rebuild=True, verbosity=0)
    assert everything() == kept
    QuestionStatistics.objects.all().delete()
    SourceStatistics.objects.all().delete()
    call_command("refresh_question_statistics", rebuild=True, verbosity=0)
    assert everything() == kept


def test_few_answers_say_nothing():
    crowd(9, 7)
    refresh()
    figures = QuestionStatistics.objects.values_list("facility", "discrimination", "unchosen")
    assert set(figures) == {(None, None, None)}


def test_an_answer_that_may_not_be_the_last_waits():
    crowd(2, 2)
    assert counting.refresh() == 0
    assert counting.refresh(lag=NOW) > 0


def test_a_question_that_many_met_is_counted_now_and_then():
    [one] = crowd(20, 1)
    refresh()
    answer = UserResponse.objects.first()
    answer.pk, answer.attempt = None, 2
    answer.save(force_insert=True)
    while counting.mark_answered(UserResponse, lag=NOW) == 0:
        pass
    wait = QuestionStatistics.objects.get(fingerprint=one).due_at - timezone.now()
    assert timedelta(seconds=5) < wait <= timedelta(seconds=12)


# --- The page --------------------------------------------------------------------------------------------------------


@pytest.fixture
def editor(make_user):
    user = make_user(is_staff=True)
    rights = ["view_questionreport", "view_challenge"]
    user.user_permissions.add(*Permission.objects.filter(codename__in=rights, content_type__app_label="learning"))
    client = Client()
    client.force_login(user)
    return client


def rows_of(page):
    """The numbers of the challenges that the table leads to, from top to bottom."""
    return re.findall(r"/admin/learning/challenge/(\d+)/change/", page)


def test_the_page_shows_the_worst_first_and_sorts(editor):
    crowd()
    refresh()
    page = editor.get("/admin/quality/").content.decode()
    assert rows_of(page) == [str(row.example_id) for row in QuestionStatistics.objects.order_by("-trouble", "-pk")]
    assert 'aria-sort="descending"' in page
    for order in ("facility", "-discrimination", "unchosen", "-answered", "-reports", "agreed"):
        field = order.lstrip("-")
        page = editor.get(f"/admin/quality/?o={order}").content.decode()
        shown = [getattr(QuestionStatistics.objects.get(example_id=pk), field) for pk in rows_of(page)]
        assert len(shown) == 12
        assert shown == sorted(shown, reverse=order.startswith("-"))
    charts = json.loads(re.search(r'id="chart-sections" type="application/json">(.*?)</script>', page, re.DOTALL)[1])
    drawn = {each["id"]: each for each in charts[0]["charts"]}
    assert len(drawn["dots"]["x"]) == 12
    assert len(drawn["source-facility"]["x"]) == 2
    assert editor.get("/admin/quality/?o=password&p=x").status_code == 200


def test_a_question_without_copies_is_still_a_row(editor):
    crowd(2, 1)
    refresh()
    Challenge.objects.all().delete()
    assert rows_of(editor.get("/admin/quality/").content.decode()) == []


def test_who_may_look(editor, make_user, django_assert_max_num_queries):
    plain = Client()
    plain.force_login(make_user(is_staff=True))
    assert plain.get("/admin/quality/").status_code == 403
    assert Client().get("/admin/quality/").status_code == 302
    crowd(12, 6)
    refresh()
    with django_assert_max_num_queries(15):
        editor.get("/admin/quality/")
