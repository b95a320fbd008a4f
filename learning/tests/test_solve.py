"""What counts as an independent solution: one letter, for the question that was asked, from everyone who was asked."""

import json

import pytest

from learning.generation.drafts import Draft, Order
from learning.generation.solve import BATCH, verify
from learning.models import Challenge
from learning.words import Level
from ops import budget, llm
from tests.model_server import completion, error, solve


@pytest.fixture(autouse=True)
def _nobody_pays(db):
    llm.breaker.cache_clear()
    budget.set_payer("")


def draft(number: int = 1, **changes) -> Draft:
    options = (f"Correcta {number}", f"Falsa {number}a", f"Falsa {number}b", f"Falsa {number}c")
    fields = {"question": f"¿Cuál es la número {number}?", "options": options, "correct": 0, "explanation": ""}
    return Draft(**fields | {"origin": Challenge.Origin.MODEL, "level": Level.BEGINNER} | changes)


def verified(*drafts: Draft) -> list[tuple[Draft, str]]:
    return verify(list(drafts), Order("Pruebas", "pruebas", Level.BEGINNER), seconds=5.0)


def right_letter(payload) -> str:
    return json.loads(solve(payload)[2])["choices"][0]["message"]["content"].split('"letter": "')[1][0]


def answers(make):
    """A solver whose solutions are what `make` makes of the right letter."""
    return lambda payload, number: completion(json.dumps({"solutions": make(right_letter(payload))}))


WRONG = {"A": "B", "B": "C", "C": "D", "D": "A"}


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda right: [{"number": 1, "letter": right}], ""),
        (lambda right: [{"number": "1", "letter": f" {right.lower()}) "}], ""),
        (lambda right: [{"number": 1, "letter": right}, {"number": 1, "letter": right}], ""),
        (lambda right: [{"number": 1, "letter": WRONG[right]}], "solver_disagrees"),
        (lambda right: [{"number": 1, "letter": "X"}], "solver_disagrees"),
        (lambda right: [{"number": 1, "letter": ""}], "solver_disagrees"),
        (lambda right: [{"number": 1, "letter": right + WRONG[right]}], "solver_disagrees"),
        (lambda right: [{"number": 1, "letter": "ABCD"}], "solver_disagrees"),
        (lambda right: [{"number": 1, "letter": letter} for letter in "ABCD"], "solver_disagrees"),
        (lambda right: [{"number": 2, "letter": right}], "solver_disagrees"),
        (lambda right: [{"number": 0, "letter": right}], "solver_disagrees"),
        (lambda right: [{"number": None, "letter": right}], "solver_disagrees"),
        (lambda right: [right], "solver_disagrees"),
        (lambda right: {"1": right}, "solver_disagrees"),
        (lambda right: [], "solver_disagrees"),
    ],
)
def test_one_letter_counts(model, make, reason):
    for _ in range(4):  # wherever the right option stands
        model.reset(answers(make))
        [(_draft, refused)] = verified(draft())
        assert refused == reason


def test_the_solver_sees_no_key_and_other_places(model):
    places = set()
    for _ in range(30):
        model.calls.clear()
        [(kept, reason)] = verified(draft(explanation="Porque es la correcta, y punto."))
        [row] = json.loads(model.calls[0]["messages"][-1]["content"])
        assert reason == "" and kept.verification["agreed"] == 1
        assert set(row) == {"number", "question", "options"} and set(row["options"].values()) == set(kept.options)
        places.add(next(letter for letter, option in row["options"].items() if option == kept.answer))
    assert places == set("ABCD")


def test_every_vote_must_find_the_key(model, settings):
    settings.AI_SOLVE_VOTES = 3
    model.reset(lambda payload, number: solve(payload, (lambda question, option: False) if number == 2 else None))
    [(kept, reason)] = verified(draft())
    assert reason == "solver_disagrees" and kept.verification == kept.verification | {"votes": 3, "agreed": 2}


def test_what_nobody_solved_is_not_verified(model, settings):
    settings.AI_RETRIES = 0
    model.reset(lambda payload, number: error(500))
    assert [reason for _draft, reason in verified(draft(1), draft(2))] == ["unverified"] * 2


def test_each_of_many_gets_its_own_verdict(model):
    drafts = [draft(number, **({"correct": 2} if number % 3 == 0 else {})) for number in range(1, 3 * BATCH)]
    reasons = [reason for _draft, reason in verified(*drafts)]
    assert reasons == ["solver_disagrees" if number % 3 == 0 else "" for number in range(1, 3 * BATCH)]


def test_without_votes_nobody_is_asked(model, settings):
    settings.AI_SOLVE_VOTES = 0
    assert verified(draft()) == [(draft(), "")] and not model.calls
