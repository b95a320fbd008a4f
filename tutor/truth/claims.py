"""The sentences of a text that may reach the learner."""

import logging
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from tutor.figures import STEADY, Area, Figures
from tutor.truth import vocabulary as v
from tutor.truth.names import names_a_stranger
from tutor.truth.numbers import Numbers
from tutor.truth.text import Sentence, Themes, Token, clean

logger = logging.getLogger(__name__)

UNWANTED = frozenset("<>{}[]\\|_`@#~=^$€")  # markup, addresses, code
SHARED_WORDS = 7  # in a row with a prompt: that is the prompt, not advice


class Truth:
    """Knows one learner's figures. Counts what it dropped, by reason, in `dropped`."""

    def __init__(self, figures: Figures, language: str, prompts: Iterable[str] = ()) -> None:
        self.figures = figures
        self.language = language
        self.themes = Themes(figures)
        self.numbers = Numbers(figures, language)
        self.dropped: Counter[str] = Counter()
        self._of_prompts = {run for prompt in prompts for run in _runs(self._words(clean(prompt)))}

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

    def speaks_language(self, text: str) -> bool:
        """Whether a text of some length is in the learner's language, by its smallest words."""
        said = Counter(self._words(clean(text)))
        counts = {code: sum(said[word] for word in telling) for code, telling in v.TELLING_WORDS.items()}
        return counts[self.language] >= max(counts.values())

    def _objection(self, sentence: Sentence, plan: bool, about: str) -> str:
        """Why a sentence is dropped; "" when it is not."""
        clauses = list(sentence.clauses())
        if not sentence.words and not sentence.theme_keys:
            return "empty"
        if self._leaks(sentence):
            return "leak"
        if any(not _is_latin(token) for token in sentence.tokens):
            return "script"
        if names_a_stranger(sentence):
            return "theme"
        if not all(self.numbers.are_true(clause, plan=plan, about=about) for clause in clauses):
            return "number"
        if sentence.words & v.UNKNOWN_THINGS or (sentence.words & v.ABSOLUTES and sentence.words & v.FACT_WORDS):
            return "unknown"
        if not all(self._trend_is_true(clause, plan, about) for clause in clauses):
            return "trend"
        if not all(self._praise_is_true(clause, plan, about) for clause in clauses):
            return "praise"
        return ""

    def _leaks(self, sentence: Sentence) -> bool:
        """Text that is about the machine, or is one of our prompts."""
        signs = {token.text for token in sentence.tokens if not token.theme_key}
        runs = _runs([token.folded for token in sentence.tokens if token.is_word])
        return bool(signs & UNWANTED or sentence.words & v.LEAK_WORDS or self._of_prompts.intersection(runs))

    def _trend_is_true(self, clause: Sequence[Token], plan: bool, about: str) -> bool:
        words = _words_of(clause)
        rises = bool(words & v.ROSE) or (not plan and bool(words & v.RISES))
        falls = bool(words & v.FELL) or (not plan and bool(words & v.FALLS))
        steady = bool(words & v.STEADY_WORDS)
        if not (rises or falls or steady):
            return True
        changes = [area.change for area in self._spoken_of(clause, about)] or [self.figures.change]
        return rises + falls + steady == 1 and all(
            change is not None
            and ((rises and change >= STEADY) or (falls and change <= -STEADY) or (steady and abs(change) < STEADY))
            for change in changes
        )

    def _praise_is_true(self, clause: Sequence[Token], plan: bool, about: str) -> bool:
        words, spoken_of = _words_of(clause), self._spoken_of(clause, about)
        if plan and not spoken_of:
            return True
        if not spoken_of and words & v.TOPIC_NOUNS and words & (v.BEST | v.WORST | v.PRAISE | v.BLAME):
            return False  # some theme or other, whose name nobody can check
        spoken_of = spoken_of or [self.figures.overall]
        if not self._is_first(clause, words, plan):
            return False
        if words & v.PRAISE and not all(area.is_strong for area in spoken_of):
            return False
        return not words & v.BLAME or not any(area.is_strong for area in spoken_of)

    def _is_first(self, clause: Sequence[Token], words: set[str], plan: bool) -> bool:
        """Whoever is called the best or the worst must be it; of several, the first ones."""
        keys = {token.theme_key for token in clause if token.theme_key}
        if not keys or not words & (v.BEST | v.WORST) or (plan and not words & v.TOPIC_NOUNS):
            return True
        ranking = self.figures.strong if words & v.BEST else self.figures.weak
        first = list(dict.fromkeys(area.theme_key for area in ranking))[: len(keys)]
        return set(first) == keys

    def _spoken_of(self, clause: Sequence[Token], about: str) -> list[Area]:
        """The figures of the themes of a clause: on the level that it names, or else on all of them together."""
        keys = {token.theme_key for token in clause if token.theme_key} or ({about} if about else set())
        levels = {v.LEVEL_WORDS[word] for word in _words_of(clause) if word in v.LEVEL_WORDS}
        found = []
        for key in keys:
            on_levels = [area for area in self.figures.areas if area.theme_key == key and area.level in levels]
            found += on_levels or [area for area in self.figures.themes if area.theme_key == key]
        return found

    def _words(self, text: str) -> list[str]:
        return [token.folded for one in self.themes.sentences(text) for token in one.tokens if token.is_word]


def _vague(sentence: Sentence) -> str:
    has_number = any(token.is_number for token in sentence.tokens)
    return "" if sentence.theme_keys or has_number else "vague"


def _words_of(clause: Sequence[Token]) -> set[str]:
    return {token.folded for token in clause if token.is_word}


def _runs(words: list[str]) -> set[tuple[str, ...]]:
    return {tuple(words[start : start + SHARED_WORDS]) for start in range(len(words) - SHARED_WORDS + 1)}


def _is_latin(token: Token) -> bool:
    if token.theme_key or token.text.isascii():
        return True
    return all(not c.isalpha() or unicodedata.name(c, "").startswith("LATIN") for c in token.text)
