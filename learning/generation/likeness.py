"""Whether a question was asked before in other words.

Two questions are alike when they share most of their words of meaning and have the same answer: "¿En qué año llegó
Colón a América?" and "¿Cuándo llegó Cristóbal Colón a América?". Sharing words alone is not enough ("la capital de
Francia", "la capital de Italia"), nor is the answer (two paintings by Picasso); other numbers make another question.
"""

import re
from collections import defaultdict
from collections.abc import Iterable

from learning.generation.drafts import Asked
from learning.generation.reading.lexicon import ENGLISH, SPANISH
from learning.words import comparable, fold

SAME_ANSWER_OVERLAP = 0.4  # of the stems of two questions, common to all: enough when the answer is the same too
STEM = 5  # letters that tell a word from others: "francia" and "francesa" do not differ

_EMPTY = SPANISH.stop | ENGLISH.stop | {"ano", "year", "siguientes", "following", "nombre", "name"}


class Likeness:
    """Questions that were asked, ready to be compared with. Looking one up reads only those that share a word."""

    def __init__(self, asked: Iterable[Asked] = ()) -> None:
        self._stems: list[frozenset[str]] = []
        self._answers: list[str] = []
        self._by_stem: defaultdict[str, list[int]] = defaultdict(list)
        for question, answer in asked:
            self.add(question, answer)

    def add(self, question: str, answer: str = "") -> None:
        stems = stems_of(question)
        for stem in stems:
            self._by_stem[stem].append(len(self._stems))
        self._stems.append(stems)
        self._answers.append(fold(answer))

    def has_like(self, question: str, answer: str) -> bool:
        """Whether a question like this one was asked."""
        stems, answer = stems_of(question), fold(answer)
        if not stems:
            return False
        common: defaultdict[int, int] = defaultdict(int)
        for stem in stems:
            for index in self._by_stem.get(stem, ()):
                common[index] += 1
        return any(self._is_like(index, count, stems, answer) for index, count in common.items())

    def _is_like(self, index: int, count: int, stems: frozenset[str], answer: str) -> bool:
        other, other_answer = self._stems[index], self._answers[index]
        if _numbers(other) != _numbers(stems):
            return False
        if other_answer and other_answer != answer:
            return False
        needed = SAME_ANSWER_OVERLAP if other_answer else 1.0  # without the answer, all words of meaning
        return count >= needed * len(other | stems)


def stems_of(question: str) -> frozenset[str]:
    """The words of meaning of a question, cut to their stems; numbers and signs whole."""
    words = comparable(question).split()
    return frozenset(word if not word.isalpha() else word[:STEM] for word in words if word not in _EMPTY)


def _numbers(stems: frozenset[str]) -> frozenset[str]:
    return frozenset(stem for stem in stems if re.search(r"[^a-zñ]", stem))
