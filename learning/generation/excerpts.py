"""Notes as data: cleaned of what cannot be seen, and the stretch of them that a question rests on."""

import re
import unicodedata

from learning.generation.drafts import Excerpt

MIN_EXCERPT = 8  # characters
# Zero-width characters, bidirectional controls, the BOM and the tag block: what a model reads and a person does not.
_HIDDEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]")


def clean_notes(notes: str) -> str:
    """The notes as a person sees them: composed, without hidden or control characters other than line ends and tabs."""
    text = _HIDDEN.sub("", unicodedata.normalize("NFC", notes))
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc").strip()


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
