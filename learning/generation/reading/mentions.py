"""Every place of a sentence that a question could ask for, and how good a question it would make."""

from collections.abc import Sequence
from dataclasses import dataclass

from learning.generation.reading.kinds import NUMERIC, Kind
from learning.generation.reading.names import find_names, is_acronym
from learning.generation.reading.numerals import find_numbers
from learning.generation.reading.sentences import Sentence, Token, fold
from learning.generation.reading.terms import find_defined, find_terms, opens_definition
from learning.generation.reading.vocabulary import Vocabulary, is_abbreviated, is_content, opens, token_before


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
    opens: bool = False  # first word of its sentence, hence capitalised


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

    def add(
        start: int, end: int, kind: Kind, *, unit: str = "", bonus: float = 0.0, is_defined: bool = False
    ) -> None:
        if taken.isdisjoint(range(start, end)):
            taken.update(range(start, end))
            found.append(_mention(sentence, start, end, kind, unit, bonus, is_defined, vocabulary))

    for start, end, kind, unit in find_numbers(sentence):
        add(start, end, kind, unit=unit, bonus=0.8 if kind is Kind.NUMBER and unit else 0.0)
    names = set(find_names(sentence, vocabulary))
    for start, end, is_sure in find_defined(sentence):
        add(
            start,
            end,
            _kind_of_words(sentence, start, end, names, vocabulary),
            bonus=1.5 + 1.8 * is_sure,
            is_defined=True,
        )
    for start, end in sorted(names):
        add(start, end, Kind.NAME, bonus=0.4 if end - start > 1 else -0.8 * _is_paired(sentence, start))
    for index, token in enumerate(sentence.tokens):
        if is_acronym(token) and not sentence.is_shouted and not is_abbreviated(sentence, token):
            add(index, index + 1, Kind.ACRONYM)
    for start, end in find_terms(sentence, vocabulary):
        add(start, end, Kind.TERM, bonus=_term_bonus(sentence.tokens[start:end], vocabulary))
    return sorted(found, key=lambda mention: mention.start)


def _is_paired(sentence: Sentence, index: int) -> bool:
    """Whether a one-word name is half of a pair ("Romeo and Juliet"), which gives the other half away."""
    tokens = sentence.tokens
    for step in (-1, 1):
        link, other = index + step, index + 2 * step
        if (
            0 <= other < len(tokens)
            and tokens[link].text in {"and", "y", "e"}
            and tokens[other].text[0].isupper()
        ):
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
    if is_single_opening and end < len(sentence.tokens) and words[0].folded not in vocabulary.lowered:
        # "Newton was a physicist": of a term one would say "is".
        if sentence.tokens[end].folded == "was" and opens_definition(sentence, end):
            return Kind.NAME
    return Kind.TERM


def _mention(
    sentence: Sentence,
    start: int,
    end: int,
    kind: Kind,
    unit: str,
    bonus: float,
    is_defined: bool,
    vocabulary: Vocabulary,
) -> Mention:
    words = sentence.tokens[start:end]
    text = sentence.text[words[0].start : words[-1].end]
    previous = token_before(sentence, start)
    article = sentence.lexicon.determiners.get(previous.folded) if previous else None
    lead = previous
    if kind is Kind.NAME and previous and is_content(previous, sentence):  # "in northern Italy"
        lead = token_before(sentence, start - 1)
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
        is_defined=is_defined,
        weight=_WEIGHTS[kind] + bonus,
        shape=shape,
        unit=unit,
        before=lead.folded if lead else "",
        is_bare=article is None,
        opens=opens(sentence, start) and text[0].isupper(),
    )
