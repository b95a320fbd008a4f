"""A metrics read that starts after a write returned shows that write, with readers and writers hammering one."""

import threading
import time

import pytest

from tests.people import Learner, register

pytestmark = pytest.mark.live

SECONDS = 4


def test_no_stale_read_with_eight_writers_and_eight_readers(live):
    ana = register(live.url)
    sessions = [
        ana.ok("POST", "/api/intensive-review/start", {"theme": "Arte", "gameMode": "normal"})["sessionId"]
        for _ in range(160)
    ]
    acknowledged = 0  # closings whose answer has arrived
    lock = threading.Lock()
    stale, failures, reads = [], [], 0
    stop = time.monotonic() + SECONDS

    def same_learner() -> Learner:
        return Learner(live.url, cookie=ana.cookie)

    def write() -> None:
        nonlocal acknowledged
        client = same_learner()
        while time.monotonic() < stop:
            with lock:
                if not sessions:
                    return
                session = sessions.pop()
            reply = client.post("/api/intensive-review/save-results", {"sessionId": session})
            with lock:
                acknowledged += 1
            if reply.status != 200:
                failures.append(reply)
            time.sleep(0.02)

    def read() -> None:
        nonlocal reads
        client = same_learner()
        while time.monotonic() < stop:
            known = acknowledged
            reply = client.get(f"/api/metrics/user/{ana.id}/metrics/overall")
            if reply.status != 200:
                failures.append(reply)
                return
            reads += 1
            seen = reply.json().get("total_sessions", 0)
            if seen < known:
                stale.append((known, seen))

    threads = [threading.Thread(target=work) for work in [write] * 8 + [read] * 8]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert acknowledged > 20 and reads > 50, "there was something to be stale"
    assert stale == []
    assert ana.figures("overall")["total_sessions"] == acknowledged
