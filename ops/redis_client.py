"""The clients behind Django's cache aliases, and the breaker that keeps a lost Redis from slowing requests down.

django-redis does the work. What is ours: every command passes a `Guard`, which after two failures in a row lets no
request wait for Redis any more and watches for its return in the background; values are plain bytes, so that whoever
can write to Redis cannot run code here (django-redis's default is pickle); a limit costs one round trip, not two.
"""

import logging
import os
import re
import threading
import time
from collections.abc import Callable
from typing import Any

import hiredis
from django_redis.client import DefaultClient, SentinelClient
from django_redis.exceptions import ConnectionInterrupted
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ReadOnlyError, RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from ops.tally import tally

logger = logging.getLogger(__name__)

UNAVAILABLE = (ConnectionInterrupted, RedisError)  # what a caller of Django's cache may see when Redis is away
AWAY = (RedisConnectionError, RedisTimeoutError, ReadOnlyError)  # a demoted primary is read-only: as good as away


class RedisAway(RedisConnectionError):
    """Raised at once, without a packet sent, while the breaker is open."""


class Guard:
    """The breaker of this process for one Redis: closed, or open with one thread that watches for its return."""

    FAILURES = 2  # in a row; each costs a request one time-out
    FIRST_WAIT, LONGEST_WAIT = 0.05, 2.0  # seconds between looks, doubling

    def __init__(self) -> None:
        self.is_open = False
        self.before_closing: list[Callable[[], bool]] = []  # each must succeed before requests trust Redis again
        self._failures = 0
        self._was_ready = False
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._watcher: threading.Thread | None = None
        self._server_id = ""
        self._meeting = threading.Lock()
        self._settling = 0  # the thread that does so

    def refuses(self) -> bool:
        """Whether a command must not be tried now; the watcher's own may."""
        return self.is_open and threading.current_thread() is not self._watcher

    def succeeded(self) -> None:
        self._failures = 0
        if not self._was_ready:
            self._was_ready = True
            logger.info("cache ready", extra={"component": "redis", "state": "closed"})

    def failed(self, client: "GuardedRedis", exc: Exception) -> None:
        with self._lock:
            self._failures += 1
            if self.is_open or self._failures < self.FAILURES:
                return
            self.is_open = True
        logger.warning("cache unavailable", extra={"component": "redis", "state": "open", "reason": type(exc).__name__})
        own = GuardedRedis(connection_pool=client.connection_pool)  # the other one belongs to a request's thread
        self._watcher = threading.Thread(target=self._watch, args=(own,), name="redis-watch", daemon=True)
        self._watcher.start()

    def meet(self, server_id: str) -> None:
        """A new connection leads to the Redis with this run id. When it is another than before (restarted, or another
        primary), what it holds may be older than what we know of: requests trust it after `before_closing` only."""
        if self._settling == threading.get_ident():
            return  # the steps below, which speak to it over connections of their own
        with self._meeting:  # whoever connects beside us waits until that is settled
            if self._server_id not in ("", server_id):
                self._settling = threading.get_ident()
                try:
                    is_settled = all(step() for step in self.before_closing)
                finally:
                    self._settling = 0
                if not is_settled:
                    raise RedisAway("another Redis, which could not be prepared")
            self._server_id = server_id

    def look_now(self) -> None:
        """Wake the watcher: a write just happened that Redis must hear of."""
        self._wake.set()

    def after_fork(self) -> None:
        """A forked worker has the breaker's state but not its thread: begin closed, and find out."""
        self.is_open, self._failures, self._was_ready, self._settling = False, 0, False, 0
        self._lock, self._wake, self._meeting = threading.Lock(), threading.Event(), threading.Lock()

    def _watch(self, client: "GuardedRedis") -> None:
        wait = self.FIRST_WAIT
        while True:
            woken = self._wake.wait(wait)
            self._wake.clear()
            if woken:
                time.sleep(0.01)  # so that a burst of writes makes a hundred looks a second at the most
            if self._is_back(client):
                break
            wait = min(wait * 2, self.LONGEST_WAIT)
        self._failures = 0
        self.is_open = False
        logger.warning("cache available again", extra={"component": "redis", "state": "closed"})

    def _is_back(self, client: "GuardedRedis") -> bool:
        try:
            client.execute_command("PING")
            return all(step() for step in self.before_closing)
        except RedisError:
            return False


_RUN_ID = re.compile(rb"run_id:(\w+)")

guard = Guard()  # both cache aliases are on one server
os.register_at_fork(after_in_child=guard.after_fork)


