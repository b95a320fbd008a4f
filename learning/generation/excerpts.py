"""Notes as data: cleaned of what cannot be seen, and the stretch of them that a question rests on."""

import re
import unicodedata

from django.utils.translation import gettext_lazy as _

from learning.generation.drafts import Excerpt
from persenaut.errors import DomainError

MIN_EXCERPT = 8  # characters
# Control, zero-width and bidirectional characters, tags, private and unknown ones: a model reads them, a person not.
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
# So are these, though Unicode calls them letters or marks; and the sign for a character that was lost tells nothing.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\ufe00-\ufe0e\uffa0\ufffd\U000e0100-\U000e01ef]")


class NotesTooThin(DomainError):
    status = 400
    code = "notes_without_question"
    message = _(
        "De estos apuntes no se puede sacar una pregunta. Añade frases completas con nombres, fechas o definiciones."
    )


def is_hidden(char: str) -> bool:
    """Whether nobody sees a character; line ends and tabs one does."""
    return char not in "\n\t" and (unicodedata.category(char) in _INVISIBLE or _BLANK.match(char) is not None)


def clean_notes(notes: str) -> str:
    """The notes as a person sees them: composed, without what is hidden. NotesTooThin when all of it was."""
    lines = re.sub("\r\n?|[\u2028\u2029]", "\n", notes)
    text = unicodedata.normalize("NFC", "".join(char for char in lines if not is_hidden(char))).strip()
    if notes and not text:
        raise NotesTooThin
    return text


def find_excerpt(notes: str, quoted: object) -> Excerpt | None:
    """The stretch of the notes that is quoted, whatever its white space, cut by us: notes[start:end] == text. None when
    it is not there."""
    if not isinstance(quoted, str):
        return None
    words = quoted.strip().strip("\"'«»“”…. ").split()
    if len(" ".join(words)) < MIN_EXCERPT:
        return None
    match = re.search(r"\s+".join(map(re.escape, words)), notes, re.IGNORECASE)
    return Excerpt(match[0], match.start(), match.end()) if match else None
