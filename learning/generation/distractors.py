"""Choose wrong answers for a blank from the same notes: alike enough to be tempting, sure to be wrong."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from learning.generation.reading.kinds import NUMERIC, Kind
from learning.generation.reading.lexicon import LEXICONS
from learning.generation.reading.mentions import Mention, find_mentions
from learning.generation.reading.numerals import Figure, numbers_near
from learning.generation.reading.sentences import Sentence, carries_a_question, split_sentences
from learning.generation.reading.text import fold
from learning.generation.reading.vocabulary import learn

WANTED = 3
MAX_OPTION_CHARS = 80
# Where a wrong answer's own sentence says nearly the same, it could be right in this one too.
SAME_STATEMENT = 0.85  # share of the remaining content words; one that differs may be the point
FAMILY_PREFIX = 0.75  # "country", "countries": one word for our purpose
# Points. What fits well has 4 to 6.
OTHER_KIND = 2.5  # a term in the place of a name costs so much
DERIVED = 4.0
MIN_FIT = 1.2  # on the average of three; below it only one option makes sense, and that is the answer
UNLIKELY = -99.0


@dataclass(slots=True)
class Term:
    """Something the notes mention, with all its mentions taken together."""

    kind: Kind
    text: str
    key: str
    language: str
    shape: str
    unit: str
    opens: bool  # only ever seen with a due capital, so its own case is unknown
    is_defined: bool = False
    is_bare: bool = False
    acts: bool = False
    befores: set[str] = field(default_factory=set)  # the words seen right before it
    sentences: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reading:
    """The notes, read: sentences, what each could ask for, and the terms of all of them."""

    sentences: list[Sentence]
    usable: list[int]  # indexes of the sentences that can carry a question
    mentions: dict[int, list[Mention]]
    words: list[frozenset[str]]  # content words of each sentence
    folded: list[str]  # all its words, between spaces
    terms: dict[str, Term]


def read_notes(notes: str) -> Reading:
    sentences = split_sentences(notes)
    vocabulary = learn(sentences)
    usable = [index for index, sentence in enumerate(sentences) if carries_a_question(sentence)]
    readable = [(index, sentence) for index, sentence in enumerate(sentences) if sentence.is_readable]
    mentions = {index: find_mentions(sentence, vocabulary) for index, sentence in readable}
    # Capitals in a heading are decoration: take no names from there.
    headings = set(range(len(sentences))).difference(usable)
    terms: dict[str, Term] = {}
    for index, found in mentions.items():
        for mention in found:
            if index not in headings or mention.kind is not Kind.NAME:
                _merge(terms, mention, index, sentences[index].language)
    words = [_content_words(sentence) for sentence in sentences]
    folded = [f" {' '.join(token.folded for token in sentence.tokens)} " for sentence in sentences]
    return Reading(sentences, usable, mentions, words, folded, terms)


def _content_words(sentence: Sentence) -> frozenset[str]:
    return frozenset(token.folded for token in sentence.tokens if _says_something(token.folded, sentence))


def _says_something(word: str, sentence: Sentence) -> bool:
    return word not in sentence.lexicon.stop and len(word) > 1


def _merge(terms: dict[str, Term], mention: Mention, index: int, language: str) -> None:
    term = terms.get(mention.key)
    if term is None:
        term = terms[mention.key] = Term(
            kind=mention.kind,
            text=mention.text,
            key=mention.key,
            language=language,
            shape=mention.shape,
            unit=mention.unit,
            opens=mention.opens,
        )
    elif term.opens and not mention.opens:
        term.kind, term.text, term.opens = mention.kind, mention.text, False
    term.shape = term.shape or mention.shape
    term.is_defined |= mention.is_defined
    term.is_bare |= mention.is_bare
    term.acts |= mention.acts
    term.befores.add(mention.before)
    term.sentences.append(index)


def are_related(one: str, other: str) -> bool:
    """Whether two folded terms are, or contain, forms of one another: no two options, no hint in the rest."""
    if one in other or other in one:
        return True
    if " " in one or " " in other:
        return False
    shorter = min(len(one), len(other))
    shared = next((i for i in range(shorter) if one[i] != other[i]), shorter)
    return shared >= max(4, FAMILY_PREFIX * shorter)


def choose_distractors(
    reading: Reading, index: int, mention: Mention, rng: random.Random
) -> tuple[tuple[str, str, str], float] | None:
    """Three wrong answers for a mention of sentence `index`, and how well they fit; None without three."""
    chosen: list[str] = []
    total = 0.0
    for text, fit in _options(reading, index, mention, rng):
        if len(text) <= MAX_OPTION_CHARS and _differs(text, mention, chosen):
            chosen.append(text)
            total += fit
        if len(chosen) == WANTED:
            break
    if len(chosen) < WANTED or total / WANTED < MIN_FIT:
        return None
    first, second, third = chosen
    return (first, second, third), total / WANTED


def _options(
    reading: Reading,
    index: int,
    mention: Mention,
    rng: random.Random,
) -> Iterator[tuple[str, float]]:
    """Terms of the notes that may stand for the mention, best first; after them, numbers near a number."""
    scored = [
        (score + rng.random(), term)
        for term in reading.terms.values()
        if (score := _likeness(reading, index, mention, term)) > UNLIKELY
    ]
    scored.sort(key=lambda pair: -pair[0])
    for score, term in scored:
        yield _dress(term, mention), score
    if mention.kind in NUMERIC:
        language = reading.sentences[index].language
        near = numbers_near(mention.kind, mention.text, mention.unit, language)
        rng.shuffle(near)
        for text in near:
            if not _occurs(fold(text), reading, index):
                yield (text.capitalize() if mention.opens else text), DERIVED


def _differs(text: str, mention: Mention, chosen: Sequence[str]) -> bool:
    """Whether an option is no form of the answer nor of another option; numbers are compared whole."""
    key = fold(text)
    others = [mention.key, *map(fold, chosen)]
    if mention.kind in NUMERIC:
        return key not in others
    return not any(are_related(key, other) for other in others)


def _dress(term: Term, mention: Mention) -> str:
    """The term's text with the capital that its place in the sentence asks for."""
    if term.kind not in {Kind.TERM, Kind.COUNT}:
        return term.text
    if mention.opens:
        return term.text[0].upper() + term.text[1:]
    return term.text[0].lower() + term.text[1:] if term.opens else term.text


