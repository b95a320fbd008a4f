"""Cloze questions from a learner's own notes, without a language model.

A sentence of the notes is shown with one thing blanked; the wrong answers come from the same notes. The
one exception: when the notes hold too few years or numbers, plausible neighbours of the right one are
made up (1492: 1488, 1495, 1500). Spanish and English; pure standard library, no Django.
"""

import random
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from learning.generation.distractors import (
    MAX_OPTION_CHARS,
    Reading,
    are_related,
    choose_distractors,
    read_notes,
)
from learning.generation.reading.kinds import NUMERIC, Kind
from learning.generation.reading.mentions import Mention
from learning.generation.reading.sentences import Sentence
from learning.generation.reading.text import fold

BLANK = "____"
MAX_QUESTION_CHARS = 400
# Points that chance may add to a blank: enough to vary the pick, too few to lift a dull one over a good one.
CHANCE = 1.5
ENOUGH_CLUES = 4  # words of meaning, or numbers, that a sentence should keep
VAGUE = 0.6  # points that each missing one costs
SAME_KIND = 0.4  # points that a year loses for each year picked before it
# Blanks to work out in full for each item wanted, so that the options too have a say in what is best.
TRIES_PER_ITEM, MIN_TRIES = 3, 12

_PROMPTS = {
    "es": "Completa la frase según tus apuntes: ",
    "en": "Complete the sentence from your notes: ",
}
_EXPLANATIONS = {"es": "Tus apuntes dicen: ", "en": "Your notes say: "}


@dataclass(frozen=True, slots=True)
class ClozeItem:
    """One question; notes[start:end] is the sentence it was made from."""

    question: str
    answer: str
    distractors: tuple[str, str, str]
    explanation: str
    start: int
    end: int
    language: str


@dataclass(frozen=True, slots=True)
class _Draft:
    """A blank that may become an item, before its options are known."""

    score: float
    index: int  # of the sentence
    mention: Mention
    question: str


@dataclass(frozen=True, slots=True)
class _Candidate:
    score: float
    kind: Kind
    item: ClozeItem
    marks: frozenset[int | str]  # the sentence and the answer: what should not come twice


def make_cloze(
    notes: str,
    *,
    count: int = 1,
    avoid: Collection[str] = (),
    seed: int | None = None,
) -> list[ClozeItem]:
    """Up to `count` items, best first, from different sentences where possible; [] when the notes carry none.

    `avoid` holds question texts that must not come again, whatever their case, accents and spaces. A seed
    makes the result repeatable; without one it varies from call to call.
    """
    if count < 1:
        return []
    rng = random.Random(seed)
    reading = read_notes(notes)
    avoided = {fold(question) for question in avoid}
    drafts = sorted(_drafts(reading, avoided, rng), key=lambda draft: -draft.score)
    return _pick(_items(reading, drafts, count, rng), count)


def _drafts(reading: Reading, avoided: Collection[str], rng: random.Random) -> Iterator[_Draft]:
    """Every fair blank of the usable sentences, but for those whose folded question is to be avoided."""
    for index in reading.usable:
        sentence = reading.sentences[index]
        merit = _merit(sentence, reading.mentions[index])
        for mention in reading.mentions[index]:
            question = _question(sentence, mention)
            if _is_fair(question, sentence, mention) and fold(question) not in avoided:
                score = merit + mention.weight - _vagueness(sentence, mention) + CHANCE * rng.random()
                yield _Draft(score, index, mention, question)


def _items(reading: Reading, drafts: Sequence[_Draft], count: int, rng: random.Random) -> list[_Candidate]:
    """Drafts worked out in full, with their final scores; no more of them than the choice needs."""
    items: list[_Candidate] = []
    seen: set[int] = set()
    tries = max(MIN_TRIES, TRIES_PER_ITEM * count)
    for draft in drafts:
        if len(items) >= tries and len(seen) >= count:
            break
        options = choose_distractors(reading, draft.index, draft.mention, rng)
        if options is not None:
            distractors, fit = options
            item = _item(reading.sentences[draft.index], draft, distractors)
            marks: frozenset[int | str] = frozenset({draft.index, draft.mention.key})
            items.append(_Candidate(draft.score + fit, draft.mention.kind, item, marks))
            seen.add(draft.index)
    return items


