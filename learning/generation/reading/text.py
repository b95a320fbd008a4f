"""Text as a learner should see it, text for comparing, and its words."""

import re
import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Token:
    """A word or number, with its place in the sentence's text."""

    text: str
    start: int
    end: int
    folded: str


_DECORATION = re.compile(
    r"\*\*|(?<![\w*])\*(?=\w)|(?<=[\w.,;:])\*(?![\w*])|`"  # **bold**, *italic*, `code`
    r"|(?<!\w)__?(?=[^\W_])|(?<=[^\W_])__?(?!\w)"  # __bold__, _italic_
    r"|(?<=[^\s\[])\[[0-9]{1,3}\]"  # footnote marks of encyclopedias[1]
)


def plain(text: str) -> str:
    """Text as shown: composed accents, no control or invisible characters, no Markdown, one line."""
    text = _BROKEN_WORD.sub(_mend, unicodedata.normalize("NFC", text))
    if not text.isprintable():
        text = "".join(char if char.isprintable() else _visible(char) for char in text)
    return " ".join(_DECORATION.sub("", text).split())


_BROKEN_WORD = re.compile(r"(?<=[^\W\d_])-[ \t]*\r?\n[ \t]*([^\W\d_])")


def _mend(match: re.Match[str]) -> str:
    """Join a word that a line end breaks: "mito-condria" loses its hyphen, "Castilla-León" keeps it."""
    return match[1] if match[1].islower() else f"-{match[1]}"


def _visible(char: str) -> str:
    """What stands for an unprintable character: nothing for a soft hyphen or a joiner, else a space."""
    return "" if unicodedata.category(char) == "Cf" else " "


_ACCENT = re.compile(r"[\u0300-\u036f]+")


def fold(text: str) -> str:
    """Text for comparing: without case, accents and extra spaces."""
    if text.isascii():
        return " ".join(text.lower().split())
    return " ".join(_ACCENT.sub("", unicodedata.normalize("NFKD", text.casefold())).split())


_TOKEN = re.compile(
    r"(?:(?<![^\s(])[-−])?"  # a minus sign, not a hyphen
    r"(?:[0-9]{1,3}(?: [0-9]{3})++(?![0-9])|[0-9]++(?:[.,][0-9]++)*+)\w*+"  # 300 000, 3.14, 19th
    r"|[^\W_]++(?:[-'’](?!s\b)[^\W_]++)*+"  # célula, teórico-práctico, O'Brien, but Newton('s)
)


ROMAN = re.compile(r"[IVXLC]+(?:-[IVXLC]+)?")
LATIN_WORD = re.compile(r"[A-Za-zÀ-ÖØ-öø-ſ]+(?:[-'’][A-Za-zÀ-ÖØ-öø-ſ]+)*")


def tokenise(text: str) -> tuple[Token, ...]:
    found = _TOKEN.finditer(text)
    return tuple(Token(match[0], match.start(), match.end(), fold(match[0])) for match in found)
