"""The cache's promises: nothing computed before a write is served after it, and one computes for many."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import caches

from ops import cache, redis_client
from ops.cache import Cached

ANA, EVA = cache.user(1), cache.user(2)


class Source:
    """A figure that changes when it is written; counts how often it was computed."""

    def __init__(self, value: int = 0) -> None:
        self.value, self.computed = value, 0

    def read(self) -> dict[str, int]:
        self.computed += 1
        return {"value": self.value}


def test_lifetimes_are_those_of_the_first_generation():
    assert (cache.SHORT, cache.MEDIUM, cache.LONG, cache.VERY_LONG, cache.DAY) == (60, 300, 1800, 3600, 86400)
    prefixes = (cache.USER_METRICS, cache.USER_SESSIONS, cache.USER_THEMES, cache.TUTOR_ADVICE, cache.CHALLENGE)
    assert prefixes == ("metrics:user:", "sessions:user:", "themes:user:", "tutor:advice:", "challenge:")


def test_get_or_set_computes_once():
    source = Source(7)
    assert cache.get_or_set("k", source.read, 60) == Cached({"value": 7}, hit=False)
    source.value = 8
    assert cache.get_or_set("k", source.read, 60) == Cached({"value": 7}, hit=True)
    assert source.computed == 1


@pytest.mark.parametrize("value", [b"bytes", b"", b"123", b"g0", {"a": [1, 2.5, "ñ🙂", None]}, [], 0, "", None, False])
def test_any_value_comes_back_as_it_was(value):
    assert cache.get_or_set("k", lambda: value, 60).value == value
    again = cache.get_or_set("k", lambda: pytest.fail("computed again"), 60)
    assert again == Cached(value, hit=True) and type(again.value) is type(value)


def test_set_get_delete():
    assert cache.get("k") is None
    assert cache.set("k", {"a": 1}, 60) and cache.get("k") == {"a": 1}
    assert cache.delete("k") and cache.get("k") is None
    assert not cache.delete("k")


def test_a_value_expires():
    cache.set("k", 1, 1)
    time.sleep(1.1)
    assert cache.get("k") is None


def test_forgetting_an_owner_makes_all_of_theirs_old_and_nobody_elses():
    for key, owner in {"a": ANA, "b": ANA, "c": EVA}.items():
        cache.get_or_set(key, lambda: 1, 60, owner=owner)
    cache.invalidate_user(1)
    hits = {key: cache.get(key, owner=owner) for key, owner in {"a": ANA, "b": ANA, "c": EVA}.items()}
    assert hits == {"a": None, "b": None, "c": 1}


def test_a_value_computed_before_a_write_is_never_served_after_it():
    """The reader begins, the writer commits and forgets, and only then does the reader store what it had read."""
    source = Source(1)
    reading, written = threading.Event(), threading.Event()

    def slow_read():
        value = source.read()
        reading.set()
        assert written.wait(5)
        return value

    with ThreadPoolExecutor(1) as pool:
        reader = pool.submit(cache.get_or_set, "k", slow_read, 60, owner=ANA)
        assert reading.wait(5)
        source.value = 2
        cache.forget(ANA)
        written.set()
        assert reader.result().value == {"value": 1}, "it began before the write returned"
    assert cache.get_or_set("k", source.read, 60, owner=ANA) == Cached({"value": 2}, hit=False)


def test_who_waits_for_a_computation_that_is_overtaken_by_a_write_computes_anew():
    source = Source(1)
    begun = threading.Event()

    def slow_read():
        value = source.read()
        begun.set()
        time.sleep(0.3)
        return value

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cache.get_or_set, "k", slow_read, 60, owner=ANA)
        assert begun.wait(5)
        source.value = 2
        cache.forget(ANA)
        second = pool.submit(cache.get_or_set, "k", source.read, 60, owner=ANA)
        assert (first.result().value, second.result().value) == ({"value": 1}, {"value": 2})


def test_shortly_before_the_end_one_refreshes_while_the_others_are_served():
    source = Source(1)
    cache.get_or_set("k", source.read, 4, owner=ANA)
    time.sleep(3.65)
    source.value = 2
    begun = threading.Event()

    def slow_read():
        begun.set()
        time.sleep(0.2)
        return source.read()

    with ThreadPoolExecutor(1) as pool:
        refresher = pool.submit(cache.get_or_set, "k", slow_read, 4, owner=ANA)
        assert begun.wait(5)
        assert cache.get_or_set("k", lambda: pytest.fail("a second one"), 4, owner=ANA) == Cached(
            {"value": 1}, hit=True
        )
        assert refresher.result() == Cached({"value": 2}, hit=False)
    assert cache.get_or_set("k", source.read, 4, owner=ANA) == Cached({"value": 2}, hit=True)


def test_a_failing_computation_is_everybodys_failure_and_blocks_nobody():
    def fail():
        raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            cache.get_or_set("k", fail, 60)
    assert cache.get_or_set("k", lambda: 1, 60).value == 1


def test_somebody_who_died_computing_does_not_block_for_long():
    caches["default"].add("lock:k", b"g1", cache.LOCK_SECONDS)
    started = time.monotonic()
    assert cache.get_or_set("k", lambda: 1, 60) == Cached(1, hit=False)
    assert cache.WAIT_SECONDS <= time.monotonic() - started < cache.WAIT_SECONDS + 2


def test_an_emptied_cache_revives_nothing():
    cache.get_or_set("k", lambda: "old", 60, owner=ANA)
    entry = caches["default"].get("k")
    cache.forget(ANA)
    caches["default"].clear()
    caches["default"].set("k", entry, 60)  # a replica, or a disk, brings one key back
    assert cache.get_or_set("k", lambda: "new", 60, owner=ANA) == Cached("new", hit=False)


def test_a_foreign_value_under_our_key_is_no_value():
    caches["default"].set("k", b"g0123456789abcdef", 60)
    assert cache.get_or_set("k", lambda: 1, 60).value == 1


@pytest.mark.skipif("REDIS_URL" not in os.environ, reason="about Redis")
def test_what_another_redis_holds_is_old():
    """One that was restarted from a disk, or took over: it may not know of the last writes."""
    guard = redis_client.guard
    cache.get_or_set("k", lambda: "old", 60, owner=ANA)
    ours = guard._server_id
    assert ours
    guard.meet(ours)
    assert cache.get("k", owner=ANA) == "old"
    guard.meet("0123abcd")
    assert cache.get("k", owner=ANA) is None
    guard.meet(ours)
