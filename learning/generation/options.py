"""Whether two options look the same to a person: "París" and "paris." do, "2²" and "22" do not.

Folding as `learning.words` does it would lose what tells formulas apart: a raised or lowered figure, the stroke of "∉",
a capital in "Co" and "CO". What people type in several ways is brought to one: "H₂O" and "H2O", "−3" and "-3", "50 %"
and "50%", "1.000" and "1000".
"""

import re
import unicodedata

from learning.words import fold

# Questions about how something is written: there a capital, an accent or a space is what they ask for.
_ON_WRITING = re.compile(
    r"\b(escrib\w+|escrit[ao]s?|ortogra\w+|tildes?|acent\w+|mayuscul\w+|minuscul\w+|puntua\w+|coma|simbolos?"
    r"|frases?|oracion(es)?|forma correcta|complet\w+"
    r"|spell\w*|spelt|writ\w+|capital letters?|accents?|punctuat\w+|sentences?|correct form|symbols?"
    r"|genotip\w+|genotype\w*|alel\w+|alleles?|\w*cigot\w+|\w*zygo\w+|gamet\w+"
    r"|python|java|javascript|sql|html|css|lenguaje c|codigo|code|program\w+)\b"
)
_RAISED = re.compile("[\u00b2\u00b3\u00b9\u02b0-\u02b8\u02e1-\u02e3\u1d43-\u1d61\u2070-\u207f]+")
_LOWERED = re.compile("((?<=[0-9]))?([\u1d62-\u1d6a\u2080-\u209c]+)")  # whether after a figure, and what
_FRACTION = re.compile("((?<=[0-9]))?([\u00bc-\u00be\u2150-\u215e\u2189])")
_MINUS = str.maketrans(dict.fromkeys("−‐‑‒–—﹣－", "-") | {"º": "°"})
_GROUPED = re.compile(r"(?<![\d.,])([1-9]\d{0,2})((?:[., ]\d{3})+)(?![\d])")  # 1.000, 300 000
_LOOSE_SPACE = re.compile(r"(?<![^\W\d_]) (?!\d)|(?<!\d) (?![^\W\d_])")  # of "50 %", not of "dos mil", "1 1/2"
_QUOTES = "«»“”„‘’"
SYMBOL = 2  # letters: "Co", "mW", "Aa" are told apart by their capitals


def look_alike(options: tuple[str, ...], question: str) -> bool:
    """Whether any two options of a question look the same."""
    exact = _ON_WRITING.search(fold(question)) is not None
    return len({looks(option, exact=exact) for option in options}) < len(options)


def looks(option: str, *, exact: bool = False) -> str:
    """What options compare by; with `exact`, case, accents and punctuation count."""
    text = " ".join(unicodedata.normalize("NFKC", spelled_out(option.translate(_MINUS))).split())
    if exact:
        return text
    text = _without_accents(_trimmed(text))
    text = _GROUPED.sub(lambda match: match[1] + re.sub(r"\D", "", match[2]), text)
    text = re.sub(r"(?<=\d),(?=\d)", ".", text)
    text = _LOOSE_SPACE.sub("", text)
    return text if _is_symbol(text) else text.casefold()


def spelled_out(text: str) -> str:
    """Raised and lowered figures and vulgar fractions in plain characters that keep them apart: "x²" is "x^2", "101₂"
    is "101_2", "2½" is "2 1/2"; but "H₂O" is "H2O", since people type it so."""
    text = _RAISED.sub(lambda match: f"^{_plain(match[0])}", unicodedata.normalize("NFC", text))
    text = _LOWERED.sub(lambda match: f"{'_' if match[1] is not None else ''}{_plain(match[2])}", text)
    text = _FRACTION.sub(lambda match: f"{' ' if match[1] is not None else ''}{_plain(match[2])}", text)
    return re.sub(r"\^\{([^}]*)\}", r"^\1", text)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKD", text).replace("\u2044", "/").replace("\u2212", "-")


def _trimmed(text: str) -> str:
    """Without typographic quotes around it, nor a full stop after a word."""
    bare = text.strip(_QUOTES).strip()
    bare = re.sub(r"(?<=[^\W\d_])\.$", "", bare)
    return bare or text


def _without_accents(text: str) -> str:
    """Letters without their accents; «ñ» is a letter of its own, and other signs stay whole ("∉" is no "∈")."""
    return "".join(
        unicodedata.normalize("NFD", char)[0] if char.isalpha() and char not in "ñÑ" else char for char in text
    )


def _is_symbol(text: str) -> bool:
    letters = "".join(char for char in text if char.isalpha())
    has_inner_capital = letters[1:] != letters[1:].lower() and letters != letters.upper()
    return len(letters) <= SYMBOL or (has_inner_capital and " " not in text)
