"""Which language notes are in, by their function words."""

from collections import Counter
from collections.abc import Sequence

from learning.generation.reading.lexicon import ENGLISH, LEXICONS, NEIGHBOURS, SPANISH
from learning.generation.reading.text import Token

CLEAR_MARGIN = 2  # function words by which a sentence must differ from the one before it


def language_of(tokens: Sequence[Token], default: str = "") -> str:
    """The language by the function words: "es", "en" or a neighbour; `default` when they do not tell."""
    counts = Counter(token.folded for token in tokens)
    hits = {code: _hits(counts, words) for code, words in _FUNCTION_WORDS.items()}
    most = max(hits.values())
    best = max((code for code in hits if hits[code] == most), key=lambda code: _common_words(counts, code))
    margin = CLEAR_MARGIN if default else 1
    return best if hits[best] - hits.get(default, 0) >= margin else default


def _hits(counts: Counter[str], words: frozenset[str]) -> int:
    return sum(count for word, count in counts.items() if word in words)


def _common_words(counts: Counter[str], code: str) -> int:
    """Hits among the other words we know of a language; they decide between equals."""
    return _hits(counts, LEXICONS[code].weak) + _hits(counts, LEXICONS[code].verbs) if code in LEXICONS else 0


# Spanish and English first: max() takes the first of equals.
_FUNCTION_WORDS = {"es": SPANISH.stop, "en": ENGLISH.stop} | NEIGHBOURS
