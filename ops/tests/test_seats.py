"""However many learners wait for a slow model, everybody else is served."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from ops.seats import seat
from tests.live import Live
from tests.model_server import ModelServer, good
from tests.people import register


@pytest.mark.live
def test_while_the_model_holds_all_who_ask_it_others_are_served():
    """One process of six threads, four of which may wait for the model."""
    model, go_on = ModelServer(), threading.Event()

    def held(payload, number):
        go_on.wait(50)
        return good(payload, number)

    model.reset(held)
    patient = {"AI_BATCH_SECONDS": "60", "AI_TIMEOUT": "60", "AI_CALLS_PER_ADDRESS": "1000"}
    try:
        with Live(workers=1, threads=6, AI_BASE_URL=model.url, redis_db=6, **patient) as server:
            reader, *asking = [register(server.url) for _ in range(9)]
            reader.figures("overall")
            with ThreadPoolExecutor(8) as pool:
                body = {"theme": "Historia", "gameMode": "normal"}
                try:
                    started = [pool.submit(one.ok, "POST", "/api/intensive-review/start", body) for one in asking]
                    # Those without a seat have the bank's questions by now; the others still wait.
                    deadline = time.monotonic() + 20
                    while sum(one.done() for one in started) < 4 and time.monotonic() < deadline:
                        time.sleep(0.05)
                    assert sum(one.done() for one in started) == 4
                    for _ in range(5):
                        reader.figures("overall")
                    assert not go_on.is_set() and sum(one.done() for one in started) == 4
                finally:
                    go_on.set()
                assert all(one.result()["challenges"] for one in started)
    finally:
        model.close()


@pytest.mark.once
def test_who_has_a_seat_keeps_it_to_the_end(settings):
    settings.AI_SEATS = 1
    with seat() as first:
        with seat() as again:
            assert first and again
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(seated).result() is False
    assert seated()


def seated() -> bool:
    with seat() as is_seated:
        return is_seated
