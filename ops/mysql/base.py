"""Django's MySQL and MariaDB, with an eye on a server that hangs.

A time-out tells a slow statement from a dead server only by its length, so that every request would wait for as long as
the slowest one may take. Here a connection that has waited for a second asks whether the server still lets anybody in:
if not, it is given up. And while a server is known to be away, one thread of the process tries it at a time; the others
are told at once.
"""

import select
import threading
import time
from functools import cache
from typing import Any

from django.db.backends.mysql import base
from MySQLdb import OperationalError, _mysql  # type: ignore[import-untyped]  # mysqlclient has no stubs
from MySQLdb.connections import Connection as DriverConnection  # type: ignore[import-untyped]

LOOK_AFTER = 1.0  # seconds without an answer
LOOK_SECONDS = 1  # that the server has to let us in then; the driver counts whole ones
LOOK_AGAIN = 4.0  # seconds at the most
REST = 0.5  # seconds that a server which is away is left alone
LOST = 2013
GONE = {2002, 2003, 2006, LOST}  # what the driver says when nobody answers
LOGIN = ("host", "port", "unix_socket", "user", "password", "ssl", "ssl_mode", "auth_plugin", "charset")


class Server:
    """What this process knows of one server."""

    def __init__(self) -> None:
        self.is_away = False
        self._left_at = 0.0
        self._trying = threading.Lock()

    def missed(self, *, try_at_once: bool = False) -> None:
        self.is_away = True
        self._left_at = time.monotonic() - (REST if try_at_once else 0)

    def connect(self, how: Any, params: dict[str, Any]) -> Any:
        """`how(**params)`, or OperationalError at once while the server is away."""
        if not self.is_away:
            return self._connect(how, params)
        if time.monotonic() - self._left_at < REST or not self._trying.acquire(blocking=False):
            raise OperationalError(LOST, "The database server did not answer a moment ago")
        try:
            return self._connect(how, params | {"connect_timeout": LOOK_SECONDS})
        finally:
            self._trying.release()

    def _connect(self, how: Any, params: dict[str, Any]) -> Any:
        try:
            connection = how(**params)
        except OperationalError as exc:
            if exc.args[0] in GONE:
                self.missed()
            else:
                self.is_away = False
            raise
        self.is_away = False
        return connection


@cache
def server_at(host: str, port: int) -> Server:
    return Server()


class Connection(DriverConnection):  # type: ignore[misc]
    """The driver's connection; every wait for an answer passes `query`."""

    def __init__(self, **params: Any) -> None:
        self.watched = server_at(params.get("unix_socket") or params.get("host", ""), params.get("port", 0))
        self.login = {name: params[name] for name in LOGIN if name in params}
        self.longest = float(params.get("read_timeout") or "inf")
        super().__init__(**params)

    def query(self, query: bytes | bytearray | str) -> None:
        self.send_query(bytes(query) if isinstance(query, bytearray) else query)
        if not self._is_answered(LOOK_AFTER):
            self._wait()
        self.read_query_result()

    def commit(self) -> None:
        self.query(b"COMMIT")

    def rollback(self) -> None:
        self.query(b"ROLLBACK")

    def autocommit(self, on: bool) -> None:
        if self.get_autocommit() != bool(on):
            self.query(b"SET autocommit=%d" % bool(on))

    def close(self) -> None:
        if self.open:  # else we have given it up; the driver makes an error of that
            super().close()

    def ping(self) -> None:
        """Is the connection good? One that was idle has nothing to wait for."""
        self.send_query(b"DO 0")
        if not self._is_answered(LOOK_AFTER):
            self.watched.missed(try_at_once=True)
            self._give_up()
        self.read_query_result()

    def _is_answered(self, seconds: float) -> bool:
        answer = select.poll()
        answer.register(self.fileno(), select.POLLIN)
        return bool(answer.poll(1000 * seconds))

    def _wait(self) -> None:
        waited = step = LOOK_AFTER
        while waited < self.longest and self._lets_us_in():
            step = min(2 * step, LOOK_AGAIN, self.longest - waited)
            if self._is_answered(step):
                return
            waited += step
        if not self._is_answered(0):
            self._give_up()

    def _lets_us_in(self) -> bool:
        try:
            limits = {"connect_timeout": LOOK_SECONDS, "read_timeout": LOOK_SECONDS}
            _mysql.connect(**self.login, **limits).close()
        except OperationalError as exc:
            if exc.args[0] in GONE:
                self.watched.missed()
                return False
        return True  # "too many connections" is an answer, too

    def _give_up(self) -> None:
        self.close()
        raise OperationalError(LOST, "Lost connection: the database server does not answer")


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        server = server_at(conn_params.get("unix_socket") or conn_params.get("host", ""), conn_params.get("port", 0))
        connection = server.connect(Connection, conn_params)
        if connection.encoders.get(bytes) is bytes:  # as Django does
            connection.encoders.pop(bytes)
        return connection

    def _set_autocommit(self, autocommit: bool) -> None:
        """Begin a transaction with a statement of its own, where Django turns autocommit off and, after the end, on
        again: a round trip less. For `transaction.atomic` only, which ends each that it begins."""
        with self.wrap_database_errors:
            if autocommit:
                self.connection.autocommit(True)  # sends nothing where it is on already
            else:
                self.connection.query(b"START TRANSACTION")
