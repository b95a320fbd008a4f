"""Whether a question was asked before in other words.

Two questions are alike when they share most of their words of meaning and have the same answer: "¿En qué año llegó
Colón a América?" and "¿Cuándo llegó Cristóbal Colón a América?". Sharing words alone is not enough ("la capital de
Francia", "la capital de Italia"), nor is the answer (two paintings by Picasso). Nor are both, when each question holds
something telling that the other lacks ("la moneda de Alemania", "la moneda de Portugal"), or when they differ in a
number, a sign or a superlative ("el río más largo", "el río más caudaloso").
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from learning.generation.drafts import Asked
from learning.generation.options import looks, spelled_out
from learning.generation.reading.lexicon import ENGLISH, LEXICONS, SPANISH, word_set
from learning.generation.wording import QUOTED
from learning.words import fold

ENOUGH = 0.3  # of the weight of two questions' words, common to both, when the answer is the same too
STEM = 5  # letters that tell a word from others: "francia" and "francesa" do not differ
# What a word tells: "órgano" and "produce" little, "bilis" nearly all; a name given in full little more than in part.
TELLS, VERB_TELLS, FRAME_TELLS = 1.0, 0.5, 0.3

_EMPTY = SPANISH.stop | ENGLISH.stop | {"año", "year", "siguientes", "following", "nombre", "name"}
_FRAME = (
    SPANISH.weak
    | ENGLISH.weak
    | word_set("""
    organo organos humano humana elemento simbolo quimico quimica formula ciudad pais paises capital planeta cuadro
    novela libro poema artista pintor pintora escritor escritora cientifico cientifica filosofo compositor inventor
    continente animal planta ciencia rama lengua idioma texto expresion operacion calcula unidad instrumento moneda
    organ human symbol chemical formula city country planet painting novel book poem play artist painter writer
    scientist philosopher composer inventor continent animal plant science branch language expression calculate unit
    instrument currency famous famoso famosa conocido conocida
""")
)
_TOKEN = re.compile(r"[^\W_]+|[+*/=<>%√·×÷±≠≤≥∈∉⊂∪∩^]|(?<!\w)-(?=\w)|(?<=\d)-(?=\d)|(?<= )-(?= )")
_ENDING = re.compile(r"(?<=\w{3})(?:ing|ed|[aeo]?s|[aeo])$")  # "boil" and "boiling", "verde" and "verdes"
_OPENING = re.compile(r"(?:^|[¿¡?!.:;,(])\W*(\w+)")  # words with a due capital: no sign of a name
_KIND = re.compile(r"\b(?:que|which|what)\s+(\w+)")  # "¿Qué pigmento...": what the answer is, which it says itself
_INFINITIVE = re.compile(r"^\w{2,}[aei]r$")
# "más largo", "the most populous": the second word tells what is asked.
_DEGREE = re.compile(r"\b(?:mas|menos|most|least)\s+(\w+)|\b(mayor|menor|maxim[oa]|minim[oa]|\w{3,}est)\b")
_NO_DEGREE = {"de", "que", "of", "west", "forest", "interest", "honest", "modest", "request", "harvest", "conquest"}
_SAME_DEGREE = {
    word: group[0]
    for group in (
        ("grande", "grandes", "mayor", "largest", "biggest", "greatest", "maximo", "maxima"),
        ("pequeño", "pequeña", "menor", "smallest", "minimo", "minima"),
        ("cercano", "cercana", "proximo", "proxima", "closest", "nearest"),
        ("alto", "alta", "highest", "tallest"),
        ("antiguo", "antigua", "viejo", "vieja", "oldest", "earliest"),
    )
    for word in group
}


@dataclass(frozen=True, slots=True)
class _Read:
    """A question, read for comparing."""

    weights: dict[str, float]  # of each stem
    words: frozenset[str]
    names: frozenset[str]
    numbers: frozenset[str]
    signs: frozenset[str]
    degrees: frozenset[str]


@dataclass(slots=True)
class _Earlier:
    """A question that was asked; read when it is compared for the first time, which few ever are."""

    question: str
    answer: frozenset[str]
    _read: _Read | None = None

    def read(self) -> _Read:
        self._read = self._read or _read(self.question)
        return self._read


class Likeness:
    """Questions that were asked, ready to be compared with. Looking one up reads only those that share a word of the
    answer."""

    def __init__(self, asked: Iterable[Asked] = ()) -> None:
        self._by_answer: defaultdict[str, list[_Earlier]] = defaultdict(list)
        self._without_answer: set[frozenset[str]] = set()
        for question, answer in asked:
            self.add(question, answer)

    def add(self, question: str, answer: str = "") -> None:
        words = _words_of_answer(answer)
        if not words:
            self._without_answer.add(frozenset(_read(question).weights))
        earlier = _Earlier(question, words)
        for word in words:
            self._by_answer[word].append(earlier)

    def has_like(self, question: str, answer: str) -> bool:
        """Whether a question like this one was asked. Of one whose answer we do not know, all words of meaning must be
        the same."""
        read, words = _read(question), _words_of_answer(answer)
        if not read.weights:
            return False
        if frozenset(read.weights) in self._without_answer:
            return True
        return any(_are_alike(read, earlier.read()) for earlier in self._with_answer(words))

    def _with_answer(self, words: frozenset[str]) -> Iterator[_Earlier]:
        """Those with this answer, or with a fuller or a shorter one: "Cervantes" is "Miguel de Cervantes"."""
        for word in words:
            for earlier in self._by_answer.get(word, ()):
                if earlier.answer <= words or words <= earlier.answer:
                    yield earlier


def _are_alike(one: _Read, other: _Read) -> bool:
    return not _differ_decisively(one, other) and _common(one, other) >= ENOUGH


def _differ_decisively(one: _Read, other: _Read) -> bool:
    if one.numbers != other.numbers:
        return True
    if one.signs and other.signs and one.signs != other.signs:  # one may say in words what the other writes
        return True
    if one.degrees and other.degrees and one.degrees.isdisjoint(other.degrees):
        return True
    return bool(_telling(one, other)) and bool(_telling(other, one))


def _telling(one: _Read, other: _Read) -> set[str]:
    """What one question tells and the other does not; names by the whole word, since Níger is not Nigeria."""
    extra = {stem for stem, weight in _extra(one, other).items() if weight == TELLS}
    return extra if _name_the_same(one, other) else extra | (one.names - other.words)


def _common(one: _Read, other: _Read) -> float:
    """The share of the words' weight that is common to both."""
    common = sum(weight for stem, weight in one.weights.items() if stem in other.weights)
    extra = sum(_extra(one, other).values()) + sum(_extra(other, one).values())
    return common / (common + extra) if common else 0.0


