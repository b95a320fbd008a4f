"""Who may do what: every route of the URL conf, for a visitor, another learner, the owner and staff.

A route that is missing from the matrix fails, and so does one that is gone. Foreign ids must answer like missing ones.
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from conftest import Api
from learning.generation import Order
from learning.services.challenges import make_challenges
from learning.services.schedules import create_schedule
from learning.services.sessions import start_session
from learning.words import GameMode, Level
from tests.people import PASSWORD

NOBODY = SimpleNamespace(
    id=987654321, challenge=987654321, session="00000000-0000-4000-8000-000000000000", theme="Nada", schedule=987654321
)
QUESTION = {"theme": "Historia", "level": "easy"}
NOTES = QUESTION | {
    "notes": "La célula es la unidad de la vida. El átomo es la unidad de la materia. El gen es la unidad de la "
    "herencia. El bit es la unidad de la información. Madrid es la capital de España."
}
PERSON = {"name": "Eva", "username": "eva_nueva", "email": "eva@example.org", "password": PASSWORD}
PUBLIC = (200, 200, 200, 200)
OWN = (401, 200, 200, 200)  # what concerns the asking user alone
MINE = (401, 404, 200, 404)  # what belongs to somebody: staff use the admin

# (method, route): (body or None, what a visitor, another learner, the owner and staff get)
MATRIX: dict[tuple[str, str], tuple[Any, tuple[int, int, int, int]]] = {
    ("POST", "api/auth/register"): (lambda it: PERSON, PUBLIC),
    ("POST", "api/auth/login"): (lambda it: {"email": "owner@example.org", "password": PASSWORD}, PUBLIC),
    ("POST", "api/auth/logout"): (lambda it: {}, PUBLIC),
    ("GET", "api/auth/check-auth"): (None, PUBLIC),
    ("POST", "api/auth/forgot-password"): (lambda it: {"email": "owner@example.org"}, PUBLIC),
    ("POST", "api/auth/reset-password"): (lambda it: {"token": "1-x-y", "newPassword": PASSWORD}, (400, 400, 400, 400)),
    ("GET", "api/user/profile"): (None, OWN),
    ("PUT", "api/user/profile"): (lambda it: PERSON, OWN),
    ("PUT", "api/user/change-password"): (
        lambda it: {"currentPassword": PASSWORD, "newPassword": PASSWORD + "0"},
        (401, 200, 200, 200),
    ),
    ("DELETE", "api/user/account"): (lambda it: {"password": PASSWORD}, OWN),
    ("GET", "api/challenges"): (None, OWN),
    ("GET", "api/challenges/<int:pk>"): (None, MINE),
    ("DELETE", "api/challenges/<int:pk>"): (None, MINE),
    ("POST", "api/challenges/<int:pk>/report"): (lambda it: {"reason": "unclear"}, MINE),
    ("POST", "api/challenges/generate"): (lambda it: QUESTION, PUBLIC),
    ("POST", "api/challenges/groq"): (lambda it: QUESTION, PUBLIC),
    ("POST", "api/challenges/from-notes"): (lambda it: NOTES, PUBLIC),
    ("POST", "api/challenges/save-response"): (lambda it: {"questionId": it.challenge, "selectedAnswer": "A"}, MINE),
    ("POST", "api/challenges/save-intensive-response"): (
        lambda it: {"sessionId": str(it.session), "questionId": it.challenge, "selectedAnswer": "A"},
        MINE,
    ),
    ("POST", "api/challenges/pending"): (lambda it: {"userId": it.id}, MINE),
    ("POST", "api/challenges/start"): (lambda it: {"challengeId": it.challenge}, MINE),
    ("GET", "api/schedules"): (None, OWN),
    ("POST", "api/schedules"): (lambda it: {"theme": "Nuevo", "level": "easy"}, (401, 201, 201, 201)),
    ("GET", "api/schedules/<int:pk>"): (None, MINE),
    ("PATCH", "api/schedules/<int:pk>"): (lambda it: {"frequency": "weekly"}, MINE),
    ("DELETE", "api/schedules/<int:pk>"): (None, MINE),
    ("POST", "api/intensive-review/start"): (
        lambda it: {"theme": "Historia", "gameMode": "normal", "userId": it.id},
        MINE,
    ),
    ("POST", "api/intensive-review/save-results"): (lambda it: {"sessionId": str(it.session)}, MINE),
    ("GET", "api/intensive-review/user-themes/<str:user_id>"): (None, MINE),
    ("POST", "api/intensive-review/continue-survival"): (lambda it: {"sessionId": str(it.session)}, MINE),
    ("GET", "api/themes/user/<str:user_id>"): (None, MINE),
    ("DELETE", "api/themes/user/<str:user_id>"): (None, (401, 404, 404, 404)),  # a theme of that name
    ("POST", "api/themes/delete-multiple"): (lambda it: {"themes": [it.theme]}, MINE),
    ("DELETE", "api/themes/delete-multiple"): (None, (401, 404, 404, 404)),  # a theme of that name
    ("DELETE", "api/themes/<path:theme>"): (None, MINE),
    **{
        ("GET", f"api/metrics/user/<int:user_id>/metrics/{figures}"): (None, (401, 404, 200, 200))
        for figures in ("overall", "sessions", "achievements", "themes", "timeline", "game-modes")
    },
    ("POST", "api/tutor/advice"): (lambda it: {"userId": it.id}, MINE),
}
TWINS = {
    "api/reto": "api/challenges/generate",
    "api/groq": "api/challenges/groq",
    "api/generate-from-notes": "api/challenges/from-notes",
    "api/save-response": "api/challenges/save-response",
    "api/save-intensive-response": "api/challenges/save-intensive-response",
    "api/pending-challenges": "api/challenges/pending",
    "api/start-challenge": "api/challenges/start",
    "api/tutor-advice": "api/tutor/advice",
}
MATRIX |= {("POST", twin): MATRIX["POST", route] for twin, route in TWINS.items()}
# Not of the API, or open to all by design.
ELSEWHERE = {"^api(/.*)?$", "health", "livez", "readyz", "metrics", "api-docs", "api-docs/redoc", "unsubscribe"}
ELSEWHERE |= {"", "api-docs/openapi.json", "api-docs/openapi.yaml", "reset-password"}


def routes() -> Iterator[tuple[str, str]]:
    """(method, route) of every path, the admin's left to Django."""
    for route, pattern in walk(get_resolver().url_patterns, ""):
        if route.startswith("admin/") or route in ELSEWHERE:
            continue
        view: Any = pattern.callback
        methods = getattr(view, "actions", None) or [m for m in view.cls.http_method_names if hasattr(view.cls, m)]
        for method in methods:
            if method not in ("options", "head"):
                yield method.upper(), route


