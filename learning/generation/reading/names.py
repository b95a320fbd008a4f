"""Proper names and acronyms: capitals where nothing else asks for a capital."""

import re
from collections.abc import Iterator

from learning.generation.reading.sentences import Sentence
from learning.generation.reading.text import LATIN_WORD, ROMAN, Token
from learning.generation.reading.vocabulary import Vocabulary, ends_phrase

MAX_NAME_WORDS = 6

_ACRONYM = re.compile(r"[A-ZÁÉÍÓÚÑ][A-ZÁÉÍÓÚÑ0-9]{1,5}")


def is_acronym(token: Token) -> bool:
    return _ACRONYM.fullmatch(token.text) is not None and not ROMAN.fullmatch(token.text)


def _is_capitalised(sentence: Sentence, index: int) -> bool:
    """Whether a word could be part of a name by its looks."""
    token = sentence.tokens[index]
    lexicon = sentence.lexicon
    return (
        token.text[0].isupper()
        and len(token.text) > 1
        and not is_acronym(token)
        and not ROMAN.fullmatch(token.text)
        and not sentence.is_abbreviated(token)
        and token.folded not in lexicon.stop
        and token.folded not in lexicon.months
        and LATIN_WORD.fullmatch(token.text) is not None
    )


def find_names(sentence: Sentence, vocabulary: Vocabulary) -> Iterator[tuple[int, int]]:
    """Token spans of the proper names, their words kept together."""
    if sentence.is_shouted:
        return
    index = 0
    while index < len(sentence.tokens):
        end = _name_end(sentence, index) if _is_capitalised(sentence, index) else index
        if end > index and _is_name(sentence, index, end, vocabulary):
            yield index, end
        index = max(end, index + 1)


def _name_end(sentence: Sentence, start: int) -> int:
    """Where the name that begins at `start` ends: "Miguel de Cervantes", "Luis XVI", "Bank of the Nation"."""
    end = start + 1
    while end < len(sentence.tokens) and end - start < MAX_NAME_WORDS:
        if _is_epithet(sentence, end):
            return end + 2
        step = end
        while step < min(end + 2, len(sentence.tokens)) and _is_link(sentence, step, first=step == end):
            step += 1
        if step >= len(sentence.tokens) or sentence.word_before(step) is None:
            break
        is_numeral = step == end and ROMAN.fullmatch(sentence.tokens[step].text)
        if not is_numeral and not _is_capitalised(sentence, step):
            break
        end = step + 1
    return end


def _is_epithet(sentence: Sentence, index: int) -> bool:
    """Whether a byname begins here: "Isabel [la Católica]", "Alfonso X [el Sabio]"."""
    token, following = sentence.tokens[index], sentence.word_after(index)
    if token.text not in {"el", "la", "the"} or sentence.word_before(index) is None or following is None:
        return False
    after = sentence.word_after(index + 1)
    return _is_capitalised(sentence, index + 1) and not (after and after.text[0].isupper())


def _is_link(sentence: Sentence, index: int, *, first: bool) -> bool:
    """Whether a word joins parts of a name: "de", "of", and after one of these an article ("de la")."""
    token = sentence.tokens[index]
    if sentence.word_before(index) is None or not token.text.islower():
        return False
    return token.folded in (sentence.lexicon.links if first else sentence.lexicon.determiners)


def _is_name(sentence: Sentence, start: int, end: int, vocabulary: Vocabulary) -> bool:
    token = sentence.tokens[start]
    if end - start > 1:
        is_opening_verb = sentence.lexicon.is_verb(token.text) or token.folded.endswith(("mente", "ly"))
        return not (sentence.is_capital_due(start) and is_opening_verb)
    if len(token.text) < 3 or token.folded in vocabulary.lowered or sentence.lexicon.is_verb(token.text):
        return False
    if sentence.is_capital_due(start) and not vocabulary.is_proper(token.folded):
        return _is_bare_subject(sentence, start)
    # "the French army": an English adjective with a capital.
    return sentence.language != "en" or ends_phrase(sentence, start)


def _is_bare_subject(sentence: Sentence, index: int) -> bool:
    """Spanish leaves the article out before names only: "Saturno tiene", "Cervantes escribió"."""
    following = sentence.word_after(index)
    if sentence.language != "es" or following is None or not sentence.is_content(sentence.tokens[index]):
        return False
    is_verb = sentence.lexicon.is_verb(following.text) or following.folded in {"tiene", "puede"}
    return is_verb and not following.folded.endswith("n")  # plurals do without one too
