"""Our worker: slow clients stop nobody, too many are refused, and nobody who was accepted is left unanswered."""

import contextlib
import os
import selectors
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from ops.gunicorn_worker import Connection, State, Worker
from tests.http import Client
from tests.live import Live
from tests.servers import free_port, spawn

pytestmark = [pytest.mark.live, pytest.mark.once]

# A WSGI application that takes its time: /sleep?SECONDS, /big (an answer of 4 MB), /echo.
SLOW = """
import time
import django
django.setup()
def application(environ, start_response):
    path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
    if path == "/sleep":
        time.sleep(float(query))
    body = {"/big": b"x" * 4_000_000, "/echo": environ["wsgi.input"].read()}.get(path, b"done")
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
"""


class Slow(Live):
    """Our gunicorn.conf.py around the application above."""

    def __init__(self, folder, *, threads=2, **env):
        (folder / "slow.py").write_text(SLOW)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        mine = {"PORT": str(self.port), "THREADS": str(threads), "DRAIN_SECONDS": "0.5", "PYTHONPATH": str(folder)}
        self.env = os.environ | mine | {"REDIS_URL": "", "DELIVERY_SECONDS": "0"} | env
        self.folder = folder

    def start(self):
        command = [os.sys.executable, "-m", "gunicorn", "-c", str(self.root / "gunicorn.conf.py"), "slow"]
        with open(self.folder / "output.txt", "ab") as output:
            self.process = spawn(command, env=self.env, cwd=self.root, stdout=output, stderr=output)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                self.connect().close()
                return self
            time.sleep(0.05)
        raise RuntimeError((self.folder / "output.txt").read_text())

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def get(self, path):
        return Client(self.url).get(path)


@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    with Slow(tmp_path_factory.mktemp("slow"), DJANGO_SETTINGS_MODULE="persenaut.settings") as server:
        yield server


@pytest.fixture
def mortal(tmp_path):
    """One that a test may end."""
    with Slow(tmp_path, DJANGO_SETTINGS_MODULE="persenaut.settings") as server:
        yield server


def said(connection):
    """Everything until the server closes."""
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received


def one_answer(connection):
    """Head and body of the next answer on a connection that stays open."""
    with connection.makefile("rb") as file:
        head = b"".join(iter(file.readline, b"\r\n"))
        length = int(head.lower().partition(b"content-length: ")[2].split()[0])
        return head, file.read(length)


GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def test_500_half_sent_requests_stop_nobody(slow):
    heads = (b"GET /sle", b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf")
    with contextlib.ExitStack() as stack:
        for number in range(500):
            stack.enter_context(slow.connect()).sendall(heads[number % 2])
        began = time.monotonic()
        assert [slow.get("/").status for _ in range(20)] == [200] * 20
        assert time.monotonic() - began < 5


def test_clients_that_do_not_read_stop_nobody(slow):
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(slow.connect()).sendall(GET.replace(b"/ ", b"/big "))
        began = time.monotonic()
        assert slow.get("/").status == 200
        assert time.monotonic() - began < 5


def test_a_slow_reader_gets_all_of_it(slow):
    with slow.connect() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        connection.sendall(GET.replace(b"/ ", b"/big "))
        time.sleep(0.5)
        _head, body = one_answer(connection)
        assert len(body) == 4_000_000
        connection.sendall(GET)
        assert one_answer(connection)[1] == b"done", "and the connection goes on"


def test_requests_in_pieces_and_in_a_row_are_answered_in_order(slow):
    post = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
    with slow.connect() as connection:
        for byte in post:
            connection.send(bytes([byte]))
        assert one_answer(connection)[1] == b"hello"
        connection.sendall(post + GET.replace(b"Host", b"Connection: close\r\nHost"))
        received = said(connection)
        assert received.count(b"200 OK") == 2
        assert received.index(b"hello") < received.index(b"done")


def test_a_client_that_waits_for_leave_to_send_gets_it(slow):
    with slow.connect() as connection:
        connection.sendall(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.sendall(b"ok")
        assert one_answer(connection)[1] == b"ok"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 40_000, b"431"),
        (b"GET / HTTP/1.1\nHost: a\n\n", b"400"),
        (b"nonsense\r\n\r\n", b"400"),
        (GET[:-2] + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx", b"400"),
        (GET[:-2] + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"400"),
        (GET[:-2] + b"Content-Length: +1\r\n\r\nx", b"400"),
    ],
)
def test_what_is_no_request_is_refused_and_the_connection_closed(slow, request_, status):
    with slow.connect() as connection:
        connection.sendall(request_)
        assert said(connection).startswith(b"HTTP/1.1 " + status)


