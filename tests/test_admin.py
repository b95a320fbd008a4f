"""The admin as each role uses it: what they see, what they may do, and that it is written down."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils import timezone

from accounts.models import User
from conftest import Api
from learning.generation import Order
from learning.models import Challenge, QuestionReport, RetiredQuestion
from learning.services.challenges import make_challenges
from learning.services.reports import report_question
from learning.words import Level
from metrics.rebuild import rebuild_user
from ops import cache, outbox, roles
from ops.database import in_transaction
from ops.models import ModelBudget, OutboxMail
from tests.admin_pages import ask, pages

OURS = ["accounts", "learning", "metrics", "ops"]


@pytest.fixture
def as_role(make_user):
    """A browser in which somebody with that role is logged in; "superuser" is one, too."""
    roles.make()  # a flush took away what the migration made

    def log_in(role):
        user = make_user(is_staff=True, is_superuser=role == "superuser")
        if role in roles.ROLES:
            user.groups.add(Group.objects.get(name=role))
        client = Client(raise_request_exception=False)
        client.force_login(user)
        client.user = user
        return client

    return log_in


@pytest.fixture
def questions(learner, asking):
    """The learner's questions from the bank, all answered with A."""
    made = make_challenges(asking, Order("Historia", "historia", Level.BEGINNER, count=4), state="active")
    for challenge in made:
        Api(learner).post("/api/save-response", {"questionId": challenge.pk, "selectedAnswer": "A", "responseTime": 1})
    return made


def act(client, path, action, rows, **more):
    """Choose an action for rows of a list; the page that follows, as text."""
    data = {"action": action, "_selected_action": [row.pk for row in rows]} | more
    return client.post(path, data, follow=True).content.decode()


USERS, CHALLENGES, MAILS = "/admin/accounts/user/", "/admin/learning/challenge/", "/admin/ops/outboxmail/"


# --- What there is ---------------------------------------------------------------------------------------------------


@pytest.mark.once
def test_every_model_has_its_list():
    missing = [
        model._meta.label
        for app in OURS
        for model in apps.get_app_config(app).get_models()
        if model not in admin.site._registry
    ]
    assert missing == []


def test_every_list_and_row_opens_with_few_queries(as_role, questions, learner):
    """However many rows: the learner's questions are as many as there are users with one each."""
    outbox.enqueue(learner.pk, "password_reset", {}, language="es", useful_for=timedelta(hours=1))
    staff = as_role("superuser").user
    statuses = {
        where: look()
        for where, look in pages(staff, terms=["#1", str(learner.pk), "@nadie"], learner=learner.pk).items()
    }
    assert {where: status for where, status in statuses.items() if status != 200} == {}
    assert len(statuses) > 60


def test_a_list_asks_as_often_for_many_rows_as_for_one(as_role, make_user, django_assert_max_num_queries):
    client = as_role("superuser")
    for _ in range(30):
        user = make_user()
        ModelBudget.objects.create(day="2026-01-01", payer=f"u:{user.pk}", used=1)
        outbox.enqueue(user.pk, "password_reset", {}, language="es", useful_for=timedelta(hours=1))
    with django_assert_max_num_queries(8):
        assert ask(client, MAILS) == 200


def test_facts_are_edited_by_nobody(as_role, questions):
    client = as_role("superuser")
    response = questions[0].responses.get()
    for path in ("/admin/learning/userresponse/add/", f"/admin/learning/userresponse/{response.pk}/delete/"):
        assert client.get(path).status_code == 403
    assert client.post(f"/admin/learning/userresponse/{response.pk}/change/", {"is_correct": "on"}).status_code == 403
    page = client.get(f"/admin/learning/userresponse/{response.pk}/change/").content.decode()
    assert '<input type="submit"' not in page.split("</header>")[-1] or "_save" not in page


# --- Finding ---------------------------------------------------------------------------------------------------------


def test_users_are_found_by_number_and_by_how_their_address_or_name_begins(as_role, make_user):
    client = as_role("superuser")
    zoe = make_user(username="Zoe_9", email="zoe@example.org")
    make_user(username="zacarias", email="zacarias@example.org")
    for term in (str(zoe.pk), f"#{zoe.pk}", "zoe@", "ZOE@EXAMPLE.org", "zoe", "ZOE_9", "@Zoe_9"):
        found = client.get(USERS, {"q": term}).context["cl"].result_list
        assert [user.pk for user in found] == [zoe.pk], term
    assert not client.get(USERS, {"q": "oe"}).context["cl"].result_list, "no search looks into the middle of a name"


