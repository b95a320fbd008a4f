"""Does a sentence name something the learner does not have?

Nobody can list all themes that do not exist. So it is the other way round: whatever stands where a theme would stand
(in quotes, with a capital, after "tema", "retos de", "repasa", "in") must be one of the learner's or a plain word. Where
figures are spoken of, and a theme could stand anywhere, every word must be one of a closed vocabulary.
"""

from collections.abc import Iterator, Sequence

from tutor.truth.text import CLOSING_QUOTES, OPENING_QUOTES, Sentence, Token
from tutor.truth.vocabulary import (
    CARRIER_NOUNS,
    FACT_ENDINGS,
    FACT_VOCABULARY,
    LINKS,
    NOT_SUBJECTS,
    PLAIN_WORDS,
    PROPER_WORDS,
    STARTERS,
    STUDY_VERBS,
    SUBJECT_ENDINGS,
    SUBJECTS,
    THEME_PREPOSITIONS,
    TOPIC_NOUNS,
)

BEGINNINGS = frozenset("¿¡:(—–-")


def names_a_stranger(sentence: Sentence, *, plan: bool) -> bool:
    tokens = sentence.tokens
    return (
        (not plan and any(_is_unheard_of(token) for token in tokens))
        or any(_is_stranger(tokens, index) for index in range(len(tokens)))
        or any(_is_subject(token) for token in tokens)
        or any(not _may_follow(tokens, index) for index in theme_places(tokens))
    )


def _is_unheard_of(token: Token) -> bool:
    known = token.folded in FACT_VOCABULARY or FACT_ENDINGS.fullmatch(token.folded)
    return token.is_word and not known


def _is_stranger(tokens: Sequence[Token], index: int) -> bool:
    """A quoted span or a capitalised word that is no theme of the learner's."""
    token = tokens[index]
    if _opens_quote(tokens, index):
        inside, after = tokens[index + 1 : index + 2], tokens[index + 2 : index + 3]
        return not (inside and inside[0].theme_key and after and after[0].text in CLOSING_QUOTES)
    if not token.is_word:
        return False
    if index == 0 or tokens[index - 1].text in BEGINNINGS:
        return token.folded not in STARTERS | PROPER_WORDS and (index == 0 or token.is_capitalised)
    return token.is_capitalised and token.folded not in PROPER_WORDS


def _opens_quote(tokens: Sequence[Token], index: int) -> bool:
    token = tokens[index]
    if token.theme_key or token.text not in OPENING_QUOTES:
        return False
    # The apostrophe of "you've", and the second of two straight quotes, stand close to what is before them.
    return index == 0 or tokens[index - 1].end < token.start or tokens[index - 1].text in BEGINNINGS


def _is_subject(token: Token) -> bool:
    if not token.is_word or token.folded in NOT_SUBJECTS:
        return False
    return token.folded in SUBJECTS or SUBJECT_ENDINGS.fullmatch(token.folded) is not None


def theme_places(tokens: Sequence[Token]) -> Iterator[int]:
    """Where a theme would stand."""
    for index, token in enumerate(tokens):
        if not token.is_word:
            continue
        after = index + 1
        linked = after < len(tokens) and tokens[after].folded in LINKS | {":"}
        if token.folded in TOPIC_NOUNS | CARRIER_NOUNS and linked:
            yield after + 1
        elif token.folded in TOPIC_NOUNS | STUDY_VERBS | THEME_PREPOSITIONS:
            yield after


def _may_follow(tokens: Sequence[Token], index: int) -> bool:
    token = tokens[index] if index < len(tokens) else None
    return token is None or not token.is_word or token.folded in PLAIN_WORDS