def test_what_cannot_be_served_in_time_is_refused_quickly_and_served_again_afterwards(slow):
    """Two threads, and forty who want one of them for half a second each."""

    def ask(number):
        began = time.monotonic()
        reply = Client(slow.url).get("/sleep?0.5", Accept_Language="en" if number % 2 else "")
        return reply, time.monotonic() - began

    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(ask, range(40)))
    refused = [(reply, seconds) for reply, seconds in answers if reply.status == 503]
    assert {reply.status for reply, _ in answers} == {200, 503}
    assert len(answers) - len(refused) >= 4, "those who could be served were"
    assert max(seconds for _reply, seconds in refused) < 5
    assert {reply["Retry-After"] for reply, _ in refused} == {"2"}
    bodies = [reply.json() for reply, _ in refused]
    assert {body["code"] for body in bodies} == {"overloaded"}
    assert len({body["requestId"] for body in bodies}) == len(bodies)
    assert {body["error"].split()[0] for body in bodies} == {"Hay", "Too"}
    assert slow.get("/").status == 200


def test_probes_are_answered_while_all_threads_are_busy(slow):
    with ThreadPoolExecutor(8) as pool:
        busy = [pool.submit(slow.get, "/sleep?3") for _ in range(2)]
        time.sleep(0.3)
        began = time.monotonic()
        assert slow.get("/livez").status == 200
        assert time.monotonic() - began < 2
        assert [one.result().status for one in busy] == [200, 200]


def test_a_server_that_ends_answers_all_it_has_accepted(mortal):
    """In a thread, in the queue, half sent, on a kept connection, and newly come while it drains."""
    replies = {}

    def send(name, connection, *parts):
        for part in parts:
            connection.sendall(part)
            time.sleep(0.4)
        replies[name] = said(connection)

    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(mortal.connect()) for _ in range(6)]
        sleep = GET.replace(b"/ ", b"/sleep?0.8 ")
        connections[4].sendall(GET)
        one_answer(connections[4])
        threads = [threading.Thread(target=send, args=(n, connections[n], sleep)) for n in range(3)]
        threads.append(threading.Thread(target=send, args=(3, connections[3], GET[:9], GET[9:])))
        for thread in threads:
            thread.start()
        time.sleep(0.2)
        mortal.process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        time.sleep(0.1)
        with mortal.connect() as late:
            threads += [threading.Thread(target=send, args=(4, connections[4], GET))]
            threads[-1].start()
            late.sendall(GET)
            replies[5] = said(late)
        for thread in threads:
            thread.join()
        assert mortal.process.wait(30) == 0
        assert time.monotonic() - began < 30
    assert len(replies) == 6
    for number, reply in replies.items():
        assert reply.startswith(b"HTTP/1.1 200 OK"), (number, reply)
        assert b"Connection: close" in reply or number < 3
    with pytest.raises(OSError):
        mortal.connect()


def test_a_connection_that_was_promised_to_be_kept_gets_its_next_request_answered(mortal):
    with mortal.connect() as connection:
        connection.sendall(GET.replace(b"/ ", b"/sleep?3 "))
        time.sleep(0.3)
        mortal.process.send_signal(signal.SIGTERM)
        assert b"keep-alive" in one_answer(connection)[0]
        time.sleep(0.5)
        connection.sendall(GET)
        assert said(connection).endswith(b"done")


@pytest.mark.once
def test_a_connection_that_was_answered_and_has_something_to_read_in_the_same_turn_does_not_end_the_worker():
    worker = object.__new__(Worker)
    worker.connections, worker.poller = set(), selectors.DefaultSelector()
    ours, theirs = socket.socketpair()
    with ours, theirs, worker.poller:
        connection = Connection(ours, None, None)
        worker.connections.add(connection)
        worker.watch(connection)
        connection.state, connection.keeps = State.BUSY, False
        theirs.shutdown(socket.SHUT_WR)  # has its answer, and hangs up
        events = worker.poller.select(5)
        worker.go_on(connection)  # comes first
        for key, _event in events:
            key.data(key.fileobj)
        assert events and not worker.connections


def test_a_reload_costs_no_request(mortal):
    """Old workers end while new ones serve; kept connections and new ones alike."""
    statuses, stop = [], threading.Event()

    def ask(keeps):
        client = Client(mortal.url)
        while not stop.is_set():
            statuses.append((client if keeps else Client(mortal.url)).get("/sleep?0.01").status)

    threads = [threading.Thread(target=ask, args=(n % 2,)) for n in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(2):
            time.sleep(0.5)
            mortal.process.send_signal(signal.SIGHUP)
            time.sleep(2)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert set(statuses) == {200} and len(statuses) > 50


def test_the_body_that_is_too_long_or_of_no_length_is_told_so_by_the_application(live):
    for header, status, code in (
        (b"Content-Length: 999999999", b"413", b"payload_too_large"),
        (b"Transfer-Encoding: chunked", b"411", b"length_required"),
    ):
        with socket.create_connection(("127.0.0.1", live.port), timeout=30) as connection:
            head = b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            connection.sendall(head + header + b"\r\n\r\n" + b"x" * 1000)
            reply = said(connection)
        assert reply.startswith(b"HTTP/1.1 " + status)
        assert b'"code":"%b"' % code in reply
        assert b"\r\nconnection: close\r\n" in reply.lower(), "a proxy would use the connection again"
