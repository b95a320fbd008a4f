"""cache_stats and cache_clear as an operator uses them."""

import re
from io import StringIO

import pytest
from django.conf import settings as current
from django.core.cache import caches
from django.core.management import CommandError, call_command

from conftest import Api
from ops import cache
from ops.management.commands.cache_stats import kind

needs_redis = pytest.mark.skipif(not current.REDIS_URL, reason="means something with Redis only")
without_redis = pytest.mark.skipif(bool(current.REDIS_URL), reason="means something without Redis only")


def run(*arguments):
    output = StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue()


def overall(api):
    """Whether the user's figures came from the cache."""
    return api.get(f"/api/metrics/user/{api.user.pk}/metrics/overall")["X-Cache"]


@pytest.fixture
def two(make_user):
    """Two users whose figures are in the cache."""
    users = [Api(make_user()), Api(make_user())]
    for api in users:
        assert (overall(api), overall(api)) == ("MISS", "HIT")
    return users


@without_redis
def test_the_cache_of_another_process_cannot_be_seen_or_cleared():
    assert run("cache_stats").count("\n") == 1 and "cannot be seen from outside" in run("cache_stats")
    for arguments in (["--all"], ["--user", "1"], ["--prefix", "metrics:"]):
        with pytest.raises(CommandError, match="restart it"):
            run("cache_clear", *arguments)


def test_one_thing_to_clear_must_be_named():
    for arguments in ([], ["--all", "--user", "1"], ["--user", "ada"]):
        with pytest.raises(CommandError):
            run("cache_clear", *arguments)


@needs_redis
def test_stats_count_keys_by_kind_and_tell_hits_and_memory(two):
    two[0].get(f"/api/metrics/user/{two[0].user.pk}/metrics/themes")
    caches["default"].set("challenge:x7", b"x", 60)
    text = run("cache_stats")
    counted = dict(re.findall(r"^(\S+) +(\d+)$", text, re.MULTILINE))
    assert counted.items() >= {
        "metrics:user:": "3", "auth:standing:": "2", "generation:user:": "2", "generation:auth:": "2",
        "challenge:": "1", "epoch": "1", "rl:": "2",
    }.items()  # fmt: skip
    assert int(counted["all"]) == sum(int(count) for name, count in counted.items() if name != "all")
    assert re.search(r"hit rate +\d+\.\d% of \d+ keys", text) and re.search(r"memory +\d+\.\d+[KM]", text)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("metrics:user:12:timeline:30:2026-01-01", "metrics:user:"),
        ("lock:metrics:user:12:overall", "lock:metrics:user:"),
        ("tutor:advice:7:week", "tutor:advice:"),
        ("rl:4be4b6d6f", "rl:"),
        ("epoch", "epoch"),
        ("odd", "odd"),
    ],
)
def test_keys_are_told_apart_by_kind_not_by_owner(key, expected):
    assert kind(key) == expected


@needs_redis
def test_clearing_a_user_leaves_the_others(two):
    first, second = two
    text = run("cache_clear", "--user", str(first.user.pk))
    assert text == f"forgot 2 kinds of values of user {first.user.pk} (auth:{first.user.pk}, user:{first.user.pk})\n"
    assert (overall(first), overall(second)) == ("MISS", "HIT")
    assert overall(first) == "HIT"


@needs_redis
def test_a_user_of_whom_nothing_is_stored_is_no_error(two):
    assert "nothing is stored" in run("cache_clear", "--user", "987654321")
    assert [overall(api) for api in two] == ["HIT", "HIT"]


@needs_redis
def test_clearing_a_prefix_leaves_other_keys_and_takes_signs_literally(two):
    caches["default"].set("odd*key[1]", b"x", 60)
    assert run("cache_clear", "--prefix", "metrics:user:*") == "forgot 0 keys\n"
    assert run("cache_clear", "--prefix", "odd*key[") == "forgot 1 keys\n"
    assert run("cache_clear", "--prefix", cache.USER_METRICS) == "forgot 2 keys\n"
    assert [overall(api) for api in two] == ["MISS", "MISS"]


@needs_redis
def test_clearing_all_forgets_every_value_and_no_limit(two, settings, real_limits):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"metrics": (3, 600)}
    assert [overall(two[0]) for _ in range(2)] == ["HIT", "HIT"]
    assert re.fullmatch(r"forgot \d+ keys\n", run("cache_clear", "--all"))
    assert overall(two[0]) == "MISS"
    assert two[0].get(f"/api/metrics/user/{two[0].user.pk}/metrics/overall").status_code == 429


@needs_redis
@pytest.mark.parametrize("what", [["--all"], ["--prefix", "metrics:"], ["--user"]])
def test_a_dry_run_only_tells(two, what):
    if what == ["--user"]:
        what = ["--user", str(two[0].user.pk)]
    assert re.match(r"dry run: [1-9]\d* (keys|kinds)", run("cache_clear", *what, "--dry-run"))
    assert [overall(api) for api in two] == ["HIT", "HIT"]


@needs_redis
def test_a_value_computed_before_clearing_all_is_never_served_after_it(two):
    def compute():
        run("cache_clear", "--all")
        return b"old"

    owner = cache.user(two[0].user.pk)
    assert cache.get_or_set("metrics:user:0:test", compute, 60, owner=owner) == (b"old", False)
    assert cache.get_or_set("metrics:user:0:test", lambda: b"new", 60, owner=owner) == (b"new", False)
