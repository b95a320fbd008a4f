"""Delivering for good: kinds of work side by side, so that neither a slow model, nor a slow mail server, nor the
counting of answers keeps a challenge from arriving. `manage.py deliver_challenges --loop` does nothing else; on the
embedded default the server does it beside its requests."""

from collections.abc import Callable
from typing import Any

from learning import delivery, question_statistics
from ops import outbox, prometheus
from ops.rounds import Rounds


def courier(
    seconds: float, *, limit: int | None = None, mail: bool = True, say: Callable[[str], Any] = lambda line: None
) -> Rounds:
    """Rounds that deliver, make ahead, count what answers say about questions, and (unless `mail` is False) send mail
    every `seconds` seconds. `say` is given a line whenever something was done."""

    def deliver(stopping: delivery.Stopping) -> None:
        if done := delivery.deliver_due(limit=limit, stopping=stopping):
            say(delivery.summary(done))

    def make(stopping: delivery.Stopping) -> None:
        if done := delivery.make_ahead(limit=limit, stopping=stopping):
            say(delivery.summary(done))

    def send(stopping: delivery.Stopping) -> None:
        if done := outbox.send_due(stopping=stopping):
            say(outbox.summary(done))

    def count(stopping: delivery.Stopping) -> None:
        question_statistics.refresh(stopping=stopping)

    prometheus.start()
    works = {"deliver": deliver, "make": make, "count": count}
    return Rounds(seconds, works | ({"mail": send} if mail else {}))
