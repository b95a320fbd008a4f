"""Two thousand questions of a model that favours B, repeats itself and is wrong once in seven."""

import itertools
import random
from collections import Counter

import pytest

from learning.generation import Asked, Order, generate
from learning.generation.likeness import Likeness
from learning.words import Level
from ops import budget, llm
from tests.model_server import questions, solve, wanted, writes

WANTED, BATCH = 2000, 50
WRONG = 7  # every so manieth question has a wrong key
CRITICAL = 11.34  # of chi-square with three degrees of freedom: a fair shuffle exceeds it once in a hundred times
SEED = 5  # fixed, since once in a hundred times is too often for a test


def item(number: int, question: str = "¿Qué responde el modelo a la pregunta número {}?") -> dict:
    """A question whose right option, so the model says, is B."""
    right = "Correcta" if number % WRONG else "Equivocada"
    options = [f"Falsa {number}a", f"{right} {number}", f"Falsa {number}b", f"Falsa {number}c"]
    explanation = f"Así lo dice el servidor de pruebas de la pregunta {number}."
    return {
        "question": question.format(number),
        "options": options,
        "correct_answer": "B",
        "explanation": explanation,
    }


def biased(accepted: list):
    """A model that adds, to the questions it is asked for, one that was asked before and one in other words."""
    numbers = itertools.count(1)

    def write(payload, call):
        items = [item(next(numbers)) for _ in range(wanted(payload))]
        if accepted:
            old = int(accepted[call % len(accepted)].answer.split()[1])
            items += [item(old), item(old, "¿Cuál es la respuesta del modelo a la pregunta número {}?")]
        return questions(*items)

    return writes(write, lambda payload, call: solve(payload))


@pytest.fixture
def generated(db, model, settings):
    """WANTED questions of one learner, BATCH at a time, each order knowing all that were before."""
    llm.breaker.cache_clear()
    budget.set_payer("")
    settings.AI_CALLS_PER_SITE = 10**6
    random.seed(SEED)
    accepted: list = []
    model.reset(biased(accepted))
    while len(accepted) < WANTED:
        avoid = tuple(Asked(draft.question, draft.answer) for draft in reversed(accepted))
        order = Order("Pruebas", "pruebas", Level.BEGINNER, count=BATCH, avoid=avoid, seconds=60.0)
        accepted += generate(order)
    return accepted


def test_two_thousand_questions_have_no_favourite_letter_no_double_and_no_wrong_key(generated):
    assert len(generated) == WANTED
    assert len({draft.fingerprint for draft in generated}) == WANTED, "none twice"
    assert len({draft.answer for draft in generated}) == WANTED, "nor in other words"
    assert all(draft.answer.startswith("Correcta") for draft in generated), "no key that nobody else found"
    assert all(len(set(draft.options)) == 4 for draft in generated)
    letters = Counter(draft.correct_letter for draft in generated)
    fair = WANTED / 4
    assert sum((letters[letter] - fair) ** 2 / fair for letter in "ABCD") < CRITICAL, letters


def test_among_ten_thousand_a_paraphrase_is_found_and_a_new_question_is_not():
    likeness = Likeness(Asked(f"¿En qué año nació Juan{n} de Villa{n}?", str(1000 + n % 900)) for n in range(10_000))
    for n in range(0, 10_000, 500):
        year = str(1000 + n % 900)
        assert likeness.has_like(f"¿Cuándo nació Juan{n} de Villa{n}?", year)
        assert not likeness.has_like(f"¿Cuándo nació Juan{n} de Villa{n}?", "2001")
        assert not likeness.has_like(f"¿Cuándo nació Pedro{n} de Aldea{n}?", year)
