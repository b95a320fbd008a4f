"""Registration, login, profile, password, deletion (contract sections 2 and 8)."""

import statistics
import time

import bcrypt
import pytest

from accounts.models import User
from conftest import Api
from tests.people import PASSWORD

EVA = {"name": "Eva", "username": "eva_1", "email": "eva@example.org", "password": PASSWORD}


def login(api: Api, email: str = "eva@example.org", password: str = PASSWORD):
    return api.post("/api/auth/login", {"email": email, "password": password})


def test_register_then_login_by_email_in_any_case(visitor):
    assert visitor.post("/api/auth/register", EVA | {"email": "Eva@Example.ORG"}).json() == {
        "message": "Usuario registrado correctamente"
    }
    assert User.objects.get().email == "eva@example.org"
    assert login(visitor, "EVA@example.org").json() == {"message": "Login correcto"}


@pytest.mark.parametrize("same", [{"username": "EVA_1", "email": "b@example.org"}, {"username": "b_1"}])
def test_email_and_username_are_unique_whatever_their_case(visitor, same):
    visitor.post("/api/auth/register", EVA)
    refused = visitor.post("/api/auth/register", EVA | {"email": "EVA@EXAMPLE.ORG"} | same)
    assert refused.status_code == 400
    assert refused.json()["error"] == "El email o el nombre de usuario ya están registrados"
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "E"), ("name", "E" * 101), ("username", "ev"), ("username", "e" * 51), ("username", "eva maría"),
        ("username", "eva\nb"), ("email", "eva"), ("email", "e" * 250 + "@x.org"), ("password", "corta"),
        ("password", "x" * 129), ("password", "12345678901"), ("password", "password1"),
        ("password", "eva@example.org"),
    ],
)  # fmt: skip
def test_what_is_no_good_is_named(visitor, field, value):
    refused = visitor.post("/api/auth/register", EVA | {field: value})
    assert (refused.status_code, refused.json()["error"]) == (400, "Errores de validación")
    assert {row["path"] for row in refused.json()["details"]} == {field}
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "attempt",
    [{"password": "otra clave"}, {"email": "nadie@example.org"}, {"email": ""}, {"password": ""}, {"email": "x" * 400}],
)
def test_anything_wrong_at_login_is_the_same_401(visitor, make_user, attempt):
    make_user(email="eva@example.org", password=PASSWORD)
    refused = visitor.post("/api/auth/login", {"email": "eva@example.org", "password": PASSWORD} | attempt)
    assert (refused.status_code, refused.json()["error"]) == (401, "Credenciales inválidas")


def test_an_unknown_email_takes_as_long_as_a_wrong_password(visitor, make_user):
    make_user(email="eva@example.org", password=PASSWORD)
    times: dict[str, list[float]] = {"eva@example.org": [], "nadie@example.org": []}
    for _ in range(9):
        for email, taken in times.items():
            started = time.process_time()  # what the machine's other load does not stretch
            login(visitor, email, "no es esta")
            taken.append(time.process_time() - started)
    known, unknown = (statistics.median(taken) for taken in times.values())
    assert 0.5 < known / unknown < 2  # without the dummy hash: some 20


def test_a_first_generation_password_opens_the_door_and_is_upgraded(visitor, make_user):
    long = "contraseña de más de setenta y dos bytes, que bcrypt cortaba sin decir nada a nadie, ñ"
    for email, password in {"eva@example.org": PASSWORD, "larga@example.org": long}.items():
        hashed = bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4, prefix=b"2b")).decode()
        make_user(email=email)
        User.objects.filter(email=email).update(password=f"bcrypt${hashed}")
        assert login(visitor, email, "otra").status_code == 401
        assert login(visitor, email, password).status_code == 200
        assert User.objects.get(email=email).password.startswith("argon2$argon2id$")
        assert login(visitor, email, password).status_code == 200


def test_deactivated_users_cannot_log_in(visitor, make_user):
    make_user(email="eva@example.org", password=PASSWORD, is_active=False)
    assert login(visitor).status_code == 401


def test_what_the_profile_says_it_takes_back(api, learner):
    profile = api.get("/api/user/profile").json()
    assert {"id", "name", "username", "email", "created_at"} <= set(profile)
    assert api.put("/api/user/profile", profile).status_code == 200
    changed = api.put(
        "/api/user/profile", profile | {"email": "NUEVA@example.org", "timeZone": "America/Lima", "language": "en"}
    )
    assert changed.json()["email"] == "nueva@example.org"
    learner.refresh_from_db()
    assert (str(learner.zone), learner.language) == ("America/Lima", "en")


def test_a_profile_cannot_take_what_another_has(api, make_user):
    make_user(username="otra", email="otra@example.org")
    profile = api.get("/api/user/profile").json()
    for taken in ({"username": "OTRA"}, {"email": "OTRA@example.org"}):
        refused = api.put("/api/user/profile", profile | taken)
        assert (refused.status_code, refused.json()["error"]) == (400, "El email o nombre de usuario ya están en uso")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"currentPassword": "", "newPassword": "x"}, "Ambas contraseñas son requeridas"),
        ({"currentPassword": "no es", "newPassword": "otra clave larga 7"}, "La contraseña actual es incorrecta"),
        ({"currentPassword": PASSWORD, "newPassword": PASSWORD}, "La nueva contraseña debe ser diferente a la actual"),
        ({"currentPassword": PASSWORD, "newPassword": "corta"}, "Errores de validación"),
    ],
)
def test_a_password_change_that_cannot_be(make_user, body, sentence):
    api = Api(make_user(password=PASSWORD))
    refused = api.put("/api/user/change-password", body)
    assert (refused.status_code, refused.json()["error"]) == (400, sentence)
    assert api.get("/api/user/profile").status_code == 200, "nothing ended"


def test_deletion_takes_everything_of_the_user_and_of_nobody_else(make_user):
    from tests.test_bad_input import rows

    nobody = rows()
    other = Api(make_user())
    other.post("/api/challenges/generate", {"theme": "Arte", "level": "easy"})
    before = rows()
    api = Api(make_user(password=PASSWORD))
    made = api.post("/api/challenges/generate", {"theme": "Arte", "level": "easy"}).json()
    api.post("/api/save-response", {"questionId": made["savedQuestionId"], "selectedAnswer": "A"})
    started = api.post("/api/intensive-review/start", {"theme": "Arte", "gameMode": "normal"}).json()
    for question in started["challenges"]:
        answer = {"sessionId": started["sessionId"], "questionId": question["id"], "selectedAnswer": "B"}
        api.post("/api/save-intensive-response", answer)
    api.post("/api/intensive-review/save-results", {"sessionId": started["sessionId"]})
    assert sum(rows().values()) > sum(before.values()) + 20
    assert api.delete("/api/user/account", {}).status_code == 400
    assert api.delete("/api/user/account", {"password": PASSWORD}).json() == {
        "message": "Cuenta eliminada correctamente"
    }
    assert rows() == before != nobody