def test_what_a_user_has_is_found_by_the_user(as_role, questions, learner, make_user):
    client = as_role("support")
    other = make_user()
    for term in (str(learner.pk), learner.email.upper(), f"@{learner.username}"):
        assert client.get(CHALLENGES, {"q": term}).context["cl"].result_count == len(questions)
    assert client.get(CHALLENGES, {"q": str(other.pk)}).context["cl"].result_count == 0
    assert client.get(CHALLENGES, {"q": "nadie@example.org"}).context["cl"].result_count == 0
    assert client.get(CHALLENGES, {"q": "HISTORIA"}).context["cl"].result_count == len(questions)


def test_a_search_that_no_index_serves_is_refused(as_role):
    client = as_role("superuser")
    for query in ("question__contains=a", "user__email__contains=a", "created_at__year=2026"):
        assert client.get(f"{CHALLENGES}?{query}").status_code in (302, 400)


# --- Roles -----------------------------------------------------------------------------------------------------------


def test_the_roles_are_there_with_all_their_rights(db):
    roles.make()
    roles.make()
    for name, rights in roles.ROLES.items():
        have = Group.objects.get(name=name).permissions.values_list("content_type__app_label", "codename")
        assert {f"{app}.{codename}" for app, codename in have} == set(rights), name


def seen(client):
    page = client.get("/admin/")
    return {model["object_name"] for app in page.context["app_list"] for model in app["models"]}


def test_each_role_sees_its_own_and_no_more(as_role):
    assert seen(as_role("nobody")) == set()
    assert seen(as_role("editor")) == {"Challenge", "QuestionReport", "RetiredQuestion"}
    support, operator, everything = (seen(as_role(name)) for name in ("support", "operator", "superuser"))
    assert support < operator < everything
    assert {"ModelCall", "StaffAction", "ImportedRow"} <= operator - support
    statistics = {"QuestionStatistics", "SourceStatistics", "StatisticsCursor"}  # drawn at /admin/quality/ for editors
    assert everything - operator == {"Group", "QuestionReport", "RetiredQuestion"} | statistics


def test_no_role_sees_passwords_tokens_or_what_notes_said(as_role, questions, learner, make_user):
    learner.set_password("una clave bien larga 9")
    learner.save()
    challenge = questions[0]
    Challenge.objects.filter(pk=challenge.pk).update(
        excerpt={"text": "apuntes-secretos", "start": 0, "end": 3}, raw_text="texto-crudo"
    )
    for role in ("support", "operator", "superuser"):
        page = as_role(role).get(f"{USERS}{learner.pk}/change/").content.decode()
        assert "argon2" not in page and learner.password not in page
    support, editor = as_role("support"), as_role("editor")
    page = support.get(f"{CHALLENGES}{challenge.pk}/change/").content.decode()
    assert challenge.question[:20] in page
    assert "apuntes-secretos" not in page and "texto-crudo" not in page
    assert "apuntes-secretos" in editor.get(f"{CHALLENGES}{challenge.pk}/change/").content.decode()


ALLOWED = {
    (USERS, "deactivate"): {"support", "operator"},
    (USERS, "activate"): {"support", "operator"},
    (USERS, "reset_limits"): {"support", "operator"},
    (USERS, "clear_cache"): {"support", "operator"},
    (USERS, "export_csv"): {"operator"},
    (CHALLENGES, "retire"): {"editor"},
    (CHALLENGES, "correct_a"): {"editor"},
    (CHALLENGES, "export_csv"): {"operator", "editor"},
    (MAILS, "resend"): {"support", "operator"},
    ("/admin/learning/questionreport/", "retire"): {"editor"},
    ("/admin/learning/questionreport/", "reject"): {"editor"},
}


def test_each_action_is_for_those_who_have_the_right(as_role, questions):
    clients = {role: as_role(role) for role in roles.ROLES}
    report_question(questions_owner(questions), questions[0].pk, reason="other")
    outbox.enqueue(questions[0].user_id, "password_reset", {}, language="es", useful_for=timedelta(hours=1))
    for (path, action), whose in ALLOWED.items():
        offered = {role for role, client in clients.items() if f'value="{action}"' in client.get(path).content.decode()}
        assert offered == whose, (path, action)


def questions_owner(questions):
    from accounts.tokens import make_token, user_of

    return user_of(make_token(User.objects.get(pk=questions[0].user_id)))


def test_an_action_that_was_not_offered_does_nothing(as_role, learner, questions):
    act(as_role("editor"), USERS, "deactivate", [learner])
    act(as_role("support"), CHALLENGES, "retire", questions)
    learner.refresh_from_db()
    assert learner.is_active and not RetiredQuestion.objects.exists()


