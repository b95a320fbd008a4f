"""Find what a learner's notes are about: the years, numbers, names and terms that a question can ask for.

There is no tagger here. A word counts as a noun because the notes use it like one ("la mitocondria",
"46 cromosomas"), as a name because it is capitalised where nothing else asks for a capital.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from learning.generation.sentences import Sentence, Token, fold, is_verb

MIN_TERM_LETTERS = 4
MAX_NAME_WORDS = 6
MAX_DEFINED_WORDS = 5
FIRST_YEAR, LAST_YEAR = 1000, 2100


class Kind(StrEnum):
    YEAR = "year"
    CENTURY = "century"
    NUMBER = "number"
    COUNT = "count"  # a number word: "cuatro"
    NAME = "name"
    ACRONYM = "acronym"
    TERM = "term"


NUMERIC = frozenset({Kind.YEAR, Kind.CENTURY, Kind.NUMBER, Kind.COUNT})


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
        elif token.text[0].isupper() and not _opens(sentence, index):
            vocabulary.capitalised.add(token.folded)


def _learn_pair(sentence: Sentence, index: int, vocabulary: Vocabulary) -> None:
    following = _next(sentence, index)
    if following and is_content(following, sentence):
        vocabulary.pairs[sentence.tokens[index].folded, following.folded] += 1


def _learn_noun(sentence: Sentence, index: int, vocabulary: Vocabulary) -> None:
    word = sentence.tokens[index].folded
    previous = _previous(sentence, index)
    if sentence.language == "en":
        if _is_english_noun(sentence, index):
            vocabulary.nouns.add(word)
        return
    determiners = sentence.lexicon.determiners
    is_after_weak = previous is not None and previous.folded in sentence.lexicon.weak
    article = _previous(sentence, index - 1) if is_after_weak else previous  # "la primera ley"
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
    if _EN_NOT_NOUN.search(word) or not _ends_phrase(sentence, index) or _stands_like_verb(sentence, index):
        return False
    previous = _previous(sentence, index)
    if _EN_NOMINAL.search(word):
        return True
    lexicon = sentence.lexicon
    if previous is None:  # "Plants absorb", but not "Ignore all"
        following = _next(sentence, index)
        is_subject = following is not None and (is_verb(following, lexicon) or following.folded in _AUXILIARIES)
        return index == 0 and is_subject and not _EN_MAYBE_NOT.search(word)
    if previous.folded in lexicon.determiners:
        return True
    if _EN_MAYBE_NOT.search(word):
        return False
    if previous.folded in lexicon.stop:
        return previous.folded in lexicon.prepositions
    return not is_verb(previous, lexicon) and not previous.folded.endswith("ly")


def _stands_like_verb(sentence: Sentence, index: int) -> bool:
    """ "reinforcement [adds] a", "neurons [communicate]": no plural stands before a noun, no noun before "a"."""
    previous, following = _previous(sentence, index), _next(sentence, index)
    if previous is None or not is_content(previous, sentence):
        return False
    is_before_article = following is not None and following.folded in sentence.lexicon.determiners
    return is_before_article or bool(_EN_PLURAL.search(previous.folded))


def _ends_phrase(sentence: Sentence, index: int) -> bool:
    following = _next(sentence, index)
    lexicon = sentence.lexicon
    return following is None or following.folded in lexicon.stop or is_verb(following, lexicon)


# --- Small questions about a token ---------------------------------------------------------------

_LATIN_WORD = re.compile(r"[A-Za-zÀ-ÖØ-öø-ſ]+(?:[-'’][A-Za-zÀ-ÖØ-öø-ſ]+)*")


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
        and _LATIN_WORD.fullmatch(token.text) is not None
    )


def _gap(sentence: Sentence, index: int) -> str:
    """The text between a token and the one after it."""
    tokens = sentence.tokens
    return sentence.text[tokens[index].end : tokens[index + 1].start]


def _next(sentence: Sentence, index: int) -> Token | None:
    """The word after, when nothing but a space lies between."""
    if index + 1 < len(sentence.tokens) and _gap(sentence, index) == " ":
        return sentence.tokens[index + 1]
    return None


def _previous(sentence: Sentence, index: int) -> Token | None:
    if index > 0 and _gap(sentence, index - 1) == " ":
        return sentence.tokens[index - 1]
    return None


def _opens(sentence: Sentence, index: int) -> bool:
    """Whether a capital is due here anyway: first word, first after "term:", first of a quotation."""
    if index == 0 or index == sentence.label_end:
        return True
    return any(mark in '«“"‘¡:!' for mark in _gap(sentence, index - 1))


def _is_abbreviated(sentence: Sentence, token: Token) -> bool:
    """Whether a full stop inside the sentence follows: J., Dr., EE."""
    return sentence.text[token.end : token.end + 1] == "." and token is not sentence.tokens[-1]


# --- Years, centuries and numbers ----------------------------------------------------------------

_NUMBER = re.compile(r"[-−]?[0-9]+(?:[ .,][0-9]+)*")
_ROMAN = re.compile(r"[IVXLC]+")
_ORDINAL = re.compile(r"[0-9]{1,2}(?:st|nd|rd|th)")
_UNIT_SIGN = re.compile(r"\s?([%‰€$]|°\s?[CF]?\b|º\s?C\b)")
_NUMBERED_THINGS = frozenset(
    [
        "tema",
        "capitulo",
        "pagina",
        "pag",
        "fig",
        "figura",
        "tabla",
        "apartado",
        "unidad",
        "numero",
        "n",
        "o",
        "nº",
        "num",
        "nro",
        "chapter",
        "page",
        "figure",
        "table",
        "section",
        "unit",
        "number",
        "no",
    ]
)
_ERAS = frozenset({"a", "d", "bc", "ad", "bce", "ce", "aec"})


def _numbers(sentence: Sentence) -> Iterator[tuple[int, int, Kind, str]]:
    """(first token, token after the last, kind, unit) of each number that can be asked for."""
    lexicon = sentence.lexicon
    for index, token in enumerate(sentence.tokens):
        previous = _previous(sentence, index)
        following = _next(sentence, index)
        if _NUMBER.fullmatch(token.text):
            if _stands_alone(sentence, index):
                yield index, index + 1, *_kind_of_number(sentence, index)
        elif previous and previous.folded in {"siglo", "siglos"} and _ROMAN.fullmatch(token.text):
            yield index, index + 1, Kind.CENTURY, "roman"
        elif following and following.folded == "century" and _ORDINAL.fullmatch(token.text):
            yield index, index + 1, Kind.CENTURY, "ordinal"
        elif token.folded in lexicon.counts and following and is_content(following, sentence):
            yield index, index + 1, Kind.COUNT, lexicon.code


def _stands_alone(sentence: Sentence, index: int) -> bool:
    """Whether a number is a quantity or a year: no part of a date, a range, a formula or a page reference."""
    token = sentence.tokens[index]
    before = sentence.text[max(0, token.start - 2) : token.start]
    after = sentence.text[token.end : token.end + 2]
    if before and before[-1] not in ' («“"~≈<>≥≤$€':
        return False
    if after and (after[0] not in ' ),.;:%‰€$°º»”"' or after.strip()[:1] in {"×", "*", "^", "=", "+", "/"}):
        return False
    if before.strip() in {"=", "+", "×", "*", "/"} and after.strip():
        return False
    previous, following = _previous(sentence, index), _next(sentence, index)
    if previous and (previous.folded in _NUMBERED_THINGS or previous.folded in sentence.lexicon.months):
        return False
    if following and (following.folded in sentence.lexicon.months or following.text[0].isdigit()):
        return False
    if following and following.folded == "de" and index + 2 < len(sentence.tokens):
        return sentence.tokens[index + 2].folded not in sentence.lexicon.months
    return token.text not in {"0", "1"}


def _kind_of_number(sentence: Sentence, index: int) -> tuple[Kind, str]:
    token = sentence.tokens[index]
    previous, following = _previous(sentence, index), _next(sentence, index)
    unit = _unit(sentence, index)
    is_four_digits = (
        len(token.text) == 4 and token.text.isdigit() and FIRST_YEAR <= int(token.text) <= LAST_YEAR
    )
    if not is_four_digits or unit in _ERAS or _UNIT_SIGN.match(sentence.text, token.end):
        return Kind.NUMBER, unit
    led = previous is not None and previous.folded in sentence.lexicon.year_lead
    counts_something = following is not None and following.text.islower() and is_content(following, sentence)
    return (Kind.YEAR, "") if led or not counts_something else (Kind.NUMBER, unit)


def _unit(sentence: Sentence, index: int) -> str:
    token, following = sentence.tokens[index], _next(sentence, index)
    if sign := _UNIT_SIGN.match(sentence.text, token.end):
        return sign[1]
    if sentence.text[token.start - 1 : token.start] in {"$", "€"}:
        return sentence.text[token.start - 1]
    if following is None:
        return ""
    if following.folded in _ERAS or following.folded not in sentence.lexicon.stop:
        return following.folded
    return ""


# --- Names and acronyms --------------------------------------------------------------------------

_ACRONYM = re.compile(r"(?=.*[A-ZÁÉÍÓÚÑ].*[A-ZÁÉÍÓÚÑ0-9])[A-ZÁÉÍÓÚÑ][A-ZÁÉÍÓÚÑ0-9]{1,5}")


def _is_acronym(token: Token) -> bool:
    return _ACRONYM.fullmatch(token.text) is not None and not _ROMAN.fullmatch(token.text)


def _is_capitalised(sentence: Sentence, index: int) -> bool:
    """Whether a word could be part of a name by its looks."""
    token = sentence.tokens[index]
    lexicon = sentence.lexicon
    return (
        token.text[0].isupper()
        and len(token.text) > 1
        and not _is_acronym(token)
        and not _is_abbreviated(sentence, token)
        and token.folded not in lexicon.stop
        and token.folded not in lexicon.months
        and _LATIN_WORD.fullmatch(token.text) is not None
    )


def _names(sentence: Sentence, vocabulary: Vocabulary) -> Iterator[tuple[int, int]]:
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
    """Where the name that begins at `start` ends: "Miguel de Cervantes", "Luis XVI", "Declaration of the Rights"."""
    end = start + 1
    while end < len(sentence.tokens) and end - start < MAX_NAME_WORDS:
        if _is_epithet(sentence, end):
            return end + 2
        step = end
        while step < min(end + 2, len(sentence.tokens)) and _is_link(sentence, step, first=step == end):
            step += 1
        if step >= len(sentence.tokens) or _previous(sentence, step) is None:
            break
        is_numeral = step == end and _ROMAN.fullmatch(sentence.tokens[step].text)
        if not is_numeral and not _is_capitalised(sentence, step):
            break
        end = step + 1
    return end


def _is_epithet(sentence: Sentence, index: int) -> bool:
    """ "Isabel [la Católica]", "Alfonso X [el Sabio]"."""
    token, following = sentence.tokens[index], _next(sentence, index)
    if token.text not in {"el", "la", "the"} or _previous(sentence, index) is None or following is None:
        return False
    after = _next(sentence, index + 1)
    return _is_capitalised(sentence, index + 1) and not (after and after.text[0].isupper())


def _is_link(sentence: Sentence, index: int, *, first: bool) -> bool:
    """ "de", "del", "of"; and after one of these an article ("de la", "of the")."""
    token = sentence.tokens[index]
    if _previous(sentence, index) is None or not token.text.islower():
        return False
    return token.folded in (sentence.lexicon.links if first else sentence.lexicon.determiners)


def _is_name(sentence: Sentence, start: int, end: int, vocabulary: Vocabulary) -> bool:
    token = sentence.tokens[start]
    if end - start > 1:
        is_opening_verb = is_verb(token, sentence.lexicon) or token.folded.endswith(("mente", "ly"))
        return not (_opens(sentence, start) and is_opening_verb)
    if len(token.text) < 3 or token.folded in vocabulary.lowered or is_verb(token, sentence.lexicon):
        return False
    if _opens(sentence, start) and not vocabulary.is_proper(token.folded):
        return _is_bare_subject(sentence, start)
    # "the French army": an English adjective with a capital.
    return sentence.language != "en" or _ends_phrase(sentence, start)


def _is_bare_subject(sentence: Sentence, index: int) -> bool:
    """ "Saturno tiene", "Cervantes escribió": in Spanish only a name does without an article there."""
    following = _next(sentence, index)
    if sentence.language != "es" or following is None or not is_content(sentence.tokens[index], sentence):
        return False
    is_singular = not following.folded.endswith("n") and following.folded not in {"son", "eran", "fueron"}
    return is_singular and (is_verb(following, sentence.lexicon) or following.folded in {"tiene", "puede"})


# --- Terms ---------------------------------------------------------------------------------------


def _terms(sentence: Sentence, vocabulary: Vocabulary) -> Iterator[tuple[int, int]]:
    """Token spans of nouns, two-word terms first when the notes use them again and again."""
    tokens = sentence.tokens
    for index, token in enumerate(tokens):
        if not is_content(token, sentence) or not _has_plain_case(sentence, index):
            continue
        following = _next(sentence, index)
        if following and vocabulary.pairs[token.folded, following.folded] >= 2:
            head, last = (following, index + 1) if sentence.language == "en" else (token, index)
            if head.folded in vocabulary.nouns and (last == index or _ends_phrase(sentence, last)):
                yield index, index + 2
        if token.folded in vocabulary.nouns and len(token.text) >= MIN_TERM_LETTERS:
            if _is_used_as_noun(sentence, index):
                yield index, index + 1


def _has_plain_case(sentence: Sentence, index: int) -> bool:
    text = sentence.tokens[index].text
    if sentence.is_shouted or text.islower():
        return True
    return _opens(sentence, index) and text[1:].islower()


def _is_used_as_noun(sentence: Sentence, index: int) -> bool:
    """Whether a known noun is one here too: "la química", not "energía química"; "a cell", not "cell wall"."""
    if sentence.language == "en":
        return _ends_phrase(sentence, index) and not _stands_like_verb(sentence, index)
    previous = _previous(sentence, index)
    return previous is None or not is_content(previous, sentence) or previous.text[0].isupper()


def _defined(sentence: Sentence) -> Iterator[tuple[int, int, bool]]:
    """(first token, token after the last, whether surely) of each term that the sentence explains."""
    if span := sentence.label != (0, 0) and _proper_subject(sentence, *sentence.label):
        yield *span, True
    for index, token in enumerate(sentence.tokens):
        if token.folded in sentence.lexicon.copulas and token.text.islower():
            if span := _subject_before(sentence, index):
                yield *span, _opens_definition(sentence, index)
        if span := _named_after(sentence, index):
            yield *span, True


def _opens_definition(sentence: Sentence, copula: int) -> bool:
    """Whether "X is" goes on like a definition: "is a", "es el", "son las", "means"."""
    following = _next(sentence, copula)
    if sentence.tokens[copula].folded in {"significa", "means", "refers", "consiste"}:
        return True
    return following is not None and following.folded in sentence.lexicon.determiners


def _subject_before(sentence: Sentence, copula: int) -> tuple[int, int] | None:
    """The noun phrase that opens a clause and ends right before the copula, without its article."""
    lexicon, tokens = sentence.lexicon, sentence.tokens
    following = _next(sentence, copula)
    if following is None or following.folded == "que":
        return None
    start = copula
    while start > 0 and copula - start <= MAX_DEFINED_WORDS:
        if _previous(sentence, start) is None:  # punctuation: here the clause begins
            return _proper_subject(sentence, start, copula)
        token = tokens[start - 1]
        inside = start >= 2 and tokens[start - 2].folded in lexicon.links
        if token.folded in lexicon.determiners and not inside:
            is_open = start == 1 or _previous(sentence, start - 1) is None
            return _proper_subject(sentence, start, copula) if is_open else None
        is_word = token.folded not in lexicon.stop and not is_verb(token, lexicon) and token.text[0].isalpha()
        if not (is_word or inside or token.folded in lexicon.links):
            return None
        start -= 1
    return _proper_subject(sentence, start, copula) if start == 0 else None


def _proper_subject(sentence: Sentence, start: int, end: int) -> tuple[int, int] | None:
    """The span, unless its head says too little to be asked for ("la función principal es")."""
    words = sentence.tokens[start:end]
    weak = sentence.lexicon.weak
    if (
        not words
        or words[0].folded in sentence.lexicon.links
        or not any(is_content(w, sentence) for w in words)
    ):
        return None
    if sentence.language == "en":
        links = [i for i, word in enumerate(words) if word.folded in sentence.lexicon.links]
        return None if words[(links[0] if links else len(words)) - 1].folded in weak else (start, end)
    head = words[1] if words[0].folded in weak and len(words) > 1 else words[0]
    return (start, end) if is_content(head, sentence) else None


def _named_after(sentence: Sentence, index: int) -> tuple[int, int] | None:
    """The term right after "se llama", "is called", "known as" that begins at `index`."""
    tokens, lexicon = sentence.tokens, sentence.lexicon
    for phrase in lexicon.naming.get(tokens[index].folded, ()):
        if tuple(token.folded for token in tokens[index : index + len(phrase)]) != phrase:
            continue
        start = index + len(phrase)
        if start < len(tokens) and tokens[start].folded in lexicon.determiners:
            start += 1
        end = start
        while end < len(tokens) and end - start < 3 and is_content(tokens[end], sentence):
            if _previous(sentence, end) is None:
                break
            end += 1
        return (start, end) if end > start else None
    return None


# --- All of a sentence ---------------------------------------------------------------------------

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

    for start, end, kind, unit in _numbers(sentence):
        add(start, end, kind, unit=unit, bonus=0.8 if kind is Kind.NUMBER and unit else 0.0)
    names = set(_names(sentence, vocabulary))
    for start, end, is_sure in _defined(sentence):
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
        if _is_acronym(token) and not sentence.is_shouted and not _is_abbreviated(sentence, token):
            add(index, index + 1, Kind.ACRONYM)
    for start, end in _terms(sentence, vocabulary):
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
    if len(words) == 1 and _is_acronym(words[0]):
        return Kind.ACRONYM
    if (start, end) in names:
        return Kind.NAME
    is_single_opening = start == 0 and len(words) == 1 and words[0].text[0].isupper()
    if is_single_opening and end < len(sentence.tokens) and words[0].folded not in vocabulary.lowered:
        # "Newton was a physicist": of a term one would say "is".
        if sentence.tokens[end].folded == "was" and _opens_definition(sentence, end):
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
    previous = _previous(sentence, start)
    article = sentence.lexicon.determiners.get(previous.folded) if previous else None
    lead = previous
    if kind is Kind.NAME and previous and is_content(previous, sentence):  # "in northern Italy"
        lead = _previous(sentence, start - 1)
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
        opens=_opens(sentence, start) and text[0].isupper(),
    )
