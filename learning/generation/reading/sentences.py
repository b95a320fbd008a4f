"""Cut a learner's notes into sentences, each with its words, its language and its place in the notes.

Notes come as they are: wrapped paragraphs, bullets, headings, "term: definition" lines, Markdown, pasted
pages. Nothing here raises on any text, and every pattern is linear (possessive or bounded).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from learning.generation.reading.language import language_of
from learning.generation.reading.lexicon import (
    ABBREVIATIONS,
    CLOSING_ABBREVIATIONS,
    ENGLISH,
    LEXICONS,
    SPANISH,
    Lexicon,
    word_set,
)
from learning.generation.reading.text import LATIN_WORD, ROMAN, Token, fold, plain, tokenise

MIN_WORDS, MAX_WORDS = 5, 45
MAX_WORD_LETTERS = 40  # longer than any term of school notes: a hash, a key, a run of one letter
MIN_WRAP_WIDTH = 40  # characters; nobody wraps a paragraph narrower than this
MAX_LABEL_WORDS = 5  # "Membrana plasmática: ..."


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence or loose line: notes[start:end], and `text` as a learner should see it."""

    start: int
    end: int
    text: str
    tokens: tuple[Token, ...]
    language: str  # "es", "en", the code of a neighbour that we do not read, or "" unknown
    label: tuple[int, int]  # tokens of the term in "term: definition"; (0, 0) when it is no such line
    label_end: int  # the token after the separator
    is_shouted: bool  # ALL CAPITALS: capitals mean nothing here

    @property
    def is_readable(self) -> bool:
        return self.language in LEXICONS

    @property
    def lexicon(self) -> Lexicon:
        return LEXICONS.get(self.language, SPANISH)

    def gap_after(self, index: int) -> str:
        """The text between a token and the one after it."""
        return self.text[self.tokens[index].end : self.tokens[index + 1].start]

    def word_after(self, index: int) -> Token | None:
        """The word after, when nothing but a space lies between."""
        if index + 1 < len(self.tokens) and self.gap_after(index) == " ":
            return self.tokens[index + 1]
        return None

    def word_before(self, index: int) -> Token | None:
        """The word before, when nothing but a space lies between."""
        return self.tokens[index - 1] if index > 0 and self.gap_after(index - 1) == " " else None

    def is_capital_due(self, index: int) -> bool:
        """Whether a capital means nothing: first word, first after "term:", first of a quotation."""
        if index == 0 or index == self.label_end:
            return True
        return any(mark in '«“"‘¡:!' for mark in self.gap_after(index - 1))

    def is_abbreviated(self, token: Token) -> bool:
        """Whether a full stop inside the sentence follows: J., Dr., EE."""
        return self.text[token.end : token.end + 1] == "." and token is not self.tokens[-1]

    def is_content(self, token: Token) -> bool:
        """Whether a word carries meaning of its own and could be a noun or an adjective."""
        lexicon, word = self.lexicon, token.folded
        if len(word) < 3 or word in lexicon.stop or word in lexicon.weak or word in lexicon.months:
            return False
        if word in lexicon.counts or lexicon.is_verb(token.text) or ROMAN.fullmatch(token.text):
            return False
        return LATIN_WORD.fullmatch(token.text) is not None

    @property
    def has_verb(self) -> bool:
        """Whether a finite verb, or a word that opens a clause, is in sight: what a heading lacks."""
        is_verb = self.lexicon.is_verb
        return any(token.folded in _CLAUSE_WORDS or is_verb(token.text) for token in self.tokens)


_CLAUSE_WORDS = frozenset({"que", "se", "which", "that", "who"})


# --- Lines to blocks -----------------------------------------------------------------------------

_BULLET = re.compile(
    r"[ \t]*+(?:"
    r"(?:[^\w\s(«“\"'‘¿¡$€<]{1,4}"  # - * • – # > and emoji
    r"|\(?[0-9]{1,2}[.)]|\(?[A-Za-z]\)"  # 1. 1) (1) a)
    r"|[0-9]{1,2}(?:\.[0-9]{1,2}){1,3}\.?(?=\s+[A-ZÁÉÍÓÚÑ])"  # 2.1 Título
    r")[ \t]+){1,3}"
)
_LABEL_LINE = re.compile(r"[^\W\d_][^.:;,!?]{1,60}(?::| [-–—=→])\s")
_INNER_END = re.compile(r"[^\W\d_]{3}[.!?] +[A-ZÁÉÍÓÚÑ¿¡«“]")
_STOP_WORDS = SPANISH.stop | ENGLISH.stop
# No line of a list ends with one of these.
_UNFINISHED = word_set("y e o u que se and or that which").union(
    *[(*lexicon.determiners, *lexicon.prepositions, *lexicon.copulas) for lexicon in LEXICONS.values()]
)


