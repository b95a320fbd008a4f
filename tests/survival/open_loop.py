"""Requests at a given rate, whether or not the earlier ones were answered: what a crowd does, and closed loops hide.

python -m tests.survival.open_loop PORT RATE SECONDS < requests.json     a process of its own; prints JSON
The requests are a list of texts, sent in turn, each on a connection that is free, as browsers and proxies do, else on
a new one.
"""

import heapq
import json
import re
import selectors
import socket
import sys
import time
from typing import Any

PATIENCE = 10.0  # seconds that a client waits for its answer
MOST = 3000  # connections at a time
LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


class Client:
    """One connection; `started` is when the request at hand was sent."""

    def __init__(self, port: int) -> None:
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.connect_ex(("127.0.0.1", port))
        self.request = self.received = b""
        self.started = 0.0

    def begin(self, request: bytes, now: float) -> None:
        self.request, self.received, self.started = request, b"", now

    def is_answered(self) -> bool:
        head, found, body = self.received.partition(b"\r\n\r\n")
        length = LENGTH.search(head + b"\r\n")
        return bool(found) and (not length or len(body) >= int(length[1]))


def run(port: int, rate: float, seconds: float, requests: list[bytes]) -> list[list[float]]:
    """[second of the start, seconds taken, status] of each request; status 0 for no answer."""
    poller = selectors.DefaultSelector()
    begun = time.monotonic()
    results: list[list[float]] = []
    waiting: list[tuple[float, int, Client]] = []  # (deadline, number, client)
    busy: set[Client] = set()
    idle: list[Client] = []
    sent = 0

    def close(client: Client) -> None:
        poller.unregister(client.socket)
        client.socket.close()

    def done(client: Client, status: int, *, keeps: bool) -> None:
        busy.discard(client)
        now = time.monotonic()
        results.append([round(client.started - begun, 3), round(now - client.started, 4), status])
        if keeps:
            idle.append(client)
        else:
            close(client)

    def on_readable(client: Client) -> None:
        data = client.socket.recv(65536)
        client.received += data
        if client not in busy:  # the server has ended what was idle
            idle.remove(client)
            close(client)
        elif not data:
            done(client, 0, keeps=False)
        elif client.is_answered():
            keeps = b"\r\nConnection: close" not in client.received
            done(client, int(client.received[9:12]), keeps=keeps)

    def on_writable(client: Client) -> None:
        client.socket.send(client.request)
        poller.modify(client.socket, selectors.EVENT_READ, client)

    while (now := time.monotonic()) < begun + seconds or busy:
        while sent < rate * min(now - begun, seconds) and len(busy) < MOST:
            request = requests[sent % len(requests)]
            sent += 1
            if idle:
                client = idle.pop()
                client.begin(request, now)
                busy.add(client)
                try:
                    client.socket.send(request)
                except OSError:
                    done(client, 0, keeps=False)
                    continue
            else:
                client = Client(port)
                client.begin(request, now)
                busy.add(client)
                poller.register(client.socket, selectors.EVENT_WRITE, client)
            heapq.heappush(waiting, (now + PATIENCE, sent, client))
        for key, event in poller.select(0.005):
            client = key.data
            try:
                (on_writable if event & selectors.EVENT_WRITE else on_readable)(client)
            except OSError:
                if client in busy:
                    done(client, 0, keeps=False)
        while waiting and waiting[0][0] < now:
            client = heapq.heappop(waiting)[2]
            if client in busy and client.started < now - PATIENCE:
                done(client, 0, keeps=False)
    return results


def main(port: str, rate: str, seconds: str) -> None:
    requests: list[Any] = json.load(sys.stdin)
    found = run(int(port), float(rate), float(seconds), [text.encode() for text in requests])
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
