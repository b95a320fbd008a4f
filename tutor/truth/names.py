"""Does a sentence name something the learner does not have?

Nobody can list the themes that do not exist. So it is the other way round: apart from the learner's own themes, a
sentence consists of words from a closed vocabulary, without needless capitals and with nothing else in quotes.
"""

from collections.abc import Sequence

from tutor.truth.text import CLOSING_QUOTES, OPENING_QUOTES, Sentence, Token
from tutor.truth.vocabulary import KNOWN_ENDINGS, KNOWN_WORDS, PROPER_WORDS

BEGINNINGS = frozenset("¿¡:(—–-")


def names_a_stranger(sentence: Sentence) -> bool:
    tokens = sentence.tokens
    return any(
        _is_unheard_of(token) or _has_needless_capital(tokens, index) or _quotes_a_stranger(tokens, index)
        for index, token in enumerate(tokens)
    )


def _is_unheard_of(token: Token) -> bool:
    if not token.is_word:
        return False
    return token.folded not in KNOWN_WORDS and not KNOWN_ENDINGS.fullmatch(token.folded)


def _has_needless_capital(tokens: Sequence[Token], index: int) -> bool:
    """An ordinary word with a capital is a name: «Memoria» may be somebody's theme, only not this learner's."""
    token = tokens[index]
    begins = index == 0 or tokens[index - 1].text in BEGINNINGS
    return token.is_capitalised and not begins and token.folded not in PROPER_WORDS


def _quotes_a_stranger(tokens: Sequence[Token], index: int) -> bool:
    token = tokens[index]
    # The apostrophe of "you've", and the second of two straight quotes, stand close to what is before them.
    begins = index == 0 or tokens[index - 1].end < token.start or tokens[index - 1].text in BEGINNINGS
    if token.theme_key or token.text not in OPENING_QUOTES or not begins:
        return False
    inside, after = tokens[index + 1 : index + 2], tokens[index + 2 : index + 3]
    return not (inside and inside[0].theme_key and after and after[0].text in CLOSING_QUOTES)
