"""ratelimit_reset as an operator uses it when somebody is shut out."""

from io import StringIO

import pytest
from django.conf import settings as current
from django.core.management import CommandError, call_command

from conftest import Api

needs_redis = pytest.mark.skipif(not current.REDIS_URL, reason="means something with Redis only")


def run(*arguments):
    output = StringIO()
    call_command("ratelimit_reset", *arguments, stdout=output)
    return output.getvalue()


@pytest.fixture(autouse=True)
def _tight(settings, real_limits):
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, (2, 900))


def profile(api):
    return api.get("/api/user/profile").status_code


def figures(api):
    return api.get(f"/api/metrics/user/{api.user.pk}/metrics/overall").status_code


def login(api, email, **headers):
    return api.post("/api/auth/login", {"email": email, "password": "wrong"}, **headers).status_code


@pytest.mark.skipif(bool(current.REDIS_URL), reason="means something without Redis only")
def test_counters_of_another_process_cannot_be_reached():
    with pytest.raises(CommandError, match="in its own process"):
        run("--ip", "127.0.0.1")


@needs_redis
def test_a_user_may_go_on_and_others_are_not_concerned(make_user):
    one, other = Api(make_user()), Api(make_user())
    for api in (one, other):
        assert [profile(api) for _ in range(3)] == [200, 200, 429]
        assert [figures(api) for _ in range(3)] == [200, 200, 429]
    assert run("--user", str(one.user.pk)) == "reset: api, metrics\n"
    assert (profile(one), figures(one), profile(other), figures(other)) == (200, 200, 429, 429)
    assert [profile(one) for _ in range(2)] == [200, 429]  # the whole budget, and not more


@needs_redis
def test_one_class_may_be_named(make_user):
    api = Api(make_user())
    for _ in range(3):
        profile(api), figures(api)
    assert run("--user", str(api.user.pk), "--class", "metrics") == "reset: metrics\n"
    assert (figures(api), profile(api)) == (200, 429)
    assert run("--user", str(api.user.pk), "--class", "tutor") == "nothing was used of these limits\n"


@needs_redis
def test_an_account_whose_logins_were_used_up_is_reset_by_its_user(visitor, make_user):
    user = make_user(email="ada@example.org")
    tries = [login(visitor, "Ada@example.org", x_forwarded_for="") for _ in range(3)]
    assert tries == [401, 401, 429]
    run("--ip", "127.0.0.1")
    assert login(visitor, "ada@example.org") == 429  # by name
    assert run("--user", str(user.pk), "--class", "auth") == "reset: auth\n"
    run("--ip", "127.0.0.1")
    assert login(visitor, "ada@example.org") == 401


@needs_redis
@pytest.mark.parametrize(
    ("counted", "named"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7", "::ffff:203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::1"),
    ],
)
def test_an_address_is_reset_as_it_is_counted(visitor, settings, counted, named):
    settings.TRUSTED_PROXY_COUNT = 1
    tries = [login(visitor, f"a{n}@example.org", x_forwarded_for=counted) for n in range(3)]
    assert tries == [401, 401, 429]
    assert run("--ip", named) == "reset: auth\n"
    assert login(visitor, "b@example.org", x_forwarded_for=counted) == 401


@needs_redis
@pytest.mark.parametrize(
    "arguments", [[], ["--user", "1", "--ip", "::1"], ["--ip", "localhost"], ["--user", "987654321"],
                  ["--ip", "::1", "--class", "metric"]],
)  # fmt: skip
def test_what_names_nobody_is_refused(arguments, db):
    with pytest.raises(CommandError):
        run(*arguments)
