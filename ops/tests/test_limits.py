"""Limits hold: one budget per class and client, whatever is changed to buy another."""

import time
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest
from django.urls import get_resolver

from conftest import Api
from ops.limits import limited
from tests.http import Client
from tests.live import Live
from tests.people import PASSWORD, register
from tests.test_permissions import ELSEWHERE, walk


@pytest.fixture
def limit(settings, real_limits):
    """Set one class's limit: limit("metrics", 3, 60)."""

    def change(name: str, count: int, window: int = 60) -> None:
        settings.RATE_LIMITS = settings.RATE_LIMITS | {name: (count, window)}

    return change


def figures(user) -> str:
    return f"/api/metrics/user/{user.pk}/metrics/overall"


def test_the_contracts_limits(real_limits, settings):
    assert settings.RATE_LIMITS == {
        "auth": (5, 900), "api": (100, 900), "intensive": (20, 60), "ai": (10, 60), "tutor": (3, 300),
        "metrics": (30, 60), "answers": (120, 60), "global": (200, 900),
        "admin_lock": (10, 3600),  # no client's
    }  # fmt: skip


COVERS = {
    "auth": {"auth/register", "auth/login", "auth/forgot-password", "auth/reset-password"},
    "intensive": {"intensive-review/start", "intensive-review/save-results", "intensive-review/continue-survival"},
    "ai": {"challenges/generate", "challenges/groq", "challenges/from-notes", "reto", "groq", "generate-from-notes"},
    "tutor": {"tutor/advice", "tutor-advice"},
    "answers": {
        "challenges/save-response", "challenges/save-intensive-response", "challenges/pending", "challenges/start",
        "save-response", "save-intensive-response", "pending-challenges", "start-challenge",
    },
    "global": {"auth/logout", "auth/check-auth"},
}  # fmt: skip


def test_every_handler_has_the_class_that_the_contract_gives_it():
    expected = {f"api/{path}": name for name, paths in COVERS.items() for path in paths}
    for route, pattern in walk(get_resolver().url_patterns, ""):
        if route.startswith("admin/") or route in ELSEWHERE:
            continue
        view: Any = pattern.callback
        actions = getattr(view, "actions", None) or {
            m: m for m in ("get", "post", "put", "patch", "delete") if hasattr(view.cls, m)
        }
        for action in actions.values():
            name = getattr(getattr(view.cls, action), "limit_class", None)
            prefixes = (("api/metrics/", "metrics"), ("api/intensive-review/", "intensive"))
            default = next((cls for prefix, cls in prefixes if route.startswith(prefix)), "api")
            assert name == expected.get(route, default), (route, action)


def test_an_unknown_class_is_a_mistake_at_once():
    with pytest.raises(AssertionError):
        limited("metric")


def test_headers_add_up_and_the_refusal_says_when_to_come_back(api, learner, limit):
    limit("metrics", 3)
    for left in (2, 1, 0):
        reply = api.get(figures(learner))
        assert reply.status_code == 200
        assert (reply["RateLimit-Limit"], reply["RateLimit-Remaining"]) == ("3", str(left))
        assert reply["RateLimit-Policy"] == "3;w=60"
        assert 1 <= int(reply["RateLimit-Reset"]) <= 60
    refused = api.get(figures(learner))
    assert refused.status_code == 429
    body = refused.json()
    assert (body["error"], body["code"]) == ("Demasiadas peticiones", "rate_limited")
    assert body["message"] == "Has excedido el límite de peticiones. Por favor intenta más tarde."
    assert body["retryAfter"] == refused["Retry-After"] == refused["RateLimit-Reset"]
    assert refused["RateLimit-Remaining"] == "0" and body["requestId"]


def test_errors_count_and_carry_the_headers_too(api, limit):
    limit("answers", 3)
    statuses = [
        api.post("/api/save-response", body).status_code for body in ({}, {"questionId": 1, "selectedAnswer": "A"})
    ]
    assert statuses == [400, 404]
    reply = api.client.generic("POST", "/api/save-response", b"{", "application/json", headers=api.headers)
    assert (reply.status_code, reply["RateLimit-Remaining"]) == (400, "0")
    assert api.post("/api/challenges/save-response", {}).status_code == 429, "one budget per class, not per path"


def test_whoever_is_not_logged_in_is_counted_by_address(visitor, limit):
    limit("api", 2)
    assert [visitor.get("/api/user/profile").status_code for _ in range(3)] == [401, 401, 429]


