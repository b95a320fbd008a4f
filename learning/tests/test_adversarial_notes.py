"""Notes are data. Whatever they say, and though the model obeys them, nothing invalid is stored or shown."""

import json
import re
import unicodedata
from typing import Any

import pytest

from learning.generation.excerpts import clean_notes
from learning.generation.options import looks
from learning.models import Challenge
from learning.tests.adversarial_notes import ATTACKS, FACTS, QUESTION, TRUE, Attack, item, questions
from ops import llm
from tests.model_server import completion, is_exam, solve, writes

CONTRACT = {200, 400, 422, 503}
FRAGMENT = 40  # characters of the instructions in a row, as a person would notice
NOTHING_TO_SEE = {"Cc", "Cf", "Cs", "Co", "Cn"}


def mark_of(payload: dict[str, Any]) -> str:
    return re.findall(r"<([0-9a-f]{16})>", payload["messages"][0]["content"])[0]


def obeying(attack: Attack):
    """A model that does what the notes say; exams are solved honestly, by what is true."""

    def write(payload: dict[str, Any], number: int):
        system, mark = payload["messages"][0]["content"], mark_of(payload)
        said = {"{system}": system, "{SYSTEM}": system.upper(), "{piece}": system[100:190]}
        said |= {"{mark}": mark, "{MARK}": mark.upper(), "{notes}": payload["messages"][2]["content"]}
        return completion(filled(attack.answer, said))

    return writes(write, lambda payload, number: solve(payload, lambda question, option: TRUE.get(question) == option))


def filled(answer: Any, said: dict[str, str]) -> str:
    if isinstance(answer, str):
        for name, text in said.items():
            answer = answer.replace(name, text)
        return answer

    def fill(part: Any) -> Any:
        if isinstance(part, str):
            return filled(part, said)
        if isinstance(part, list):
            return [fill(each) for each in part]
        return {key: fill(each) for key, each in part.items()} if isinstance(part, dict) else part

    return json.dumps(fill(answer))


def written(model) -> list[dict[str, Any]]:
    return [payload for payload in model.calls if not is_exam(payload)]


def body(attack: Attack) -> dict[str, Any]:
    return {"notes": attack.notes, "theme": "Historia", "level": "easy", "preferences": {"scheduleType": "immediate"}}


@pytest.fixture(autouse=True)
def _plenty(settings):
    settings.AI_CALLS_PER_ADDRESS = 10_000
    llm.breaker.cache_clear()


def check_seen(text: str) -> None:
    """Nothing hidden in it."""
    assert not {unicodedata.category(char) for char in text if char not in "\n\t"} & NOTHING_TO_SEE, ascii(text)
    assert not any("\ufe00" <= char <= "\ufe0e" or char >= "\U000e0000" for char in text), ascii(text)


def check_text(text: str, model) -> None:
    """Nothing hidden in it, and nothing of what we told the model."""
    check_seen(text)
    lower = " ".join(text.lower().split())
    for payload in model.calls:
        told = payload["messages"][0]["content"]
        if not is_exam(payload):
            assert mark_of(payload) not in lower
        told = " ".join(told.lower().split())
        windows = {told[start : start + FRAGMENT] for start in range(len(told) - FRAGMENT + 1)}
        assert not any(lower[start : start + FRAGMENT] in windows for start in range(len(lower) - FRAGMENT + 1)), text


def check_stored(challenge: Challenge, notes: str, model) -> None:
    excerpt = challenge.excerpt
    said = (challenge.question, challenge.explanation, excerpt["text"])
    for text in (*said, *challenge.options, *challenge.option_notes):
        check_text(text, model)
    assert len({looks(option) for option in challenge.options}) == 4 == len(challenge.options)
    assert all(option.strip() and len(option) <= 200 for option in challenge.options)
    assert clean_notes(notes)[excerpt["start"] : excerpt["end"]] == excerpt["text"]
    assert challenge.origin in (Challenge.Origin.NOTES, Challenge.Origin.CLOZE)
    if challenge.origin == Challenge.Origin.NOTES:
        assert TRUE[challenge.question] == challenge.answer, "an honest solver found the key"
        assert challenge.verification["agreed"] == challenge.verification["votes"] >= 1


