"""Gunicorn's threaded worker, made hard to kill: by slow clients, by too many requests, by its own end.

gthread gives a thread to a connection before the request is there, queues without bound, and drops what waits when it
ends. Here the poller (the main thread) reads each request whole before a thread sees it, and sends what a client is
slow to take; what could not be answered in time is refused at once, with 503 and Retry-After; and a worker that is told
to stop first answers everybody whom it, or the server's socket, has accepted.

Plain HTTP/1 only: TLS and HTTP/2 are the work of a proxy in front.
"""

import errno
import mmap
import re
import secrets
import selectors
import signal
import socket
import time
from enum import Enum, auto
from functools import cache, partial
from typing import Any

from gunicorn.http.parser import RequestParser
from gunicorn.workers.gthread import ThreadWorker

from ops.gunicorn_threads import BRIEF, Threads
from persenaut.env import env_float

READ_SECONDS = 10.0  # for a request to arrive whole
WRITE_SECONDS = 30.0  # for more of an answer to be taken
LINGER = 2.0  # seconds that a kept connection stays open for one more request when its worker ends, and that a client
# whose request we did not read to its end gets to read the answer
HEAD_BYTES = 32 * 1024
SEND_BYTES = 2 * 2**20  # of a streamed answer that wait in memory for a slow client; beyond, its thread waits
SLOW_BYTES = 64 * 2**20  # of all answers that slow clients have yet to take; beyond, the slowest is dropped
RETRY_AFTER = 2  # seconds
PROBES = tuple(b"%b /%b " % (method, path) for method in (b"GET", b"HEAD") for path in (b"livez", b"readyz", b"health"))
# Seconds that a server which was asked to end goes on accepting, with /readyz 503, so that who sends it work finds out.
DRAIN_SECONDS = env_float("DRAIN_SECONDS", 2.0)

LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,15})[ \t]*\r\n", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
CONTINUE = re.compile(rb"\r\nexpect:[ \t]*100-continue", re.IGNORECASE)
LANGUAGE = re.compile(rb"\r\naccept-language:[ \t]*([a-z]{2})", re.IGNORECASE)


# --- The end of the server, as against that of one worker -------------------------------------------------------------

_ending = mmap.mmap(-1, 1)  # shared by the master, where this module is loaded, and its workers