class GuardedRedis(Redis):
    """redis-py's client with the breaker in front and the request's tally behind.

    Django makes one per thread, so it can keep a connection for the commands of each request (`ask`).
    """

    connection: Any  # of the thread that has asked; redis-py uses it for every command then
    _keeper: tuple[int, int] | None = None  # the process and thread that it belongs to

    def ask(self, *args: Any) -> Any:
        """A command and its answer as Redis gives it, over the connection that this thread keeps.

        Saves 30 us of 50: no checkout from the pool, no look whether the connection is still good (a failure tells),
        no translation of the answer. Not for commands that must not be sent twice.
        """
        if guard.refuses():
            raise RedisAway("the breaker is open")
        started = time.perf_counter()
        try:
            answer = self._ask((hiredis.pack_command(args),))
        except AWAY as exc:
            tally().cache_error()
            guard.failed(self, exc)
            raise
        finally:
            tally().cache_call(time.perf_counter() - started)
        guard.succeeded()
        return answer

    def _ask(self, packed: tuple[bytes]) -> Any:
        if self._is_keeping() and self.connection.is_connected:
            try:
                return self._answer(packed)
            except RedisTimeoutError:
                raise  # it hangs: once is enough
            except RedisConnectionError:
                pass  # Redis closed it while it was idle, or was restarted
        self._connect()
        return self._answer(packed)

    def _answer(self, packed: tuple[bytes]) -> Any:
        connection = self.connection
        try:
            connection.send_packed_command(packed, check_health=False)
            return connection.read_response()
        except ReadOnlyError:  # of a primary no more: look for the new one next time
            connection.disconnect()
            raise

    def _is_keeping(self) -> bool:
        """Whether there is a connection of this very process and thread: a forked process never uses its parent's."""
        if self.connection is not None and self._keeper != (os.getpid(), threading.get_ident()):
            self.connection = None
        return self.connection is not None

    def _connect(self) -> None:
        """Keep a fresh connection, to a Redis that can be trusted. redis-py gives it back when the thread has ended."""
        if self._is_keeping():
            self.connection.disconnect()
            self.connection.connect()
        else:
            self.connection = self.connection_pool.get_connection()
            self._keeper = (os.getpid(), threading.get_ident())
        try:
            self.connection.send_command("INFO", "server", check_health=False)
            if found := _RUN_ID.search(self.connection.read_response()):
                guard.meet(found[1].decode())
        except ResponseError:  # an account that may not ask
            pass
        except RedisError:
            self.connection.disconnect()  # nobody uses it unasked
            raise

    def _freshen(self) -> None:
        """Replace the kept connection when Redis has closed it meanwhile: these commands are not sent a second time,
        and redis-py by itself would connect again to where the primary was, without asking Sentinel."""
        if not self._is_keeping():
            return
        try:
            is_fresh = self.connection.is_connected and not self.connection.can_read(0)
        except (RedisError, OSError):
            is_fresh = False
        if not is_fresh:
            self._connect()

    def execute_command(self, *args: Any, **options: Any) -> Any:
        if guard.refuses():
            raise RedisAway("the breaker is open")
        started = time.perf_counter()
        try:
            self._freshen()
            answer = super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        except AWAY as exc:
            tally().cache_error()
            guard.failed(self, exc)
            raise
        finally:
            tally().cache_call(time.perf_counter() - started)
        guard.succeeded()
        return answer


class CacheClient(DefaultClient):  # type: ignore[misc]  # django-redis is typed, but not for mypy
    """Bytes in, bytes out: nothing stored is ever executed, and a finished body is not serialised again."""

    def encode(self, value: Any, *, allow_int: bool = True) -> bytes:
        assert isinstance(value, bytes), "ops.cache stores bytes"
        return value

    def decode(self, value: Any) -> bytes:
        return bytes(value)

    def get_many(self, keys: Any, version: Any = None, client: Any = None) -> dict[str, bytes]:
        try:
            rows = (client or self.get_client(write=False)).ask("MGET", *[self.make_key(key, version) for key in keys])
        except RedisError as exc:
            raise ConnectionInterrupted(connection=client) from exc
        return {key: row for key, row in zip(keys, rows, strict=True) if row is not None}


class LimitClient(DefaultClient):  # type: ignore[misc]
    """Counts in one round trip.

    django-ratelimit asks `add(key, 1)` and, when the key was there, `incr(key)`. Here `add` is one script that
    counts and sets the expiry together, and the `incr` that follows in the same thread returns what it said.
    """

    COUNT = """
    local count = redis.call('INCRBY', KEYS[1], ARGV[1])
    if count == tonumber(ARGV[1]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
    return count
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._counted = threading.local()

    def add(self, key: Any, value: Any, timeout: Any = 300, version: Any = None, client: Any = None) -> bool:
        if value != 1:  # a look that does not count
            return bool(super().add(key, value, timeout, version, client))
        client = client or self.get_client(write=True)
        count = int(client.ask("EVAL", self.COUNT, 1, self.make_key(key, version), value, int(timeout * 1000)))
        self._counted.value = (key, count)
        return count == 1

    def incr(self, key: Any, delta: int = 1, version: Any = None, client: Any = None, **kwargs: Any) -> int:
        counted, self._counted.value = getattr(self._counted, "value", None), None
        if delta == 1 and counted and counted[0] == key:
            return int(counted[1])
        return int(super().incr(key, delta, version, client, **kwargs))


class _PrimaryOnly(SentinelClient):  # type: ignore[misc]
    """Reads go to the primary too: a replica may not have heard of a write that the reader knows of."""

    def get_next_client_index(self, write: bool = True, tried: Any = None) -> int:
        return 0


class SentinelCacheClient(CacheClient, _PrimaryOnly):
    pass


class SentinelLimitClient(LimitClient, _PrimaryOnly):
    pass