# --- How alike -----------------------------------------------------------------------------------


def _likeness(reading: Reading, index: int, mention: Mention, term: Term) -> float:
    """How tempting a term is in the place of a mention; UNLIKELY when it must not stand there."""
    if term.key == mention.key or term.language != reading.sentences[index].language:
        return UNLIKELY
    if (mention.kind in NUMERIC) != (term.kind in NUMERIC):
        return UNLIKELY
    score = _numeric_likeness(mention, term) if mention.kind in NUMERIC else _verbal_likeness(mention, term)
    if mention.kind is Kind.NAME:
        score += _same_role(reading.terms[mention.key], term)
    if score <= UNLIKELY or _occurs(term.key, reading, index):
        return UNLIKELY
    return UNLIKELY if _could_be_right(reading, index, mention, term) else score


def _verbal_likeness(mention: Mention, term: Term) -> float:
    score = 3.0
    if term.kind is not mention.kind:
        score -= OTHER_KIND if Kind.NAME in (term.kind, mention.kind) else OTHER_KIND / 2
    if mention.is_bare and mention.kind is Kind.NAME:
        score += 1.0 if term.is_bare else -1.5
    else:
        score += _agreement(mention, term)
    if mention.before in {"a", "an"}:
        score += 0.0 if _starts_with_vowel(term.key) == (mention.before == "an") else -2.0
    score -= 0.6 * abs(mention.key.count(" ") - term.key.count(" "))
    score -= 1.5 * abs(len(mention.key) - len(term.key)) / max(len(mention.key), len(term.key))
    score += 1.2 * (term.is_defined and mention.is_defined) + 0.2 * min(len(term.sentences), 3)
    if term.language == "en":
        score -= 0.6 * (mention.is_bare and not term.is_bare)  # "Deadlock is", but "A semaphore is"
    score -= 1.0 * (term.opens and not mention.opens)  # its own case is a guess
    return score


def _agreement(mention: Mention, term: Term) -> float:
    """Gender and number: after an article a wrong one gives the answer away."""
    if not term.shape or not mention.shape:
        return -0.5 if mention.is_bare else -1.5
    if term.shape == mention.shape:
        return 1.5
    same_number = term.shape[-1] == mention.shape[-1]
    if mention.is_bare:
        return 0.3 if same_number else -0.7
    return -1.2 if same_number else -1.8


def _same_role(one: Term, other: Term) -> float:
    """Places with places (all that notes put after "en"), those who do something with their like."""
    places = LEXICONS[other.language].places
    is_same_place = one.befores.isdisjoint(places) == other.befores.isdisjoint(places)
    return (0.8 if is_same_place else -0.8) + (0.5 if one.acts == other.acts else -0.5)


def _starts_with_vowel(key: str) -> bool:
    return key[0] in "aeiou"


def _occurs(key: str, reading: Reading, index: int) -> bool:
    """Whether the folded words of `key` stand in the sentence."""
    return f" {key} " in reading.folded[index]


def _could_be_right(reading: Reading, index: int, mention: Mention, term: Term) -> bool:
    """Whether the notes say of this term nearly what the sentence says of the answer."""
    rest = reading.words[index].difference(mention.key.split())
    return any(len(rest & reading.words[other]) >= SAME_STATEMENT * len(rest) for other in term.sentences[:8])


# --- Numbers -------------------------------------------------------------------------------------


def _numeric_likeness(mention: Mention, term: Term) -> float:
    if term.kind is not mention.kind:
        return UNLIKELY
    if mention.kind is Kind.YEAR:
        return 5.5 - min(abs(int(mention.key) - int(term.key)), 500) / 200
    if mention.kind is not Kind.NUMBER:
        return 5.0 if term.unit == mention.unit else UNLIKELY
    if term.unit == mention.unit:
        return 5.0
    mine, other = Figure.parse(mention.text, term.language), Figure.parse(term.text, term.language)
    near = mine.decimals == other.decimals and mine.digits and 0.25 <= other.digits / mine.digits <= 4
    return 2.5 if near else UNLIKELY
