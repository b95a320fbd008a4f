"""The sentences of a text that may reach the learner."""

import unicodedata
from collections import Counter
from collections.abc import Iterable

from tutor.figures import Area, Figures
from tutor.truth import vocabulary as v
from tutor.truth.names import names_a_stranger
from tutor.truth.numbers import Numbers
from tutor.truth.qualities import Qualities
from tutor.truth.text import Sentence, Themes, Token, clean

UNWANTED = frozenset("<>{}[]\\|_`@#~=^$€")  # markup, addresses, code
BULLETS = frozenset("-–—•·,;:)")
SHARED_WORDS = 7  # in a row with a prompt: that is the prompt, not advice


class Truth:
    """Knows one learner's figures. Counts what it dropped, by reason, in `dropped`."""

    def __init__(self, figures: Figures, language: str, prompts: Iterable[str] = ()) -> None:
        self.figures = figures
        self.language = language
        self.themes = Themes(figures)
        self.numbers = Numbers(figures, language)
        self.qualities = Qualities(figures)
        self.dropped: Counter[str] = Counter()
        said = [sentence for prompt in prompts for sentence in self.themes.sentences(clean(prompt, None))]
        self._of_prompts = {run for sentence in said for run in _runs(sentence)}

    def sentences(self, text: str, *, plan: bool = False, about: str = "", loose: bool = False) -> list[Sentence]:
        """The true sentences of `text`.

        `plan`: it says what to do, which may take numbers of its own. `about`: the theme whose figures a sentence that
        names none may quote; a theme that is named takes its place for what follows in a plan. Other sentences tell
        what is so, and each of them must speak of a theme or give a number, unless `loose`: whether a mere compliment
        is true nobody can say.
        """
        kept = []
        for sentence in self.themes.sentences(clean(text)):
            reason = self._objection(sentence, plan, about) or ("" if plan or loose else _vague(sentence))
            if reason:
                self.dropped[reason] += 1
                continue
            kept.append(sentence)
            if plan and len(sentence.theme_keys) == 1:
                (about,) = sentence.theme_keys
        return kept

    def spoken_of(self, sentence: Sentence) -> list[Area]:
        """The figures of the themes and levels that a sentence names."""
        clauses = sentence.clauses(plan=False, about="")
        return [area for clause in clauses for area in self.qualities.spoken_of(clause)]

    def speaks_language(self, text: str) -> bool:
        """Whether a text of some length is in the learner's language, by its smallest words."""
        said = Counter(token.folded for one in self.themes.sentences(clean(text)) for token in one.tokens)
        counts = {code: sum(said[word] for word in telling) for code, telling in v.TELLING_WORDS.items()}
        return counts[self.language] >= max(counts.values())

    def _objection(self, sentence: Sentence, plan: bool, about: str) -> str:
        """Why a sentence is dropped; "" when it is not."""
        if not (sentence.words or sentence.theme_keys) or sentence.tokens[0].text in BULLETS:
            return "fragment"
        if self._leaks(sentence):
            return "leak"
        if any(not _is_latin(token) for token in sentence.tokens):
            return "script"
        if names_a_stranger(sentence):
            return "theme"
        if sentence.words & v.UNKNOWN_THINGS or (sentence.words & v.ABSOLUTES and sentence.words & v.FACT_WORDS):
            return "unknown"
        clauses = list(sentence.clauses(plan=plan, about=about))
        if not all(self.numbers.are_true(clause) for clause in clauses):
            return "number"
        return next(filter(None, map(self.qualities.objection, clauses)), "")

    def _leaks(self, sentence: Sentence) -> bool:
        """Text that is about the machine, or is one of our prompts."""
        signs = {token.text for token in sentence.tokens if not token.theme_key}
        return bool(signs & UNWANTED or sentence.words & v.LEAK_WORDS or self._of_prompts.intersection(_runs(sentence)))


def _vague(sentence: Sentence) -> str:
    has_number = any(token.is_number for token in sentence.tokens)
    return "" if sentence.theme_keys or has_number else "vague"


def _runs(sentence: Sentence) -> set[tuple[str, ...]]:
    """Every few words in a row; a sentence that is shorter, as a whole."""
    words = [token.folded for token in sentence.tokens if token.is_word]
    return {tuple(words[start : start + SHARED_WORDS]) for start in range(max(1, len(words) - SHARED_WORDS + 1))}


def _is_latin(token: Token) -> bool:
    if token.theme_key or token.text.isascii():
        return True
    return all(not c.isalpha() or unicodedata.name(c, "").startswith("LATIN") for c in token.text)