def test_staff_are_a_superusers_business(as_role, make_user):
    operator, boss = as_role("operator"), as_role("superuser")
    victim = make_user(is_staff=True, is_superuser=True, email="jefa@example.org")
    act(operator, USERS, "deactivate", [victim])
    assert operator.post(f"{USERS}{victim.pk}/change/", {"email": "mia@example.org"}).status_code == 403
    page = operator.get(f"{USERS}{make_user().pk}/change/").content.decode()
    assert "is_superuser" not in page and "groups" not in page
    victim.refresh_from_db()
    assert victim.is_active and victim.email == "jefa@example.org"
    act(boss, USERS, "deactivate", [victim, boss.user])
    victim.refresh_from_db()
    boss.user.refresh_from_db()
    assert not victim.is_active and boss.user.is_active, "nobody locks themselves out"


def test_an_operator_does_not_make_anybody_staff(as_role, learner):
    form = {"name": learner.name, "username": learner.username, "email": learner.email, "is_staff": "on"}
    as_role("operator").post(f"{USERS}{learner.pk}/change/", form | {"is_superuser": "on"})
    learner.refresh_from_db()
    assert not learner.is_staff and not learner.is_superuser


# --- Actions ---------------------------------------------------------------------------------------------------------


def written(client):
    return list(LogEntry.objects.filter(user=client.user).order_by("pk").values_list("object_id", "change_message"))


def test_deactivating_ends_tokens_at_once(as_role, learner, api, django_capture_on_commit_callbacks):
    client = as_role("support")
    assert api.get("/api/user/profile").status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        told = act(client, USERS, "deactivate", [learner])
    assert "Desactivado, y sus sesiones terminadas: 1 usuario." in told
    assert api.get("/api/user/profile").status_code == 401
    assert written(client) == [(str(learner.pk), "Desactivado, y sus sesiones terminadas")]
    with django_capture_on_commit_callbacks(execute=True):
        act(client, USERS, "activate", [learner])
    assert api.get("/api/user/profile").status_code == 401, "the old token stays ended"
    learner.refresh_from_db()
    assert Api(learner).get("/api/user/profile").status_code == 200


def test_limits_are_reset_with_the_days_model_calls(as_role, learner, api, settings, real_limits):
    client = as_role("support")
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"api": (1, 900)}
    budget = ModelBudget.objects.create(day=timezone.now().date(), payer=f"u:{learner.pk}", used=200)
    assert [api.get("/api/user/profile").status_code for _ in range(2)] == [200, 429]
    assert "Límites repuestos: 1 usuario." in act(client, USERS, "reset_limits", [learner])
    assert api.get("/api/user/profile").status_code == 200
    budget.refresh_from_db()
    assert budget.used == 0
    assert written(client) == [(str(learner.pk), "Límites repuestos")]


def test_a_cleared_cache_is_computed_again(as_role, learner, api, django_capture_on_commit_callbacks):
    path = f"/api/metrics/user/{learner.pk}/metrics/overall"
    assert [api.get(path)["X-Cache"] for _ in range(2)] == ["MISS", "HIT"]
    client = as_role("support")
    assert "Caché vaciada: 1 usuario." in act(client, USERS, "clear_cache", [learner])
    assert "Usuario: Caché vaciada" in client.get("/admin/").content.decode()
    assert api.get(path)["X-Cache"] == "MISS"


def test_retiring_a_question_voids_its_answers_and_settles_its_report(as_role, questions, asking):
    client, question = as_role("editor"), questions[0]
    report_question(asking, question.pk, reason="wrong_key")
    assert "Retirada para todos: la ha tenido 1 persona." in act(client, CHALLENGES, "retire", [question])
    assert question.responses.get().is_void
    assert RetiredQuestion.objects.get().fingerprint == question.fingerprint
    assert QuestionReport.objects.get().state == "accepted"
    assert written(client) == [(str(question.pk), "Retirada para todos (1)")]
    assert rebuild_user(question.user_id, check_only=True) == []


def test_correcting_a_question_regrades_it(as_role, questions):
    client, question = as_role("editor"), questions[0]
    was_right = question.responses.get().is_correct
    letter = "b" if was_right else "a"  # everybody chose A
    act(client, CHALLENGES, f"correct_{letter}", [question])
    question.refresh_from_db()
    assert question.correct_letter == letter.upper()
    assert question.responses.get().is_correct is not was_right
    assert rebuild_user(question.user_id, check_only=True) == []
    assert written(client) == [(str(question.pk), f"Corregida para todos: la buena es la {letter.upper()} (1)")]


