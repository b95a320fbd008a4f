"""SQLite, MySQL and MariaDB agree on which texts are the same, as people mean it: case, accents, emoji, spaces.

Columns compare by their characters (utf8mb4_bin), and what people type in many ways is folded before it is stored. Two
texts that differ in spaces at their end would still be one for MySQL: no key that we store has any.
"""

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from conftest import Api
from learning.models import Challenge, ThemeShelf
from learning.words import MAX_THEME, theme_key
from tests.people import PASSWORD

pytestmark = pytest.mark.both_stacks

ONE_THEME = [
    ("Física", "FISICA"),
    ("física", "fi\u0301sica"),  # composed in another way
    ("Química", "  química  "),
    ("Historia de España", "historia  de\tespaña"),
    ("C++", "c++"),
    ("🎸 Rock", "🎸 rock"),
]
TWO_THEMES = [
    ("Año", "Ano"),
    ("🎸", "🎹"),
    ("🙂", "🙃"),
    ("👍🏽", "👍🏿"),  # the colour of a hand
    ("C", "C++"),
    ("日本", "日木"),
    ("Ωmega", "Omega"),
    ("Łódź", "Lodz"),
    ("50%", "50_"),
]


def learn(api, theme):
    reply = api.post("/api/challenges/generate", {"theme": theme, "level": "easy"})
    assert reply.status_code == 200, reply.content
    return reply.json()["savedQuestionId"]


@pytest.fixture
def any_theme(model):
    """A model that has questions about everything."""
    return model


@pytest.mark.parametrize(("one", "other", "count"), [(*pair, 1) for pair in ONE_THEME] + [(*p, 2) for p in TWO_THEMES])
def test_themes(api, learner, any_theme, one, other, count):
    for theme in (one, other):
        learn(api, theme)
    listed = api.get(f"/api/themes/user/{learner.pk}").json()["themes"]
    assert len(listed) == count
    assert [row["total_questions"] for row in listed] == ([2] if count == 1 else [1, 1])
    assert " ".join(other.split()) in [row["theme"] for row in listed], "as it was typed last"
    found = api.get("/api/challenges").json()["results"]
    assert len(found) == 2
    assert api.delete(f"/api/themes/{one.strip()}").status_code == 200
    assert ThemeShelf.objects.filter(user=learner).count() == count - 1


def test_a_theme_cut_at_a_space_is_no_other_one():
    whole = "a" * (MAX_THEME - 1)
    assert theme_key(f"{whole} b") == theme_key(whole) == whole


def register(**fields):
    person = {"name": "Ana", "username": "ana", "email": "ana@example.org", "password": PASSWORD} | fields
    return Api().post("/api/auth/register", person)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"username": "ANA", "email": "b@example.org"}, 400),
        ({"username": " ana ", "email": "b@example.org"}, 400),
        ({"username": "ana_", "email": "b@example.org"}, 200),
        ({"username": "an_", "email": "b@example.org"}, 200),  # no sign of LIKE's
        ({"username": "bea", "email": "ANA@EXAMPLE.ORG"}, 400),
        ({"username": "bea", "email": " ana@example.org "}, 400),
        ({"username": "bea", "email": "ana@éxample.org"}, 200),
        ({"username": "bea", "email": "an_@example.org"}, 200),
    ],
)
def test_usernames_and_addresses(db, fields, status):
    assert register().status_code == 200
    reply = register(**fields)
    assert reply.status_code == status, reply.content
    if status == 400:
        assert reply.json()["code"] == "already_registered"


@pytest.mark.parametrize("typed", ["ana@example.org", "ANA@Example.ORG", "  ana@example.org "])
def test_one_logs_in_however_the_address_is_typed(db, typed):
    register()
    assert Api().post("/api/auth/login", {"email": typed, "password": PASSWORD}).status_code == 200


@pytest.mark.parametrize("typed", ["ána@example.org", "ana@exámple.org", "ana@example.or", "%", "ana@example.org\\"])
def test_and_not_with_another(db, typed):
    register()
    assert Api().post("/api/auth/login", {"email": typed, "password": PASSWORD}).status_code == 401


@pytest.mark.parametrize("name", ["Ana 🎸", "José Ñ", "李 小龍", "Ana  María", "مريم"])
def test_names_come_back_to_the_character(db, name):
    assert register(name=name).status_code == 200
    assert User.objects.get(username="ana").name == name


def test_keys_compare_by_their_characters(db, make_user):
    """What the constraints themselves say, below all folding."""
    make_user(username="ana", email="ana@example.org")
    for email in ("Ana@example.org", "aná@example.org", "ana@example.org🎸"):
        with transaction.atomic():
            User.objects.create_user(name="x", username=f"u{len(User.objects.all())}", email=email, password=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user(name="x", username="other", email="ana@example.org", password=None)


def test_order_is_by_characters(api, learner, any_theme):
    for theme in ("b", "A", "á", "ñ", "n", "Z"):
        learn(api, theme)
    keys = Challenge.objects.filter(user=learner).order_by("theme_key", "id").values_list("theme_key", flat=True)
    assert list(keys) == ["a", "a", "b", "n", "z", "ñ"]


def test_no_table_compares_otherwise(db):
    if connection.vendor == "mysql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT table_name, column_name, collation_name FROM information_schema.columns"
                " WHERE table_schema = DATABASE() AND collation_name <> 'utf8mb4_bin'"
            )
            assert cursor.fetchall() == ()
