"""The question bank keeps the form that generated questions must have, and more."""

import json
from collections import Counter

import pytest

from learning.generation import Asked, Order, generate
from learning.generation.bank import FOLDER, themes
from learning.generation.checks import Seen, refusal
from learning.generation.drafts import fingerprint
from learning.words import Level, fold, theme_key

pytestmark = pytest.mark.django_db  # what was retired is in the database

FILES = sorted(FOLDER.glob("*.json"))


def rows_of(path):
    theme = json.loads(path.read_text(encoding="utf-8"))
    return [(level, row) for level in Level for row in theme["questions"][level]]


def test_there_is_enough_to_begin_with():
    assert len(FILES) >= 15
    for path in FILES:
        counts = Counter(level for level, _ in rows_of(path))
        assert set(counts) == set(Level) and min(counts.values()) >= 6, path.name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_question_is_proper(path):
    seen: set[str] = set()
    for _level, row in rows_of(path):
        options = [row["answer"], *row["distractors"]]
        assert set(row) == {"question", "answer", "distractors", "explanation"}
        assert len({fold(option) for option in options}) == 4, row
        assert 15 <= len(row["question"]) <= 250 and 40 <= len(row["explanation"]) <= 300, row
        assert all(1 <= len(option) <= 80 for option in options), row
        assert "todas las anteriores" not in fold(str(options)) and "ninguna de" not in fold(str(options))
        if len(row["answer"]) > 3:
            assert fold(row["answer"]) not in fold(row["question"]), row
        assert fingerprint(row["question"]) not in seen, row
        seen.add(fingerprint(row["question"]))


def test_names_and_aliases_lead_to_one_theme_each():
    keys = Counter()
    for path in FILES:
        theme = json.loads(path.read_text(encoding="utf-8"))
        keys.update({theme_key(name) for name in (theme["theme"], *theme["aliases"])})
    assert [key for key, count in keys.items() if count > 1] == []
    assert len(themes()) == len(FILES)


def order(**changes):
    return Order(**{"theme": "Historia", "theme_key": "historia", "level": Level.BEGINNER} | changes)


def test_a_learner_sees_all_of_a_level_before_anything_comes_again():
    had: list[str] = []
    for _ in range(7):
        [draft] = generate(order(avoid=tuple(map(Asked, had))))
        assert draft.question not in had and refusal(draft, Seen(())) == ""
        had.insert(0, draft.question)
    [again] = generate(order(avoid=tuple(map(Asked, had))))
    assert again.question == had[-1], "the one that is longest ago"


def test_the_key_has_no_favourite_letter():
    letters = Counter(generate(order())[0].correct_letter for _ in range(400))
    # Chi-square with three degrees of freedom: 16.27 is exceeded once in a thousand times by a fair shuffle.
    assert sum((letters[letter] - 100) ** 2 / 100 for letter in "ABCD") < 16.27