def _pick(candidates: Sequence[_Candidate], count: int) -> list[ClozeItem]:
    """The best items, their kinds mixed; a sentence or an answer comes again only when there is no other."""
    left = list(candidates)
    picked: list[_Candidate] = []
    used: set[int | str] = set()
    kinds: Counter[Kind] = Counter()

    def worth(candidate: _Candidate) -> tuple[bool, float]:
        return used.isdisjoint(candidate.marks), candidate.score - SAME_KIND * kinds[candidate.kind]

    while left and len(picked) < count:
        best = max(left, key=worth)
        left.remove(best)
        picked.append(best)
        used |= best.marks
        kinds[best.kind] += 1
    return [candidate.item for candidate in picked]


def _item(sentence: Sentence, draft: _Draft, distractors: tuple[str, str, str]) -> ClozeItem:
    return ClozeItem(
        question=draft.question,
        answer=draft.mention.text,
        distractors=distractors,
        explanation=_EXPLANATIONS[sentence.language] + _quoted(sentence.text, sentence.language),
        start=sentence.start,
        end=sentence.end,
        language=sentence.language,
    )


def _question(sentence: Sentence, mention: Mention) -> str:
    text = sentence.text[: mention.start] + BLANK + sentence.text[mention.end :]
    return _PROMPTS[sentence.language] + _quoted(text, sentence.language)


def _is_fair(question: str, sentence: Sentence, mention: Mention) -> bool:
    """Whether the question is short enough, shows where its blank ends, and does not give its answer away."""
    if len(question) > MAX_QUESTION_CHARS or len(mention.text) > MAX_OPTION_CHARS:
        return False
    if "_" in sentence.text[max(0, mention.start - 1) : mention.start] + sentence.text[mention.end : mention.end + 1]:
        return False
    return mention.key not in fold(question) and not _is_hinted(sentence, mention)


def _is_hinted(sentence: Sentence, mention: Mention) -> bool:
    """Whether a word of the answer comes again in the rest of the sentence, in this or another form."""
    if mention.kind in NUMERIC:
        return False
    rest = [token.folded for token in sentence.tokens if not mention.start <= token.start < mention.end]
    long_words = [word for word in rest if len(word) > 3 and word not in sentence.lexicon.stop]
    answer = [word for word in mention.key.split() if len(word) > 3 and word not in sentence.lexicon.stop]
    return any(are_related(word, other) for word in answer for other in long_words)


def _vagueness(sentence: Sentence, mention: Mention) -> float:
    """Points against a blank that leaves little to go by: "La ____ es un tipo de división celular"."""
    rest = [token for token in sentence.tokens if not mention.start <= token.start < mention.end]
    clues = sum(sentence.is_content(token) or token.text[0].isdigit() for token in rest)
    return VAGUE * max(0, ENOUGH_CLUES - clues)


def _quoted(text: str, language: str) -> str:
    """Text in quotation marks of the language, or in others when it holds those itself."""
    left, right = ("«", "»") if language == "es" else ('"', '"')
    if left in text or right in text:
        left, right = "“", "”"
    return f"{left}{text}{right}"


def _merit(sentence: Sentence, mentions: Sequence[Mention]) -> float:
    """How well a sentence stands alone and how much it says, whatever is blanked."""
    words = [token.folded for token in sentence.tokens]
    merit = 0.5 * sentence.has_verb + 0.2 * min(len(mentions), 4)
    merit += 0.8 if 7 <= len(words) <= 25 else -0.4
    if words[0] in sentence.lexicon.dangling:
        merit -= 1.8
    elif sentence.lexicon.is_verb(sentence.tokens[0].text):  # "Terminó en 1945": who?
        merit -= 0.8
    if not sentence.lexicon.study_talk.isdisjoint(words):
        merit -= 3.0
    if sentence.text.count("(") != sentence.text.count(")"):
        merit -= 0.5
    return merit