def tell_workers_of_the_end() -> None:
    """For the master, once its own handlers are set: a worker cannot tell by its SIGTERM whether others take over."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, partial(_server_ends, signal.getsignal(number)))


def _server_ends(usual: Any, number: int, frame: Any) -> None:
    _ending[0] = 1
    usual(number, frame)


# --- A connection -----------------------------------------------------------------------------------------------------


class State(Enum):
    IDLE = auto()  # between two requests
    READING = auto()
    BUSY = auto()  # a whole request waits for a thread or has one
    WRITING = auto()  # the client is slow to take its answer
    CLOSING = auto()  # all is said; the client may still be sending


class Connection:
    """A client's connection. While it is BUSY it belongs to a thread, else to the poller.

    To gunicorn it is also the socket that an answer is written to: what is written is kept, and sent in one go.
    """

    def __init__(self, sock: socket.socket, client: Any, server: Any) -> None:
        self.socket, self.client, self.server = sock, client, server
        self.sock = self  # gunicorn's name for where to write
        self.state = State.READING
        self.deadline = time.monotonic() + READ_SECONDS
        self.received = bytearray()
        self.length = 0  # of the request at the start of `received`, once its head is there
        self.is_whole = True  # False: a body that we do not read; the application gets the head, to say why
        self.unsent = bytearray()
        self.keeps = True
        self.watched_for = 0  # by the poller: an event; 0: not at all
        self.arrived = 0.0  # when the request was whole

    def sendall(self, data: bytes) -> None:
        if len(self.unsent) > SEND_BYTES:
            self.socket.settimeout(WRITE_SECONDS)
            try:
                self.socket.sendall(self.unsent)
            finally:
                self.unsent.clear()
                self.socket.setblocking(False)
        self.unsent += data

    def gettimeout(self) -> float:
        return 0.0

    def shutdown(self, how: int) -> None:
        raise OSError(errno.ENOTCONN, "gunicorn gives an answer up; we close")

    def close(self) -> None:
        self.keeps = False

    def flush(self) -> None:
        """Send what the client takes now. OSError when it has gone."""
        try:
            while self.unsent:
                del self.unsent[: self.socket.send(self.unsent, socket.MSG_DONTWAIT)]
        except BlockingIOError:
            pass


# --- The worker -------------------------------------------------------------------------------------------------------


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no stubs
    """See the module."""

    def init_process(self) -> None:
        self.connections: set[Connection] = set()
        self.longest_body = 0
        self.addresses: dict[int, Any] = {}  # of the listening sockets
        self.swept = self.told = time.monotonic()
        self.refused = 0
        super().init_process()

    def get_thread_pool(self) -> Threads[Connection]:
        self.probes = Threads(self.serve, 2)  # so that a server with much to do is not taken for a dead one
        return Threads(self.serve, self.cfg.threads)

    def run(self) -> None:
        from django.conf import settings

        self.longest_body = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        self.addresses = {listener.fileno(): listener.getsockname() for listener in self.sockets}
        self.poller.register(self.method_queue.fileno(), selectors.EVENT_READ, self.method_queue.run_callbacks)
        self.set_accept_enabled(True)
        while self.alive and self.is_parent_alive():
            self.turn(1.0)
        self.retire()

    def turn(self, seconds: float) -> None:
        """Wait for events, for so long at most, and deal with them."""
        self.notify()
        self.wait_for_and_dispatch_events(BRIEF if self.tpool.waiting or self.probes.waiting else seconds)
        now = time.monotonic()
        for threads in (self.tpool, self.probes):
            while connection := threads.late(now):
                self.refuse(connection)
            threads.see_to_it()
        if now - self.swept >= min(seconds, 1.0):
            self.swept = now
            for connection in [one for one in self.connections if one.deadline < now]:
                self.expire(connection)
        if self.refused and now - self.told >= 1:
            self.tell_refusals(now)

    def retire(self) -> None:
        """Answer everybody who is here, then end. Where the server ends with us, everybody who still comes, too."""
        begun = now = time.monotonic()
        accept_until = 0.0
        self.set_accept_enabled(False)  # other workers do
        self.turn(0.05)
        while now < begun + self.cfg.graceful_timeout - 1:
            if _ending[0] and not accept_until:
                from ops import health

                health.start_draining()
                accept_until = now + DRAIN_SECONDS
                self.set_accept_enabled(True)
            elif self._accepting and now >= accept_until:
                for listener in self.sockets:
                    self.accept(listener, at_most=10_000)
                self.set_accept_enabled(False)
            elif not self._accepting and not self.connections:
                break
            for connection in self.connections:
                if connection.state is State.IDLE or (connection.state is State.READING and not connection.received):
                    # From now, not from our end: one that was just promised to be kept may be sending already.
                    connection.deadline = min(connection.deadline, now + LINGER)
            self.turn(0.05)
            now = time.monotonic()
        self.tpool.shutdown()
        self.probes.shutdown()
        for listener in self.sockets:
            listener.close()

    # --- In the poller ---

    def accept(self, listener: socket.socket, at_most: int = 8) -> None:
        for _ in range(at_most):
            try:
                sock, client = listener.accept()
            except OSError as exc:
                if exc.errno in (errno.EMFILE, errno.ENFILE):
                    self.make_room()
                elif exc.errno not in (errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED):
                    raise
                return
            if len(self.connections) >= self.worker_connections:
                self.make_room()
            connection = Connection(sock, client, self.addresses[listener.fileno()])
            self.connections.add(connection)
            self.on_readable(connection, sock)  # mostly it is there already

    def make_room(self) -> None:
        """Drop the connection that has had most of its time, of those that keep us waiting."""
        slow = [one for one in self.connections if one.state is not State.BUSY]
        if slow:
            self.drop(min(slow, key=lambda one: one.deadline))

    def watch(self, connection: Connection, event: int = selectors.EVENT_READ) -> None:
        if connection.watched_for == event:
            return
        callback = self.on_readable if event == selectors.EVENT_READ else self.on_writable
        change = self.poller.modify if connection.watched_for else self.poller.register
        change(connection.socket, event, partial(callback, connection))
        connection.watched_for = event

    def on_readable(self, connection: Connection, sock: socket.socket) -> None:
        if connection not in self.connections:  # dropped by an earlier event of the same turn
            return
        if connection.state is State.BUSY:
            # Its thread comes first. Rare, so that most requests pass without the poller's list being touched.
            self.poller.unregister(sock)
            connection.watched_for = 0
            if connection.state is not State.BUSY:  # meanwhile
                self.watch(connection)
            return
        try:
            data = sock.recv(65536, socket.MSG_DONTWAIT)  # a call less than to tell each socket not to block
        except BlockingIOError:
            self.watch(connection)
            return
        except OSError:
            data = b""
        if not data:
            self.drop(connection)
        elif connection.state is not State.CLOSING:
            connection.received += data
            if connection.state is State.IDLE:
                connection.state = State.READING
                connection.deadline = time.monotonic() + READ_SECONDS
            self.look(connection)

    def look(self, connection: Connection) -> None:
        """See what has been received: queue the request if it is whole."""
        received = connection.received
        if not connection.length:
            end = received.find(b"\r\n\r\n") + 4
            if end >= 4:
                self.measure(connection, bytes(received[:end]))
            elif len(received) > HEAD_BYTES:
                self.give_up(connection, b"431 Request Header Fields Too Large")
            elif received.count(b"\n") != received.count(b"\r\n"):
                self.give_up(connection, b"400 Bad Request")
        if connection.state is not State.READING or connection not in self.connections:
            return
        if connection.length and len(received) >= connection.length:
            self.queue(connection)
        elif not connection.watched_for:
            self.watch(connection)

    def measure(self, connection: Connection, head: bytes) -> None:
        """How long the request is. gunicorn's parser is given just that: what it reads otherwise, it refuses."""
        found = LENGTH.search(head)
        body = int(found[1]) if found else 0
        connection.is_whole = body <= self.longest_body and not CHUNKED.search(head)
        connection.length = len(head) + (body if connection.is_whole else 0)
        if len(connection.received) < connection.length and CONTINUE.search(head):
            connection.unsent += b"HTTP/1.1 100 Continue\r\n\r\n"
            self.send(connection)

    def queue(self, connection: Connection) -> None:
        threads = self.probes if connection.received.startswith(PROBES) else self.tpool
        if threads.is_full():
            self.refuse(connection)
            return
        connection.state = State.BUSY
        connection.deadline = float("inf")
        connection.arrived = time.monotonic()
        threads.submit(connection)

    def go_on(self, connection: Connection) -> None:
        """After an answer: see to what its thread has left to the poller."""
        if connection.unsent:
            connection.state, connection.deadline = State.WRITING, time.monotonic() + WRITE_SECONDS
            self.watch(connection, selectors.EVENT_WRITE)
            writing = [one for one in self.connections if one.state is State.WRITING]
            if sum(len(one.unsent) for one in writing) > SLOW_BYTES:
                self.drop(min(writing, key=lambda one: one.deadline))
        elif connection.keeps:
            self.next_request(connection)
        elif connection.is_whole:
            self.drop(connection)
        else:  # closed now, what the client still sends would take the answer from it
            connection.state, connection.deadline = State.CLOSING, time.monotonic() + LINGER
            try:
                connection.socket.shutdown(socket.SHUT_WR)
                self.watch(connection)
            except OSError:
                self.drop(connection)

    def next_request(self, connection: Connection) -> None:
        del connection.received[: connection.length]
        connection.length = 0
        if connection.received:
            connection.state, connection.deadline = State.READING, time.monotonic() + READ_SECONDS
            self.look(connection)
        else:
            connection.state, connection.deadline = State.IDLE, time.monotonic() + self.cfg.keepalive
            self.watch(connection)

    def on_writable(self, connection: Connection, sock: socket.socket) -> None:
        self.send(connection)
        if connection in self.connections:
            connection.deadline = time.monotonic() + WRITE_SECONDS
            if not connection.unsent:
                self.go_on(connection)

    def send(self, connection: Connection) -> None:
        try:
            connection.flush()
        except OSError:
            self.drop(connection)

    def expire(self, connection: Connection) -> None:
        if connection.state is State.READING and connection.received:
            self.give_up(connection, b"408 Request Timeout")
        else:
            self.drop(connection)

    def give_up(self, connection: Connection, status: bytes) -> None:
        connection.unsent += b"HTTP/1.1 %b\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" % status
        connection.keeps = connection.is_whole = False
        self.send(connection)
        if connection in self.connections:
            self.go_on(connection)

    def drop(self, connection: Connection) -> None:
        if connection not in self.connections:
            return
        self.connections.remove(connection)
        if connection.watched_for:
            self.poller.unregister(connection.socket)
            connection.watched_for = 0
        connection.socket.close()

    def refuse(self, connection: Connection) -> None:
        self.refused += 1
        connection.keeps = self.alive and connection.is_whole and len(connection.received) == connection.length
        connection.unsent += refusal(connection.received, connection.keeps)
        self.send(connection)
        if connection in self.connections:
            self.go_on(connection)

    def tell_refusals(self, now: float) -> None:
        from ops import prometheus

        facts = {"count": self.refused, "waiting": len(self.tpool.waiting), "pace": round(self.tpool.pace, 4)}
        self.log.warning("requests refused: more come than can be answered in time", extra=facts)
        try:
            prometheus.overload_refused(self.refused)
        except OSError:  # no place for its files: the poller goes on all the same
            self.log.exception("refusals were not counted")
        self.refused, self.told = 0, now

    # --- In a thread ---

    def serve(self, connection: Connection) -> None:
        request = None
        connection.keeps = False
        try:
            data = [bytes(connection.received[: connection.length])]
            request = next(RequestParser(self.cfg, data, connection.client))
            request._expected_100_continue = False  # the poller has seen to it
            request.must_close |= not connection.is_whole  # and the answer says so: a proxy would use it again
            connection.keeps = self.handle_request(request, connection) and connection.is_whole
        except StopIteration:  # an answer that was broken off
            pass
        except (Exception, SystemExit) as exc:
            self.handle_error(request, connection, connection.client, exc)
            connection.is_whole = False
        try:
            connection.flush()
        except OSError:
            connection.unsent.clear()
            connection.keeps = False
        if not connection.keeps or connection.unsent or len(connection.received) > connection.length:
            self.method_queue.defer(self.go_on, connection)
            return
        connection.received.clear()
        connection.length = 0
        connection.deadline = time.monotonic() + self.cfg.keepalive
        connection.state = State.IDLE  # from here on it is the poller's
        if not connection.watched_for:
            self.method_queue.defer(self.watch_again, connection)

    def watch_again(self, connection: Connection) -> None:
        if connection in self.connections and not connection.watched_for:
            self.watch(connection)


# --- Refusals ---------------------------------------------------------------------------------------------------------


def refusal(received: bytes | bytearray, keeps: bool) -> bytes:
    """503, finished: the error body of the contract, in the language that is asked for."""
    found = LANGUAGE.search(received, 0, HEAD_BYTES)
    ident = secrets.token_hex(16).encode()
    body = _refusal_body(found[1].lower().decode() if found else "").replace(b"?", ident)
    connection = b"keep-alive" if keeps else b"close"
    return (
        b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"
        b"Retry-After: %d\r\nX-Request-ID: %b\r\nConnection: %b\r\nContent-Length: %d\r\n\r\n%b"
        % (RETRY_AFTER, ident, connection, len(body), body)
    )


@cache
def _refusal_body(language: str) -> bytes:
    import json

    from django.conf import settings
    from django.utils import translation
    from django.utils.translation import gettext as _

    with translation.override(language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE):
        sentence = _("Hay demasiadas peticiones a la vez. Inténtalo de nuevo en unos segundos.")
    said = {"error": sentence, "code": "overloaded", "requestId": "?"}
    return json.dumps(said, ensure_ascii=False).encode()
