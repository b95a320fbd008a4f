"""Whether a draft is a proper question. A refusal is a stable word, so that refusals can be counted by reason."""

from collections.abc import Collection

from learning.generation.drafts import Draft
from learning.words import fold

QUESTION_LENGTH = range(10, 601)  # characters
OPTION_LENGTH = range(1, 201)
MAX_EXPLANATION = 1200


def refusal(draft: Draft, seen: Collection[str]) -> str:
    """Why this draft is refused, or "". `seen` holds the fingerprints of questions that must not come again."""
    if len(draft.options) != 4:
        return "options_count"
    if not 0 <= draft.correct < 4:
        return "no_key"
    if len(draft.question.strip()) not in QUESTION_LENGTH:
        return "question_length"
    if any(len(option.strip()) not in OPTION_LENGTH for option in draft.options):
        return "option_length"
    if len(draft.explanation) > MAX_EXPLANATION:
        return "explanation_length"
    if has_control_characters(draft.question, draft.explanation, *draft.options):
        return "control_characters"
    if len({fold(option) for option in draft.options}) != 4:
        return "options_alike"
    if not draft.is_repeat and draft.fingerprint in seen:
        return "duplicate"
    return ""


def has_control_characters(*texts: str) -> bool:
    return any(ord(c) < 32 and c not in "\n\t" or ord(c) == 127 for text in texts for c in text)
