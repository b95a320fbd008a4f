"""Every place of a sentence that a question could ask for, and how good a question it would make."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from learning.generation.reading.kinds import NUMERIC, Kind
from learning.generation.reading.names import find_names, is_acronym
from learning.generation.reading.numerals import find_numbers
from learning.generation.reading.sentences import Sentence
from learning.generation.reading.terms import find_defined, find_terms, opens_definition
from learning.generation.reading.text import Token, fold
from learning.generation.reading.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Mention:
    """One place of one sentence that could become the blank."""

    kind: Kind
    text: str
    start: int  # in the sentence's text
    end: int
    key: str  # folded
    is_defined: bool = False  # the sentence says what it is
    weight: float = 0.0  # how good a question it makes
    shape: str = ""  # gender and number, "ms" "fs" "mp" "fp"; in English "s" or "p"; "" unknown
    unit: str = ""  # of a number: "%", "km", "cromosomas"
    before: str = ""  # the word before it, folded; before a name, adjectives do not count
    is_bare: bool = True  # no article or determiner right before it
    acts: bool = False  # bare, and a verb right after it: "Baroja escribió"
    opens: bool = False  # first word of its sentence, hence capitalised


# (first token, token after the last, kind, points above those of its kind, other fields of the mention)
_Reading = tuple[int, int, Kind, float, dict[str, Any]]

# How much a learner gets from a question that asks for one.
_WEIGHTS = {
    Kind.YEAR: 4.5,
    Kind.CENTURY: 4.0,
    Kind.NUMBER: 3.0,
    Kind.COUNT: 3.2,
    Kind.NAME: 4.0,
    Kind.ACRONYM: 3.6,
    Kind.TERM: 2.4,
}


def find_mentions(sentence: Sentence, vocabulary: Vocabulary) -> list[Mention]:
    """Every place of a sentence that could be asked for; none overlaps another, the better reading wins."""
    found: list[Mention] = []
    taken: set[int] = set()
    for start, end, kind, bonus, extra in _readings(sentence, vocabulary):
        if taken.isdisjoint(range(start, end)):
            taken.update(range(start, end))
            mention = _mention(sentence, start, end, kind, vocabulary)
            found.append(replace(mention, weight=_WEIGHTS[kind] + bonus, **extra))
    return sorted(found, key=lambda mention: mention.start)


def _readings(sentence: Sentence, vocabulary: Vocabulary) -> Iterator[_Reading]:
    """All that a sentence can be read as, the surest first."""
    for start, end, kind, unit in find_numbers(sentence):
        yield start, end, kind, 0.8 * (kind is Kind.NUMBER and unit != ""), {"unit": unit}
    names = set(find_names(sentence, vocabulary))
    for start, end, is_sure in find_defined(sentence):
        # "conocido como Boabdil el Chico": the name in full
        end = max([end, *(name_end for name_start, name_end in names if name_start == start)])
        kind = _kind_of_words(sentence, start, end, names, vocabulary)
        yield start, end, kind, 1.5 + 1.8 * is_sure, {"is_defined": True}
    for start, end in sorted(names):
        yield start, end, Kind.NAME, 0.4 if end - start > 1 else -1.5 * _is_paired(sentence, start), {}
    for index, token in enumerate(sentence.tokens):
        if is_acronym(token) and not sentence.is_shouted and not sentence.is_abbreviated(token):
            yield index, index + 1, Kind.ACRONYM, 0.0, {}
    for start, end in find_terms(sentence, vocabulary):
        yield start, end, Kind.TERM, _term_bonus(sentence.tokens[start:end], vocabulary), {}


def _is_paired(sentence: Sentence, index: int) -> bool:
    """Whether a one-word name is half of a pair ("Romeo and Juliet"), which gives the other half away."""
    tokens = sentence.tokens
    for step in (-1, 1):
        link, other = index + step, index + 2 * step
        has_other = 0 <= other < len(tokens) and tokens[other].text[0].isupper()
        if has_other and tokens[link].text in {"and", "y", "e"}:
            return True
    return False


def _term_bonus(words: Sequence[Token], vocabulary: Vocabulary) -> float:
    """Terms that come again are what the notes are about; long words are seldom small talk."""
    uses = vocabulary.lowered[words[0].folded]
    letters = sum(len(word.text) for word in words)
    return min(uses - 1, 3) * 0.25 * (uses > 1) + min(letters, 14) * 0.05 + 0.5 * (len(words) > 1)


def _kind_of_words(
    sentence: Sentence, start: int, end: int, names: set[tuple[int, int]], vocabulary: Vocabulary
) -> Kind:
    """Whether the thing defined is a name, an acronym or a term."""
    words = sentence.tokens[start:end]
    if len(words) == 1 and is_acronym(words[0]):
        return Kind.ACRONYM
    if (start, end) in names:
        return Kind.NAME
    is_single_opening = start == 0 and len(words) == 1 and words[0].text[0].isupper()
    following = sentence.word_after(end - 1)
    if is_single_opening and following and words[0].folded not in vocabulary.lowered:
        # "Newton was a physicist": of a term one would say "is".
        is_person = following.folded == "was" and opens_definition(sentence, end)
        return Kind.NAME if is_person else Kind.TERM
    return Kind.TERM


def _has_verb_after(sentence: Sentence, end: int) -> bool:
    following = sentence.word_after(end - 1)
    if following is None:
        return False
    return sentence.lexicon.is_verb(following.text) or following.folded in sentence.lexicon.copulas


def _mention(sentence: Sentence, start: int, end: int, kind: Kind, vocabulary: Vocabulary) -> Mention:
    words = sentence.tokens[start:end]
    text = sentence.text[words[0].start : words[-1].end]
    previous = sentence.word_before(start)
    article = sentence.lexicon.determiner(previous) if previous else None
    lead = previous
    if kind is Kind.NAME and previous and sentence.is_content(previous):  # "in northern Italy"
        lead = sentence.word_before(start - 1)
    shape = ""
    if kind not in NUMERIC:
        guess = vocabulary.shape_of([word.folded for word in words], sentence.language)
        shape = article or ("" if kind is Kind.NAME and article is None else guess)
    return Mention(
        kind=kind,
        text=text,
        start=words[0].start,
        end=words[-1].end,
        key=fold(text),
        shape=shape,
        before=lead.folded if lead else "",
        is_bare=article is None,
        acts=article is None and _has_verb_after(sentence, end),
        opens=sentence.is_capital_due(start) and text[0].isupper(),
    )