@in_transaction
def a_mail(user, **changes):
    mail = outbox.enqueue(user.pk, "password_reset", {}, language="es", useful_for=timedelta(hours=1))
    OutboxMail.objects.filter(pk=mail.pk).update(**changes)
    mail.refresh_from_db()
    return mail


def test_a_mail_that_was_given_up_is_sent_again_with_as_much_time(as_role, learner):
    long_ago = timezone.now() - timedelta(days=2)
    mail = a_mail(learner, state="given_up", attempts=10, created_at=long_ago, expires_at=long_ago + timedelta(hours=1))
    client = as_role("support")
    assert "1 correo sale de nuevo." in act(client, MAILS, "resend", [mail])
    again = OutboxMail.objects.exclude(pk=mail.pk).get()
    assert (again.kind, again.user_id, again.state, again.attempts) == (mail.kind, learner.pk, "waiting", 0)
    assert again.message_id != mail.message_id
    assert timedelta(minutes=59) < again.expires_at - timezone.now() <= timedelta(hours=1)
    assert written(client) == [(str(mail.pk), "Enviado de nuevo")]


def test_a_mail_that_waits_is_due_at_once_unless_it_is_being_sent(as_role, learner):
    now = timezone.now()
    paused = a_mail(learner, attempts=4, not_before=now - timedelta(hours=1) + outbox.pause(4))
    being_sent = a_mail(learner, attempts=4, not_before=now + outbox.pause(4))
    assert "1 correo sale de nuevo." in act(as_role("support"), MAILS, "resend", [paused, being_sent])
    paused.refresh_from_db()
    assert paused.not_before <= timezone.now()
    assert OutboxMail.objects.get(pk=being_sent.pk).not_before == being_sent.not_before
    assert OutboxMail.objects.count() == 2


def test_an_operator_changes_a_profile_and_the_learner_sees_it(
    as_role, learner, api, django_capture_on_commit_callbacks
):
    client = as_role("operator")
    api.get("/api/user/profile")
    form = {"name": "Ana Nueva", "username": "ana_nueva", "email": "NUEVA@example.org", "time_zone": "America/Bogota"}
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(f"{USERS}{learner.pk}/change/", form | {"language": "en"}).status_code == 302
    profile = api.get("/api/user/profile").json()
    assert (profile["name"], profile["username"], profile["email"]) == ("Ana Nueva", "ana_nueva", "nueva@example.org")
    [(pk, message)] = written(client)
    assert pk == str(learner.pk) and message


@pytest.mark.parametrize(
    "wrong", [{"username": "OTRA"}, {"email": "Otra@example.org"}, {"time_zone": "Marte/Olympus"}, {"username": "a b"}]
)
def test_a_profile_that_cannot_be_is_refused_with_a_sentence(as_role, learner, make_user, wrong):
    make_user(username="otra", email="otra@example.org")
    form = {"name": learner.name, "username": learner.username, "email": learner.email} | wrong
    page = as_role("operator").post(f"{USERS}{learner.pk}/change/", form)
    assert page.status_code == 200 and "errorlist" in page.content.decode()


def test_one_click_changes_no_table(as_role, make_user, monkeypatch):
    from ops import admin_lists

    monkeypatch.setattr(admin_lists, "MOST_CHANGED", 3)
    people = [make_user() for _ in range(5)]
    told = act(as_role("operator"), USERS, "deactivate", people[:1], select_across="1")
    assert "No se ha hecho nada." in told
    assert not User.objects.filter(is_active=False).exists()


def test_the_log_of_the_staff_is_read_only(as_role, learner):
    act(as_role("support"), USERS, "clear_cache", [learner])
    operator = as_role("operator")
    assert "Nada todavía." in operator.get("/admin/").content.decode(), "there stands what one did oneself"
    page = operator.get("/admin/ops/staffaction/").content.decode()
    assert "Caché vaciada" in page and learner.username in page
    entry = LogEntry.objects.get()
    assert operator.post(f"/admin/ops/staffaction/{entry.pk}/delete/", {"post": "yes"}).status_code == 403
    assert as_role("support").get("/admin/ops/staffaction/").status_code == 403


def test_a_new_right_is_known_to_the_database(db):
    """What roles.ROLES names is a permission that Django makes."""
    roles.make()
    known = {f"{p.content_type.app_label}.{p.codename}" for p in Permission.objects.select_related("content_type")}
    assert {right for rights in roles.ROLES.values() for right in rights} <= known


def test_the_cache_owner_of_figures_is_forgotten(learner):
    cache.set("metrics:user:test", 1, 60, owner=cache.user(learner.pk))
    from accounts import services

    services.forget_cached(learner.pk)
    assert cache.get("metrics:user:test", owner=cache.user(learner.pk)) is None