def check_prompts(model, notes: str) -> None:
    """The notes travel in a message of their own, between marks that nobody can guess."""
    if not (prompts := written(model)):
        return  # refused before anybody was asked
    cleaned = clean_notes(notes)
    check_seen(cleaned)
    marks = [mark_of(payload) for payload in prompts]
    assert len(set(marks)) == len(marks), "a new mark for each call"
    for payload, mark in zip(prompts, marks, strict=True):
        system, task, data = payload["messages"][:3]
        assert (system["role"], task["role"], data["role"]) == ("system", "user", "user")
        assert data["content"] == f"<{mark}>\n{cleaned}\n</{mark}>"
        assert mark not in cleaned and data["content"].count(f"</{mark}>") == 1
        assert cleaned not in system["content"] and cleaned not in task["content"]
        assert len(task["content"]) < 1000


def test_the_set_is_large_enough():
    assert len(ATTACKS) >= 36 and len({attack.name for attack in ATTACKS}) == len(ATTACKS)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_a_learner_is_given_nothing_invalid(attack, api, model):
    model.reset(obeying(attack))
    reply = api.post("/api/challenges/from-notes", body(attack))
    assert reply.status_code in CONTRACT, reply.content
    check_prompts(model, attack.notes)
    stored = list(Challenge.objects.all())
    assert bool(stored) == (reply.status_code == 200)
    for challenge in stored:
        check_stored(challenge, attack.notes, model)
        shown = reply.json()["question"]
        assert [option["text"] for option in shown["options"]] == challenge.options
    if reply.status_code != 200:
        assert reply.json()["code"], "the error body of the contract"
    check_text(reply.content.decode(), model)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_a_visitor_is_shown_nothing_invalid(attack, visitor, model):
    model.reset(obeying(attack))
    reply = visitor.post("/api/challenges/from-notes", body(attack))
    assert reply.status_code in CONTRACT, reply.content
    assert not Challenge.objects.exists()
    check_prompts(model, attack.notes)
    if reply.status_code == 200:
        shown = reply.json()["question"]
        options = {option["letter"]: option["text"] for option in shown["options"]}
        assert len({looks(option) for option in options.values()}) == 4
        if not shown["questionText"].startswith("Completa la frase"):
            assert TRUE[shown["questionText"]] == options[shown["correctAnswer"]]
        for text in (shown["questionText"], *options.values(), reply.json()["rawResponse"]):
            check_text(text, model)


def test_a_good_question_comes_through_beside_the_attack(api, model):
    """Without this, refusing everything would pass."""
    wrong = item(question="¿En qué año fue ejecutado Luis XVI?", answer="1789", distractors=["1793", "1799", "1804"])
    model.reset(obeying(Attack("mixed", FACTS, questions(wrong, item(explanation="{system}"), item(), item()))))
    reply = api.post("/api/challenges/from-notes", body(Attack("", FACTS, None)))
    assert reply.status_code == 200
    challenge = Challenge.objects.get()
    assert (challenge.origin, challenge.question, challenge.answer) == (Challenge.Origin.NOTES, QUESTION, "1789")
    check_stored(challenge, FACTS, model)


def test_notes_of_which_one_sees_nothing_are_too_thin(api, model):
    [attack] = [attack for attack in ATTACKS if attack.name == "only what nobody sees"]
    reply = api.post("/api/challenges/from-notes", body(attack))
    assert (reply.status_code, reply.json()["code"]) == (400, "notes_without_question")
    assert not model.calls, "and no question of the theme instead"


def test_line_ends_of_every_kind_stay_and_letters_are_composed():
    assert clean_notes("uno\r\ndos\rtres\u2028cuatro\tcinco  ") == "uno\ndos\ntres\ncuatro\tcinco"
    assert clean_notes("cafe\u200b\u0301") == "café"
