"""How the notes use their words, since there is no tagger here.

A word counts as a noun because the notes use it like one ("la mitocondria", "46 cromosomas"); its gender
is that of its articles. All words are kept folded.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from learning.generation.reading.lexicon import word_set
from learning.generation.reading.sentences import Sentence


@dataclass(slots=True)
class Vocabulary:
    """How the notes use their words; all words folded."""

    nouns: set[str] = field(default_factory=set)
    likely: Counter[str] = field(default_factory=Counter)  # nouns perhaps
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
_FEMININE = re.compile(r"(?:a|dad|tad|tud|ion|umbre|ez|sis|itis|ie)$")
_MASCULINE = re.compile(
    r"(?:ema|oma|grama|clima|planeta|cometa|poeta|mapa|dia|camion|avion|embrion|\b(?:an|cat)?ion)$"
)  # el sistema, el cromosoma
_FEMININE_WORDS = word_set("ley luz red sal piel sangre voz flor mano fase muerte nube leche torre corriente")


def _guess_shape(word: str) -> str:
    """Gender and number of a Spanish noun by its ending."""
    is_plural = word.endswith("s") and not re.search(r"(?:[sxi]is|us)$", word)
    stem = re.sub(r"(?:(?<=[^aeiou])es|s)$", "", word) if is_plural else word
    is_feminine = stem in _FEMININE_WORDS or bool(_FEMININE.search(stem) and not _MASCULINE.search(stem))
    return ("f" if is_feminine else "m") + ("p" if is_plural else "s")


# --- Learning how words are used -----------------------------------------------------------------

_ES_NOMINAL = re.compile(
    r"(?:[csx]ion|[cs]iones|dad|dades|tad|tud|mientos?|ismos?|sis|eza|ncias?"
    r"|logias?|rgias?|grafias?|aje)$"
)
_ES_NOT_NOUN = re.compile(r"(?:mente|ando|iendo|yendo|arse|erse|irse)$")
_ES_MAYBE_NOT = re.compile(
    r"(?:ar|er|ir|[ai]d[oa]s?|os[oa]s?|iv[oa]s?|bles?"
    r"|ales|al|ic[oa]s?|antes?|ientes?)$"
)
_EN_NOMINAL = re.compile(r"(?:tion|sion|ment|ness|ity|ism|ance|ence|ysis|osis|ology|graphy|cyte)s?$")
_AUXILIARIES = word_set("is are was were has have had can may must will do does should could")
_EN_NOT_NOUN = re.compile(r"(?:ly|ed)$")
_EN_MAYBE_NOT = re.compile(r"(?:ing|al|ous|ive|ic|able|ible|ful|less|ary|er|est)$")


def learn(sentences: Sequence[Sentence]) -> Vocabulary:
    """Read all notes once, headings too, and keep how each word is used."""
    vocabulary = Vocabulary()
    for sentence in sentences:
        if not sentence.is_shouted:
            _learn_case(sentence, vocabulary)
        for index, token in enumerate(sentence.tokens):
            if sentence.is_content(token):
                _learn_noun(sentence, index, vocabulary)
                _learn_pair(sentence, index, vocabulary)
    return vocabulary


def _learn_case(sentence: Sentence, vocabulary: Vocabulary) -> None:
    for index, token in enumerate(sentence.tokens):
        if token.text.islower():
            vocabulary.lowered[token.folded] += 1
        elif token.text[0].isupper() and not sentence.is_capital_due(index):
            vocabulary.capitalised.add(token.folded)


def _learn_pair(sentence: Sentence, index: int, vocabulary: Vocabulary) -> None:
    following = sentence.word_after(index)
    if following and sentence.is_content(following):
        vocabulary.pairs[sentence.tokens[index].folded, following.folded] += 1


def _learn_noun(sentence: Sentence, index: int, vocabulary: Vocabulary) -> None:
    word = sentence.tokens[index].folded
    previous = sentence.word_before(index)
    is_noun = _is_english_noun if sentence.language == "en" else _is_spanish_noun
    if is_noun(sentence, index) or _is_likely_again(sentence, index, vocabulary):
        vocabulary.nouns.add(word)
    is_after_weak = previous is not None and previous.folded in sentence.lexicon.weak
    article = sentence.word_before(index - 1) if is_after_weak else previous  # "la primera ley"
    if article and (shape := sentence.lexicon.determiner(article)):
        vocabulary.shapes.setdefault(word, Counter())[shape] += 1


def _is_likely_again(sentence: Sentence, index: int, vocabulary: Vocabulary) -> bool:
    """Whether an English word ends a phrase for the second time ("cell membrane"): once may be a verb."""
    if sentence.language != "en" or not _may_be_english_noun(sentence, index):
        return False
    word = sentence.tokens[index].folded
    vocabulary.likely[word] += 1
    return vocabulary.likely[word] > 1


def _is_spanish_noun(sentence: Sentence, index: int) -> bool:
    """Whether the word before lets nothing but a noun follow: "la célula", "de glucosa", "46 cromosomas"."""
    word, previous = sentence.tokens[index].folded, sentence.word_before(index)
    if _ES_NOT_NOUN.search(word):
        return False
    if _ES_NOMINAL.search(word):
        return True
    if previous is None:
        return False
    lexicon = sentence.lexicon
    if lexicon.determiner(previous) is not None:
        return True
    is_number = previous.text.isdigit() or previous.folded in lexicon.counts
    return (is_number or previous.folded in lexicon.prepositions) and not _ES_MAYBE_NOT.search(word)


def _is_english_noun(sentence: Sentence, index: int) -> bool:
    """Whether the word ends a noun phrase for sure: "the [membrane] controls", "46 [chromosomes]"."""
    word, lexicon = sentence.tokens[index].folded, sentence.lexicon
    if _EN_NOT_NOUN.search(word) or not ends_phrase(sentence, index) or stands_like_verb(sentence, index):
        return False
    previous, following = sentence.word_before(index), sentence.word_after(index)
    if _EN_NOMINAL.search(word) or (previous and previous.folded in lexicon.determiners):
        return True
    if _EN_MAYBE_NOT.search(word):
        return False
    if previous:
        is_number = previous.text.isdigit() or previous.folded in lexicon.counts
        return is_number or previous.folded in lexicon.prepositions
    if index > 0 or following is None:
        return False
    # "Plants absorb", but not "Ignore all"
    return lexicon.is_verb(following.text) or following.folded in _AUXILIARIES


def _may_be_english_noun(sentence: Sentence, index: int) -> bool:
    """Whether the word ends what looks like a phrase: "cell [membrane]", "chemical [energy]"."""
    previous, word, lexicon = sentence.word_before(index), sentence.tokens[index].folded, sentence.lexicon
    if previous is None or previous.folded in lexicon.stop or lexicon.is_verb(previous.text):
        return False
    if previous.folded.endswith("ly") or stands_like_verb(sentence, index):
        return False
    return ends_phrase(sentence, index) and not (_EN_NOT_NOUN.search(word) or _EN_MAYBE_NOT.search(word))


def stands_like_verb(sentence: Sentence, index: int) -> bool:
    """No plural stands before a noun ("neurons communicate"), no noun before an article ("memory lets a")."""
    previous, following = sentence.word_before(index), sentence.word_after(index)
    if previous is None or not sentence.is_content(previous):
        return False
    is_before_article = following is not None and following.folded in sentence.lexicon.determiners
    return is_before_article or bool(_EN_PLURAL.search(previous.folded))


def ends_phrase(sentence: Sentence, index: int) -> bool:
    """Whether what follows cannot belong to the same noun phrase."""
    following = sentence.word_after(index)
    lexicon = sentence.lexicon
    return following is None or following.folded in lexicon.stop or lexicon.is_verb(following.text)
