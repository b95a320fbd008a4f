"""The main journey with the Python client that was generated from the API document: `python journey.py BASE`."""

import secrets
import sys
from typing import TypeVar

from persenaut_client import AuthenticatedClient, Client
from persenaut_client.api.auth import auth_login, auth_register
from persenaut_client.api.challenges import (
    challenges_generate,
    challenges_list,
    challenges_save_intensive_response,
    challenges_save_response,
)
from persenaut_client.api.intensive_review import intensive_review_save_results, intensive_review_start
from persenaut_client.api.metrics import metrics_overall
from persenaut_client.api.tutor import tutor_advice
from persenaut_client.models import (
    Advice,
    AdviceRequest,
    Answer,
    GameModeSpelling,
    Generate,
    Generated,
    Graded,
    LevelSpelling,
    Login,
    Message,
    NotFoundError,
    Overall,
    PaginatedChallengeList,
    Register,
    Result,
    SaveResults,
    SessionAnswer,
    StartedSession,
    StartSession,
)

Wanted = TypeVar("Wanted")


def ok(kind: type[Wanted], answer: object) -> Wanted:
    assert isinstance(answer, kind), answer
    return answer


def main(base: str) -> None:
    name, password = f"py_{secrets.token_hex(5)}", "una clave bien larga 9"
    email = f"{name}@example.org"
    visitor = Client(base_url=base)
    ok(Message, auth_register.sync(client=visitor, body=Register("Ana", name, email, password)))
    reply = auth_login.sync_detailed(client=visitor, body=Login(email, password))
    token = reply.headers["set-cookie"].partition("token=")[2].partition(";")[0]
    learner = AuthenticatedClient(base_url=base, token=token)

    order = Generate(theme="Historia", level=LevelSpelling.PRINCIPIANTE)
    made = ok(Generated, challenges_generate.sync(client=learner, body=order))
    assert isinstance(made.saved_question_id, int)
    answer = Answer(question_id=made.saved_question_id, selected_answer="A", response_time=2.5)
    graded = ok(Graded, challenges_save_response.sync(client=learner, body=answer))
    assert graded.correct_answer in "ABCD" and graded.is_correct == (graded.correct_answer == "A")
    unknown = Answer(question_id=987654321, selected_answer="A")
    assert ok(NotFoundError, challenges_save_response.sync(client=learner, body=unknown)).code == "not_found"
    assert len(ok(PaginatedChallengeList, challenges_list.sync(client=learner, limit=5)).results) >= 1

    start = StartSession(theme="Historia", game_mode=GameModeSpelling.TIMED)
    session = ok(StartedSession, intensive_review_start.sync(client=learner, body=start))
    for question in session.challenges:
        one = SessionAnswer(question.id, "B", session.session_id)
        ok(Graded, challenges_save_intensive_response.sync(client=learner, body=one))
    close = SaveResults(session_id=session.session_id)
    result = ok(Result, intensive_review_save_results.sync(client=learner, body=close))

    figures = metrics_overall.sync(user_id=user_of(token), client=learner)
    assert ok(Overall, figures).total_points == result.points
    assert ok(Advice, tutor_advice.sync(client=learner, body=AdviceRequest())).recommendations
    sys.stdout.write("done\n")


def user_of(token: str) -> int:
    """The id in a token."""
    import base64
    import json

    claims = token.split(".")[1]
    return int(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["id"])


if __name__ == "__main__":
    main(sys.argv[1])
