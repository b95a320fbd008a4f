"""How the notes use their words, since there is no tagger here.

A word counts as a noun because the notes use it like one ("la mitocondria", "46 cromosomas"); its gender
is that of its articles. All words are kept folded.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from learning.generation.reading.sentences import Sentence, Token, is_verb


@dataclass(slots=True)
class Vocabulary:
    """How the notes use their words; all words folded."""

    nouns: set[str] = field(default_factory=set)
    lowered: Counter[str] = field(default_factory=Counter)  # written in lower case
    capitalised: set[str] = field(default_factory=set)  # with a capital, inside a sentence
    shapes: dict[str, Counter[str]] = field(default_factory=dict)  # by the articles seen
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)  # neighbours, "membrana plasmatica"

    def is_proper(self, word: str) -> bool:
        return word in self.capitalised and word not in self.lowered

    def shape_of(self, words: Sequence[str], language: str) -> str:
        """Gender and number of a term by its head: the first word in Spanish, the last in English."""
        if language == "en":
            return "p" if _EN_PLURAL.search(words[-1]) else "s"
        if seen := self.shapes.get(words[0]):
            return max(seen, key=seen.__getitem__)
        return _guess_shape(words[0])


_EN_PLURAL = re.compile(r"[^sui]s$")
_FEMININE = re.compile(r"(?:a|dad|tad|tud|cion|sion|xion|umbre|ez|sis|itis|ie)$")
_MASCULINE = re.compile(r"(?:ema|oma|grama|clima|planeta|cometa|poeta|mapa|dia)$")  # el sistema, el cromosoma
_FEMININE_WORDS = frozenset(
    [
        "ley",
        "luz",
        "red",
        "sal",
        "piel",
        "sangre",
        "voz",
        "flor",
        "mano",
        "fase",
        "muerte",
        "nube",
        "leche",
        "torre",
        "corriente",
    ]
)


def _guess_shape(word: str) -> str:
    """Gender and number of a Spanish noun by its ending."""
    is_plural = word.endswith("s") and not re.search(r"(?:[sxi]is|us)$", word)
    stem = re.sub(r"(?:(?<=[^aeiou])es|s)$", "", word) if is_plural else word
    is_feminine = bool(_FEMININE.search(stem)) and not _MASCULINE.search(stem) or stem in _FEMININE_WORDS
    return ("f" if is_feminine else "m") + ("p" if is_plural else "s")


# --- Learning how words are used -----------------------------------------------------------------

_ES_NOMINAL = re.compile(
    r"(?:cion|sion|xion|ciones|siones|dad|dades|tad|tud|mientos?|ismos?|sis|eza|ncias?|logias?|rgias?|grafias?|aje)$"
)
_ES_NOT_NOUN = re.compile(r"(?:mente|ando|iendo|yendo|arse|erse|irse)$")
_ES_MAYBE_NOT = re.compile(
    r"(?:ar|er|ir|[ai]d[oa]s?|os[oa]s?|iv[oa]s?|bles?|ales|al|ic[oa]s?|antes?|ientes?)$"
)
_EN_NOMINAL = re.compile(r"(?:tion|sion|ment|ness|ity|ism|ance|ence|ysis|osis|ology|graphy|cyte)s?$")
_AUXILIARIES = frozenset("is are was were has have had can may must will do does should could".split())
_EN_NOT_NOUN = re.compile(r"(?:ly|ed)$")
_EN_MAYBE_NOT = re.compile(r"(?:ing|al|ous|ive|ic|able|ible|ful|less|ary|er|est)$")


def learn(sentences: Sequence[Sentence]) -> Vocabulary:
    """Read all notes once, headings too, and keep how each word is used."""
    vocabulary = Vocabulary()
    for sentence in sentences:
        if not sentence.is_shouted:
            _learn_case(sentence, vocabulary)
        for index, token in enumerate(sentence.tokens):
            if is_content(token, sentence):
                _learn_noun(sentence, index, vocabulary)
                _learn_pair(sentence, index, vocabulary)
    return vocabulary


def _learn_case(sentence: Sentence, vocabulary: Vocabulary) -> None:
    for index, token in enumerate(sentence.tokens):
        if token.text.islower():
            vocabulary.lowered[token.folded] += 1
        elif token.text[0].isupper() and not opens(sentence, index):
            vocabulary.capitalised.add(token.folded)


def _learn_pair(sentence: Sentence, index: int, vocabulary: Vocabulary) -> None:
    following = token_after(sentence, index)
    if following and is_content(following, sentence):
        vocabulary.pairs[sentence.tokens[index].folded, following.folded] += 1


def _learn_noun(sentence: Sentence, index: int, vocabulary: Vocabulary) -> None:
    word = sentence.tokens[index].folded
    previous = token_before(sentence, index)
    if sentence.language == "en":
        if _is_english_noun(sentence, index):
            vocabulary.nouns.add(word)
        return
    determiners = sentence.lexicon.determiners
    is_after_weak = previous is not None and previous.folded in sentence.lexicon.weak
    article = token_before(sentence, index - 1) if is_after_weak else previous  # "la primera ley"
    if article and determiners.get(article.folded):
        vocabulary.shapes.setdefault(word, Counter())[determiners[article.folded]] += 1
    if (
        previous
        and previous.folded in determiners
        and not _ES_NOT_NOUN.search(word)
        or _ES_NOMINAL.search(word)
        or (previous and _is_spanish_noun_after(previous, word, sentence))
    ):
        vocabulary.nouns.add(word)


def _is_spanish_noun_after(previous: Token, word: str, sentence: Sentence) -> bool:
    """Whether the word before lets nothing but a noun follow: "de glucosa", "46 cromosomas"."""
    if _ES_NOT_NOUN.search(word) or _ES_MAYBE_NOT.search(word):
        return False
    lexicon = sentence.lexicon
    return (
        previous.folded in lexicon.prepositions
        or previous.text.isdigit()
        or previous.folded in lexicon.counts
    )


def _is_english_noun(sentence: Sentence, index: int) -> bool:
    """Whether the word ends a noun phrase: "the cell [membrane] controls", "of [energy]."."""
    word = sentence.tokens[index].folded
    if _EN_NOT_NOUN.search(word) or not ends_phrase(sentence, index) or stands_like_verb(sentence, index):
        return False
    previous = token_before(sentence, index)
    if _EN_NOMINAL.search(word):
        return True
    lexicon = sentence.lexicon
    if previous is None:  # "Plants absorb", but not "Ignore all"
        following = token_after(sentence, index)
        is_subject = following is not None and (is_verb(following, lexicon) or following.folded in _AUXILIARIES)
        return index == 0 and is_subject and not _EN_MAYBE_NOT.search(word)
    if previous.folded in lexicon.determiners:
        return True
    if _EN_MAYBE_NOT.search(word):
        return False
    if previous.folded in lexicon.stop:
        return previous.folded in lexicon.prepositions
    return not is_verb(previous, lexicon) and not previous.folded.endswith("ly")


def stands_like_verb(sentence: Sentence, index: int) -> bool:
    """ "reinforcement [adds] a", "neurons [communicate]": no plural stands before a noun, no noun before "a"."""
    previous, following = token_before(sentence, index), token_after(sentence, index)
    if previous is None or not is_content(previous, sentence):
        return False
    is_before_article = following is not None and following.folded in sentence.lexicon.determiners
    return is_before_article or bool(_EN_PLURAL.search(previous.folded))


def ends_phrase(sentence: Sentence, index: int) -> bool:
    following = token_after(sentence, index)
    lexicon = sentence.lexicon
    return following is None or following.folded in lexicon.stop or is_verb(following, lexicon)


# --- Small questions about a token ---------------------------------------------------------------

LATIN_WORD = re.compile(r"[A-Za-zÀ-ÖØ-öø-ſ]+(?:[-'’][A-Za-zÀ-ÖØ-öø-ſ]+)*")


def is_content(token: Token, sentence: Sentence) -> bool:
    """Whether a word carries meaning of its own and could be a noun or an adjective."""
    lexicon = sentence.lexicon
    return (
        len(token.text) >= 3
        and token.folded not in lexicon.stop
        and token.folded not in lexicon.weak
        and token.folded not in lexicon.months
        and token.folded not in lexicon.counts
        and not is_verb(token, lexicon)
        and LATIN_WORD.fullmatch(token.text) is not None
    )


def _gap(sentence: Sentence, index: int) -> str:
    """The text between a token and the one after it."""
    tokens = sentence.tokens
    return sentence.text[tokens[index].end : tokens[index + 1].start]


def token_after(sentence: Sentence, index: int) -> Token | None:
    """The word after, when nothing but a space lies between."""
    if index + 1 < len(sentence.tokens) and _gap(sentence, index) == " ":
        return sentence.tokens[index + 1]
    return None


def token_before(sentence: Sentence, index: int) -> Token | None:
    if index > 0 and _gap(sentence, index - 1) == " ":
        return sentence.tokens[index - 1]
    return None


def opens(sentence: Sentence, index: int) -> bool:
    """Whether a capital is due here anyway: first word, first after "term:", first of a quotation."""
    if index == 0 or index == sentence.label_end:
        return True
    return any(mark in '«“"‘¡:!' for mark in _gap(sentence, index - 1))


def is_abbreviated(sentence: Sentence, token: Token) -> bool:
    """Whether a full stop inside the sentence follows: J., Dr., EE."""
    return sentence.text[token.end : token.end + 1] == "." and token is not sentence.tokens[-1]