@pytest.mark.parametrize(
    "change",
    [
        lambda api, path: api.get(path + "?x=1"),
        lambda api, path: api.get(path.replace("overall", "themes")),
        lambda api, path: api.request("HEAD", path),
        lambda api, path: api.get(path, X_Forwarded_For="1.2.3.4"),
        lambda api, path: api.get(path, X_Real_Ip="1.2.3.4", Forwarded="for=1.2.3.4"),
        lambda api, path: api.get(path, User_Agent="another"),
        lambda api, path: Api(api.user).get(path),  # another token of the same user
    ],
    ids=["query", "path", "method", "X-Forwarded-For", "other headers", "user agent", "token"],
)
def test_nothing_buys_another_budget(api, learner, limit, change):
    limit("metrics", 1)
    assert api.get(figures(learner)).status_code == 200
    assert change(api, figures(learner)).status_code == 429


def test_users_do_not_share_a_budget_nor_do_classes(api, learner, make_user, limit):
    limit("metrics", 1)
    other = make_user()
    assert api.get(figures(learner)).status_code == 200
    assert Api(other).get(figures(other)).status_code == 200
    assert api.get(f"/api/themes/user/{learner.pk}").status_code == 200


def test_login_is_counted_by_address_and_by_account(visitor, make_user, settings, real_limits):
    make_user(email="eva@example.org", password=PASSWORD)
    settings.TRUSTED_PROXY_COUNT = 1

    def login(address: str, email: str) -> int:
        body = {"email": email, "password": "no es esta"}
        return visitor.post("/api/auth/login", body, X_Forwarded_For=address).status_code

    assert [login(f"10.0.0.{number}", "eva@example.org") for number in range(6)] == [401] * 5 + [429]
    assert login("10.0.0.99", " EVA@example.org ") == 429, "the account, from wherever and however written"
    assert [login("10.0.1.1", f"{number}@example.org") for number in range(6)] == [401] * 5 + [429]


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "1.1.1.1", "9.9.9.9"),
        (1, "1.1.1.1", "1.1.1.1"),
        (1, "6.6.6.6, 1.1.1.1", "1.1.1.1"),
        (2, "6.6.6.6, 1.1.1.1, 10.0.0.1", "1.1.1.1"),
        (2, "1.1.1.1", "1.1.1.1"),
        (1, "", "9.9.9.9"),
        (1, "rubbish", ""),
        (1, "::ffff:1.1.1.1", "1.1.1.1"),
        (1, "2001:db8::1", "2001:db8::1"),
    ],
)
def test_the_address_behind_proxies(rf, settings, proxies, forwarded, address):
    from ops.address import client_address

    settings.TRUSTED_PROXY_COUNT = proxies
    request = rf.get("/", REMOTE_ADDR="9.9.9.9", headers={"X-Forwarded-For": forwarded})
    assert client_address(request) == address


def test_an_ipv6_client_owns_its_whole_network():
    from ops.address import limit_network

    assert limit_network("2001:db8::1") == limit_network("2001:db8::ffff:1") != limit_network("2001:db8:0:1::1")


def test_the_window_ends_when_it_says(api, learner, limit):
    limit("metrics", 1, 2)
    for _ in range(50):  # until two calls fall into one window
        refused = api.get(figures(learner))
        if refused.status_code == 429:
            break
    assert refused.status_code == 429
    time.sleep(int(refused["Retry-After"]) + 0.05)
    assert api.get(figures(learner)).status_code == 200


def test_limits_are_skipped_in_debug_only(api, learner, limit, settings):
    limit("metrics", 1)
    settings.SKIP_RATE_LIMIT = True
    api.get(figures(learner))
    assert api.get(figures(learner)).status_code == 429
    settings.DEBUG = True
    assert api.get(figures(learner)).status_code == 200


def test_every_refusal_is_a_warning_in_the_log(api, learner, limit, caplog):
    limit("metrics", 1)
    api.get(figures(learner))
    api.get(figures(learner))
    [line] = [record for record in caplog.records if record.getMessage() == "limit exceeded"]
    assert (line.levelname, line.limit, line.key) == ("WARNING", "metrics", f"u:{learner.pk}")


def hundred(arguments: tuple[str, str, int]) -> int:
    url, cookie, user_id = arguments
    client = Client(url, cookie=cookie)
    paths = [f"/api/metrics/user/{user_id}/metrics/{name}?n={n}" for n in range(50) for name in ("overall", "themes")]
    return sum(client.get(path).status == 200 for path in paths)


@pytest.mark.live
def test_sixteen_processes_get_exactly_what_is_allowed():
    with Live(redis_db=7, RATE_LIMIT_METRICS="100/1h") as server:
        ana = register(server.url)
        # The window's edge must not lie within the test: an hour's comes where crc32 puts it.
        left = int(ana.get(f"/api/metrics/user/{ana.id}/metrics/overall")["RateLimit-Reset"])
        if left < 60:
            time.sleep(left + 1)
            ana.get(f"/api/metrics/user/{ana.id}/metrics/overall")
        with ProcessPoolExecutor(16) as pool:
            passed = sum(pool.map(hundred, [(server.url, ana.cookie, ana.id)] * 16))
    assert passed == 99  # and the one above