def walk(patterns: Any, prefix: str) -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, route)
        else:
            yield route, pattern


def test_the_matrix_names_every_route():
    assert set(routes()) == set(MATRIX)


@pytest.fixture
def world(make_user):
    """An owner with a challenge, a survival session and a theme; another learner; a member of staff."""
    owner = make_user(password=PASSWORD, email="owner@example.org")
    people = {
        "visitor": Api(),
        "other": Api(make_user(password=PASSWORD)),
        "owner": Api(owner),
        "staff": Api(make_user(password=PASSWORD, is_staff=True)),
    }
    from accounts.tokens import make_token, user_of

    asking = user_of(make_token(owner))
    assert asking is not None
    session, challenges = start_session(asking, theme="Historia", game_mode=GameMode.SURVIVAL)
    # One level more, so that the owner's survival session has questions to go on with.
    make_challenges(asking, Order("Historia", "historia", Level.ADVANCED), state="active")
    schedule = create_schedule(asking, theme="Historia", level=Level.BEGINNER, language="es")
    theirs = SimpleNamespace(
        id=owner.pk, challenge=challenges[0].pk, session=session.pk, theme="Historia", schedule=schedule.pk
    )
    return people, theirs


def call(api: Api, method: str, route: str, body: Any, it: Any) -> Any:
    path = "/" + route
    pk = it.schedule if "schedules" in route else it.challenge
    for placeholder, value in {"<int:pk>": pk, "<int:user_id>": it.id, "<str:user_id>": it.id}.items():
        path = path.replace(placeholder, str(value))
    path = path.replace("<path:theme>", it.theme)
    return api.request(method, path, body(it) if body else None)


@pytest.mark.parametrize("role", ["visitor", "other", "owner", "staff"])
@pytest.mark.parametrize(("method", "route"), MATRIX, ids=lambda value: value)
def test_access(world, role, method, route):
    people, theirs = world
    body, expected = MATRIX[method, route]
    reply = call(people[role], method, route, body, theirs)
    assert reply.status_code == expected[["visitor", "other", "owner", "staff"].index(role)], reply.content


@pytest.mark.parametrize(
    ("method", "route"), [key for key, (_, row) in MATRIX.items() if row[1:3] == (404, 200)], ids=str
)
def test_what_is_foreign_answers_like_what_is_missing(world, method, route):
    people, theirs = world
    body, _expected = MATRIX[method, route]
    foreign = call(people["other"], method, route, body, theirs)
    missing = call(people["other"], method, route, body, NOBODY)
    assert foreign.status_code == missing.status_code == 404
    told = [reply.json()["error"].replace(theirs.theme, NOBODY.theme) for reply in (foreign, missing)]
    told = [sentence.replace(str(theirs.id), str(NOBODY.id)) for sentence in told]
    assert told[0] == told[1]


def test_the_admin_is_for_staff(client, make_user):
    assert client.get("/admin/").headers["Location"] == "/admin/login/?next=/admin/"
    client.force_login(make_user())
    assert client.get("/admin/").status_code == 302
    client.force_login(make_user(is_staff=True, is_superuser=True))
    assert client.get("/admin/").status_code == 200
