"""What a read of the metrics costs: counted, so that a shortcut that no longer works is noticed."""

import os

import pytest
from django.core.cache import caches

from conftest import Api
from metrics.tests.test_reads import path
from ops import cache, tally

with_redis = pytest.mark.skipif("REDIS_URL" not in os.environ, reason="counts commands of Redis")
WHAT = ["overall", "sessions", "achievements", "themes", "timeline", "game-modes"]


@pytest.fixture
def trips(monkeypatch):
    """How often each request went to Redis."""
    costs = []
    begin = tally.begin

    def noted():
        fresh, token = begin()
        costs.append(fresh)
        return fresh, token

    monkeypatch.setattr(tally, "begin", noted)
    return lambda: costs[-1].cache_calls


@with_redis
@pytest.mark.parametrize("what", WHAT)
def test_a_cached_read_asks_the_database_nothing_and_redis_twice(api, learner, trips, what, django_assert_num_queries):
    for _ in range(2):
        reply = api.get(path(learner, what))
    with django_assert_num_queries(0):
        reply = api.get(path(learner, what))
    assert (reply["X-Cache"], trips()) == ("HIT", 2)


@with_redis
def test_an_unchanged_one_asks_redis_once(api, learner, trips):
    etag = [api.get(path(learner, "overall")) for _ in range(2)][-1]["ETag"]
    assert api.get(path(learner, "overall"), If_None_Match=etag).status_code == 304
    assert trips() == 1


@with_redis
def test_every_command_is_counted(api, learner, trips):
    """The figures above are Redis's own."""
    redis = caches["default"].client.get_client()
    for _ in range(2):
        api.get(path(learner, "overall"))
    before = redis.info("stats")["total_commands_processed"]
    api.get(path(learner, "overall"))
    # INFO is one; the limit's script runs two commands when it counts on.
    assert redis.info("stats")["total_commands_processed"] - before - 1 <= trips() + 1


def test_what_was_fetched_ahead_is_not_served_after_a_write(api, learner, monkeypatch):
    """The body comes along with the token's standing; what is written before it is used makes it old."""
    for _ in range(2):
        assert api.get(path(learner, "overall")).json() == {}
    from metrics import views

    zone = views.zone_of_readable_user

    def a_write_comes_between(request, user_id):
        cache.invalidate_user(user_id)
        return zone(request, user_id)

    monkeypatch.setattr(views, "zone_of_readable_user", a_write_comes_between)
    assert api.get(path(learner, "overall"))["X-Cache"] == "MISS"


def test_what_was_fetched_ahead_is_nobody_elses(api, learner, make_user):
    """Another user who asks for the same address is refused, whatever came along."""
    for _ in range(3):
        assert api.get(path(learner, "overall")).status_code == 200
    assert Api(make_user()).get(path(learner, "overall")).status_code == 404


def test_a_wrong_guess_is_only_a_guess(api, learner, settings):
    """An address leads elsewhere than last time when the language changes."""
    for language in ("es", "en", "es"):
        for _ in range(2):
            assert api.get(path(learner, "achievements"), Accept_Language=language).json() == []