@dataclass(frozen=True, slots=True)
class _Line:
    start: int  # after the bullet
    end: int  # before the white space at the end
    text: str
    width: int  # with indent and bullet
    is_item: bool
    is_heading: bool


def _lines(notes: str) -> Iterator[_Line]:
    """Every line of the notes; blank ones and rulers (-----) come with an empty text."""
    offset = 0
    for raw in notes.splitlines(keepends=True):
        bullet = _BULLET.match(raw)
        body = raw[bullet.end() :] if bullet else raw
        text = body.strip()
        start = offset + raw.index(text, bullet.end() if bullet else 0)
        has_words = any(char.isalnum() for char in text)
        yield _Line(
            start=start,
            end=start + len(text),
            text=text if has_words else "",
            width=len(raw.rstrip()),
            is_item=bullet is not None,
            is_heading=raw.lstrip().startswith("#"),
        )
        offset += len(raw)


def _blocks(notes: str) -> Iterator[tuple[int, int]]:
    """Spans of the notes that read on without a break: a paragraph, a list item, a heading."""
    run: list[_Line] = []
    for line in _lines(notes):
        if line.text:
            run.append(line)
        else:
            yield from _join_lines(run)
            run = []
    yield from _join_lines(run)


def _join_lines(run: Sequence[_Line]) -> Iterator[tuple[int, int]]:
    """Undo the wrapping of neighbouring lines; yields the span of each block."""
    if not run:
        return
    width = max(line.width for line in run)
    # Full stops inside lines: a paragraph, not one fact a line; then a nearly full line will do.
    slack = width // 4 if any(_INNER_END.search(line.text) for line in run) else 0
    first = previous = run[0]
    for line in run[1:]:
        if not _reads_on(first, previous, line, width - slack):
            yield first.start, previous.end
            first = line
        previous = line
    yield first.start, previous.end


def _reads_on(first: _Line, previous: _Line, line: _Line, width: int) -> bool:
    """Whether `line` continues `previous`; `first` opened their block, a line of `width` counts as full."""
    if line.is_item or line.is_heading or previous.is_heading or previous.text.endswith(":"):
        return False
    opening = line.text.split(maxsplit=1)[0]
    if line.text[0].isupper() and _LABEL_LINE.match(line.text):
        return False
    if previous.text.endswith((".", "!", "?", "…")):
        return True  # the sentence splitter decides
    if previous.text.endswith("-"):
        return True  # a broken word
    last_word = fold(previous.text.rsplit(maxsplit=1)[-1])
    if last_word.endswith(",") or last_word in _UNFINISHED:
        return True
    if first.text[0].isupper() and not line.text[0].isupper():
        return True
    # Capitals do not tell, or there are none: a wrapped line ends where the next word no longer fitted.
    was_full = width >= MIN_WRAP_WIDTH and previous.width + 1 + len(opening) > width
    return was_full and fold(opening) not in _STOP_WORDS


# --- Blocks to sentences -------------------------------------------------------------------------

_END = re.compile(r"(?<![.!?…])[.!?…]++[»”\"'’)\]*_]*+(?:\[[0-9]{1,3}\]\u200b?)*+(?=\s|$)")
_OPENING_MARKS = "¿¡«“\"'(["


def _cut(text: str) -> Iterator[tuple[int, int]]:
    """Spans of the sentences of one block."""
    start = 0
    for match in _END.finditer(text):
        if _ends_sentence(text, match):
            yield start, match.end()
            start = match.end()
    yield start, len(text)


