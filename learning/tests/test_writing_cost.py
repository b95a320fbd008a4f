"""What the writing requests ask of the database: counted, whatever the number of answers."""

from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from learning.models import Challenge


def started(api, mode="survival"):
    return api.post("/api/intensive-review/start", {"theme": "Historia", "gameMode": mode}).json()


def statements(work) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert work().status_code == 200
    # Savepoints are the tests' own: a server's unit of work is a transaction.
    return len([one for one in queries if "SAVEPOINT" not in one["sql"]])


def answer(api, session, question):
    # Wrong each time: by chance right ones would now and then earn an achievement, which costs a statement.
    letter = "A" if Challenge.objects.get(pk=question["id"]).correct_letter != "A" else "B"
    which = {"questionId": question["id"], "sessionId": session["sessionId"]}
    body = which | {"selectedAnswer": letter, "responseTime": 1}
    return api.post("/api/challenges/save-intensive-response", body)


@pytest.mark.both_stacks
def test_an_answer_costs_as_many_queries_as_it_may(api):
    session = started(api)
    answer(api, session, session["challenges"][0])
    look_up = 1  # ours, for a wrong letter
    costs = {statements(partial(answer, api, session, one)) - look_up for one in session["challenges"][1:4]}
    assert max(costs) <= 5, costs


@pytest.mark.both_stacks
def test_closing_costs_as_much_with_fifteen_answers_as_with_three(api):
    def closing(answers: int) -> int:
        session = started(api)
        for question in session["challenges"][:answers]:
            answer(api, session, question)
        body = {"sessionId": session["sessionId"]}
        return statements(lambda: api.post("/api/intensive-review/save-results", body))

    closing(3)  # the first one earns an achievement
    few, many = closing(3), closing(15)
    assert max(few, many) <= 11, (few, many)
    assert many <= few + 1  # an achievement more, perhaps