def _extra(one: _Read, other: _Read) -> dict[str, float]:
    """The words that only one has, and their weight. Where both name the same thing, a fuller name adds little."""
    fuller = {_word(name).stem for name in one.names} if _name_the_same(one, other) else set()
    rest = ((word, weight) for word, weight in one.weights.items() if word not in other.weights)
    return {word: min(weight, FRAME_TELLS) if word in fuller else weight for word, weight in rest}


def _name_the_same(one: _Read, other: _Read) -> bool:
    """Whether all that one names is in the other: "Colón" and "Cristóbal Colón"."""
    return bool(one.names and other.names) and (one.names <= other.words or other.names <= one.words)


def _read(question: str) -> _Read:
    text = spelled_out(question)
    folded_text = fold(text)
    tokens = _TOKEN.findall(text)
    words = [_word(token) for token in tokens if token[0].isalnum()]
    kinds = {match[1] for match in _KIND.finditer(folded_text)}
    return _Read(
        weights={
            word.stem: FRAME_TELLS if word.folded in kinds else word.weight
            for word in words
            if word.folded not in _EMPTY
        },
        words=frozenset(word.folded for word in words),
        names=_names(text),
        numbers=frozenset(word.folded for word in words if not word.folded.isalpha()),
        signs=frozenset(token for token in tokens if not token[0].isalnum()),
        degrees=_degrees(folded_text),
    )


class _Word(NamedTuple):
    folded: str
    stem: str
    weight: float


@lru_cache(maxsize=10_000)
def _word(word: str) -> _Word:
    folded = fold(word)
    stem = _ENDING.sub("", folded)[:STEM] if folded.isalpha() else folded
    if folded in _FRAME:
        return _Word(folded, stem, FRAME_TELLS)
    is_verb = any(lexicon.is_verb(word) for lexicon in LEXICONS.values()) or _INFINITIVE.search(word)
    return _Word(folded, stem, VERB_TELLS if is_verb else TELLS)


def _names(text: str) -> frozenset[str]:
    """The words with a capital that no sentence asks for, and those in quotes."""
    due = {match.start(1) for match in _OPENING.finditer(text)}
    named = [m[0] for m in re.finditer(r"\w+", text) if m[0][0].isupper() and m.start() not in due]
    quoted = [re.findall(r"\w+", match[0]) for match in QUOTED.finditer(text)]
    alone = [words[0] for words in quoted if len(words) == 1]  # also one that tells nothing elsewhere: «siempre»
    named += [word for words in quoted for word in words]
    return frozenset(fold(word) for word in named if fold(word) not in _EMPTY) | frozenset(map(fold, alone))


def _degrees(folded: str) -> frozenset[str]:
    found = (match[1] or match[2] for match in _DEGREE.finditer(folded))
    return frozenset(_SAME_DEGREE.get(word, word) for word in found if word not in _NO_DEGREE)


def _words_of_answer(answer: str) -> frozenset[str]:
    """An answer's words without articles and the like; a formula or a number as a whole."""
    words = frozenset(word for word in re.findall(r"[^\W_]+", fold(answer)) if word not in _EMPTY)
    if any(word.isalpha() for word in words) and (len(words) > 1 or all(word.isalpha() for word in words)):
        return words
    return frozenset({looks(answer)}) if answer.strip() else frozenset()
