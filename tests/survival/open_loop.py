"""Requests at a given rate, whether or not the earlier ones were answered: what a crowd does, and closed loops hide.

python -m tests.survival.open_loop PORT RATE SECONDS < requests.json     a process of its own; prints JSON
The requests are a list of texts, sent in turn, each on a connection of its own.
"""

import heapq
import json
import selectors
import socket
import sys
import time
from typing import Any

PATIENCE = 10.0  # seconds that a client waits for its answer
MOST = 3000  # connections at a time


def run(port: int, rate: float, seconds: float, requests: list[bytes]) -> list[list[float]]:
    """[second of the start, seconds taken, status] of each request; status 0 for no answer."""
    poller = selectors.DefaultSelector()
    begun = time.monotonic()
    results: list[list[float]] = []
    waiting: list[tuple[float, int]] = []  # (deadline, file descriptor)
    open_: dict[int, tuple[float, socket.socket]] = {}
    sent = 0

    def done(fd: int, status: int) -> None:
        started, sock = open_.pop(fd)
        poller.unregister(sock)
        sock.close()
        now = time.monotonic()
        results.append([round(started - begun, 3), round(now - started, 4), status])

    while (now := time.monotonic()) < begun + seconds or open_:
        while sent < rate * min(now - begun, seconds) and len(open_) < MOST:
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
            poller.register(sock, selectors.EVENT_WRITE, requests[sent % len(requests)])
            open_[sock.fileno()] = (now, sock)
            heapq.heappush(waiting, (now + PATIENCE, sock.fileno()))
            sent += 1
        for key, _events in poller.select(0.005):
            fd, data = key.fd, key.data
            try:
                if data:
                    key.fileobj.send(data)  # type: ignore[union-attr]
                    poller.modify(key.fileobj, selectors.EVENT_READ, b"")
                else:
                    answer = key.fileobj.recv(4096)  # type: ignore[union-attr]
                    done(fd, int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") else 0)
            except OSError:
                done(fd, 0)
        while waiting and waiting[0][0] < now:
            _deadline, fd = heapq.heappop(waiting)
            if fd in open_ and open_[fd][0] < now - PATIENCE:
                done(fd, 0)
    return results


def main(port: str, rate: str, seconds: str) -> None:
    requests: list[Any] = json.load(sys.stdin)
    found = run(int(port), float(rate), float(seconds), [text.encode() for text in requests])
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