def _ends_sentence(text: str, match: re.Match[str]) -> bool:
    """Whether a full stop (or ! ? …) closes its sentence, by the words around it."""
    after = text[match.end() : match.end() + 40].split(maxsplit=1)
    if not after:
        return True
    following = after[0].lstrip(_OPENING_MARKS)
    before = re.split(r"[\s(«“\"¿¡]", text[max(0, match.start() - 30) : match.start()])[-1]
    word = before.replace(".", "").lower()
    is_full_stop = match[0] == "."
    if is_full_stop and word in ABBREVIATIONS:
        return False
    if is_full_stop and (word in CLOSING_ABBREVIATIONS or (len(word) == 1 and word.isalpha())):
        # "EE. UU. El", "siglo X. Mandó", but "J. Watson", "a. C. Augusto".
        following = following.rstrip(",.;:")
        return following[:1].isupper() and (fold(following) in _STOP_WORDS or _is_any_verb(following))
    if following[:1].islower():
        # Hasty notes have no capitals; an unknown abbreviation is mostly short.
        return is_full_stop and len(word) >= 4 and word != "etc"
    return True


def _is_any_verb(word: str) -> bool:
    return SPANISH.is_verb(word) or ENGLISH.is_verb(word)


def split_sentences(notes: str) -> list[Sentence]:
    """All sentences and loose lines of the notes, in order, headings included."""
    spans: list[tuple[int, int]] = []
    for block_start, block_end in _blocks(notes):
        for start, end in _cut(notes[block_start:block_end]):
            raw = notes[block_start + start : block_start + end]
            text = raw.strip()
            if text:
                left = block_start + start + raw.index(text)
                spans.append((left, left + len(text)))
    texts = [plain(notes[start:end]) for start, end in spans]
    tokens = [tokenise(text) for text in texts]
    language = language_of([token for sentence in tokens for token in sentence])
    sentences = []
    for span, text, words in zip(spans, texts, tokens, strict=True):
        language = language_of(words, default=language)  # in doubt, that of the sentence before
        sentences.append(_sentence(span, text, words, language))
    return sentences


def _sentence(span: tuple[int, int], text: str, tokens: tuple[Token, ...], language: str) -> Sentence:
    label, label_end = _find_label(text, tokens, LEXICONS.get(language, SPANISH))
    letters = [char for char in text if char.isalpha()]
    capitals = sum(char.isupper() for char in letters)
    return Sentence(
        start=span[0],
        end=span[1],
        text=text,
        tokens=tokens,
        language=language,
        label=label,
        label_end=label_end,
        is_shouted=capitals > 0.6 * len(letters),
    )


_SEPARATOR = re.compile(r"\s*+(?:\([^()]{1,60}\))?(?::| [-–—=→])\s")
_NOTHING = ((0, 0), 0)


def _find_label(text: str, tokens: tuple[Token, ...], lexicon: Lexicon) -> tuple[tuple[int, int], int]:
    """The tokens of the term in "La ósmosis (biología): paso de agua", and the first of its explanation."""
    begin = 1 if tokens and lexicon.determiner(tokens[0]) is not None else 0
    for index, token in enumerate(tokens[: MAX_LABEL_WORDS + 1]):
        is_broken = index > begin and text[tokens[index - 1].end : token.start] != " "
        if is_broken or lexicon.is_verb(token.text):
            return _NOTHING
        separator = _SEPARATOR.match(text, token.end)
        if separator and index >= begin:
            after = next((i for i, later in enumerate(tokens) if later.start >= separator.end()), len(tokens))
            return ((begin, index + 1), after) if after < len(tokens) else _NOTHING
    return _NOTHING


# --- Which sentences can carry a question --------------------------------------------------------

# Tags, entities, addresses, blanks, code, arrows, TeX.
_NOT_PROSE = re.compile(
    r"</?[a-z!]|&#?\w{1,8};|https?:|www\.|\S@\S|_{2}|[{}|\\\ufffd]|[=-]>|\$[^\s\d$]",
    re.IGNORECASE,
)


def carries_a_question(sentence: Sentence) -> bool:
    """Whether it is a statement in a language we read, of a proper length: no markup, heading or question."""
    words = sentence.tokens
    if not sentence.is_readable or not MIN_WORDS <= len(words) <= MAX_WORDS:
        return False
    text = sentence.text
    if text.endswith(("?", ":", ",", ";")) or "¿" in text or _NOT_PROSE.search(text):
        return False
    if any(len(word.text) > MAX_WORD_LETTERS for word in words):
        return False
    # Pasted hashes and tables are mostly not letters.
    if sum(char.isalpha() or char == " " for char in text) < 0.7 * len(text):
        return False
    is_closed = text.rstrip("»”\"'’)]").endswith((".", "!", "…"))
    return is_closed or sentence.label != (0, 0) or sentence.has_verb
