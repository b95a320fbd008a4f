"""A model's text as words, with the learner's own themes found in it, cut into sentences and clauses."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from tutor.figures import Figures
from tutor.truth.vocabulary import BEING, CLAUSE_BREAKS, FACT_WORDS, KNOWN_WORDS, LEVEL_WORDS

MAX_TEXT = 2000  # characters of one text that are looked at

TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+|\S")
SIGNS = frozenset("+#/&")
SENTENCE_ENDS = frozenset(".!?…")
CLOSERS = frozenset("»”\"'’)")
OPENING_QUOTES, CLOSING_QUOTES = frozenset("«“„‘\"'`"), frozenset("»”’\"'`“")


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a number, a sign; or the name of a theme that the learner has (then `theme_key` is set)."""

    text: str
    folded: str
    start: int
    end: int
    theme_key: str = ""

    @property
    def is_number(self) -> bool:
        return not self.theme_key and self.text[0].isdecimal()

    @property
    def is_word(self) -> bool:
        return not self.theme_key and self.text[0].isalpha()

    @property
    def is_capitalised(self) -> bool:
        return self.is_word and self.text[0] != self.text[0].lower()


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    tokens: tuple[Token, ...]

    @property
    def theme_keys(self) -> frozenset[str]:
        return frozenset(token.theme_key for token in self.tokens if token.theme_key)

    @property
    def words(self) -> frozenset[str]:
        return frozenset(token.folded for token in self.tokens if token.is_word)

    def clauses(self, *, plan: bool, about: str) -> Iterator["Clause"]:
        """Parts that each make a claim of their own: cut at ";" and at words such as «pero»."""
        part: list[Token] = []
        for token in self.tokens:
            if token.text == ";" or (token.is_word and token.folded in CLAUSE_BREAKS):
                yield Clause.of(part, plan=plan, about=about)
                part = []
            else:
                part.append(token)
        yield Clause.of(part, plan=plan, about=about)


@dataclass(frozen=True, slots=True)
class Clause:
    """`plan`: it says what to do, and may have numbers of its own. `about`: the theme it speaks of if it names none."""

    tokens: tuple[Token, ...]
    words: frozenset[str]
    theme_keys: frozenset[str]
    plan: bool
    about: str

    @classmethod
    def of(cls, tokens: list[Token], *, plan: bool, about: str) -> "Clause":
        words = frozenset(token.folded for token in tokens if token.is_word)
        keys = frozenset(token.theme_key for token in tokens if token.theme_key)
        tells = words & FACT_WORDS or (keys and words & BEING)
        return cls(tuple(tokens), words, keys, plan and not tells, about)

    @property
    def levels(self) -> set[str]:
        return {LEVEL_WORDS[word] for word in self.words if word in LEVEL_WORDS}


def fold(text: str) -> str:
    """Case and accents folded away, except for «ñ», which is a letter of its own. As `theme_key` in the figures."""
    composed = unicodedata.normalize("NFC", text).casefold().replace("ñ", "\0")
    bare = "".join(c for c in unicodedata.normalize("NFKD", composed) if not unicodedata.combining(c))
    return " ".join(bare.replace("\0", "ñ").split())


def clean(text: str, length: int | None = MAX_TEXT) -> str:
    """One line, without what cannot be seen (zero-width and tag characters, controls) and Markdown's asterisks."""
    visible = (c if c.isspace() or unicodedata.category(c)[0] != "C" else "" for c in text[:length])
    return " ".join("".join(visible).replace("*", " ").split())


class Themes:
    """Finds the learner's themes in a text, whatever the case and the accents. Of two that fit, the longer one."""

    def __init__(self, figures: Figures) -> None:
        self.keys = frozenset(area.theme_key for area in figures.themes)
        self._names: dict[str, list[tuple[tuple[str, ...], str]]] = {}  # by the first word, longest first
        for area in figures.themes:
            name = tuple(token.folded for token in _tokens(area.theme))
            self._names.setdefault(name[0] if name else "", []).append((name, area.theme_key))
        for names in self._names.values():
            names.sort(key=lambda item: -len(item[0]))

    def sentences(self, text: str) -> list[Sentence]:
        """The text's sentences. A full stop inside a theme's name ends none."""
        return list(_cut(text, list(self._mark(text, list(_tokens(text))))))

    def _mark(self, text: str, tokens: list[Token]) -> Iterator[Token]:
        position = 0
        while position < len(tokens):
            length, key = self._at(tokens, position)
            if key:
                start, end = tokens[position].start, tokens[position + length - 1].end
                yield Token(text[start:end], key, start, end, key)
            else:
                yield tokens[position]
            position += max(1, length)

    def _at(self, tokens: list[Token], position: int) -> tuple[int, str]:
        """(how many tokens, theme key) of the theme that begins here; (0, "") when none does."""
        for name, key in self._names.get(tokens[position].folded, ()):
            end = position + len(name)
            if tuple(token.folded for token in tokens[position:end]) != name:
                continue
            # A theme called "100%" or «Memoria» is one only in quotes: else it is what it looks like.
            if _is_ordinary(name) and not is_quoted(tokens, position, end):
                continue
            return len(name), key
        return 0, ""


def is_quoted(tokens: list[Token], start: int, end: int) -> bool:
    before = tokens[start - 1].text if start else ""
    after = tokens[end].text if end < len(tokens) else ""
    return before in OPENING_QUOTES and after in CLOSING_QUOTES


def _is_ordinary(name: tuple[str, ...]) -> bool:
    """Nothing in the name tells it from common words and numbers; the signs of "C++" and "C#" would."""
    ordinary = all(not part[0].isalpha() or len(part) == 1 or part in KNOWN_WORDS for part in name)
    return ordinary and not (any(part[0].isalpha() for part in name) and SIGNS.intersection(name))


def _tokens(text: str) -> Iterator[Token]:
    for match in TOKEN.finditer(text):
        yield Token(match[0], fold(match[0]), match.start(), match.end())


def _cut(text: str, tokens: list[Token]) -> Iterator[Sentence]:
    part: list[Token] = []
    for index, token in enumerate(tokens):
        part.append(token)
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        ended = any(one.text in SENTENCE_ENDS and not one.theme_key for one in part[-2:])
        closes = token.text in SENTENCE_ENDS or (token.text in CLOSERS and ended)
        apart = following is None or following.start > token.end
        if following is None or (ended and closes and apart):
            yield Sentence(text[part[0].start : part[-1].end], tuple(part))
            part = []
