"""Are the claims without a number borne out: trends, praise and blame, who is best, what is compared with what?"""

from tutor.figures import STEADY, Area, Figures
from tutor.truth import vocabulary as v
from tutor.truth.text import Clause

ASKING = frozenset(["y", "e", "o", "and", "or", ",", ":", "¡", "para", "to"])  # before an imperative or an infinitive
REACH = 4  # words from «más» to the «que» of the same comparison


class Qualities:
    def __init__(self, figures: Figures) -> None:
        self.figures = figures

    def objection(self, clause: Clause) -> str:
        """What is not borne out; "" when everything is."""
        if not clause.plan and _is_unclear(clause):
            return "unclear"
        if not self._trend_is_true(clause):
            return "trend"
        return "" if self._praise_is_true(clause) and self._rank_is_true(clause) else "praise"

    def _trend_is_true(self, clause: Clause) -> bool:
        words = _told(clause)
        rises, falls = bool(words & (v.ROSE | v.RISES)), bool(words & (v.FELL | v.FALLS))
        steady = bool(words & v.STEADY_WORDS)
        if not (rises or falls or steady):
            return True
        changes = [area.change for area in self.spoken_of(clause) or [self.figures.over()]]
        return rises + falls + steady == 1 and all(
            change is not None
            and ((rises and change >= STEADY) or (falls and change <= -STEADY) or (steady and abs(change) < STEADY))
            for change in changes
        )

    def _praise_is_true(self, clause: Clause) -> bool:
        praises, blames = bool(clause.words & v.PRAISE), bool(clause.words & v.BLAME)
        if not (praises or blames):
            return True
        areas = self.spoken_of(clause)
        if clause.plan:  # it may build on what is strong, and must not call it weak; what to build up is its own affair
            return all(area.is_strong for area in areas) if praises else not any(area.is_strong for area in areas)
        if not areas and clause.words & v.TOPIC_NOUNS:
            return False  # some theme or other, whose name nobody can check
        areas = areas or [self.figures.over()]
        return (not praises or all(area.is_strong for area in areas)) and (
            not blames or all(area.is_weak for area in areas)
        )

    def _rank_is_true(self, clause: Clause) -> bool:
        """Whatever is called the best or the worst must be it; of several, the first ones."""
        words, keys = clause.words, clause.theme_keys
        best = bool(words & v.BEST or (words & v.MOST and words & v.PRAISE))
        worst = bool(words & v.WORST or (words & v.MOST and words & v.BLAME))
        if not (best or worst) or (clause.plan and not words & v.TOPIC_NOUNS):
            return True
        if not keys:
            return clause.plan or not words & v.TOPIC_NOUNS
        ranking = self.figures.strong if best else self.figures.weak
        first = list(dict.fromkeys(area.theme_key for area in ranking))[: len(keys)]
        return best != worst and set(first) == keys

    def spoken_of(self, clause: Clause) -> list[Area]:
        """The figures of what a clause names: themes, levels, or themes on levels."""
        keys = clause.theme_keys or ({clause.about} if clause.about else set())
        if not keys and not clause.levels:
            return []
        if clause.plan:  # a level that is still to come has no figures: then the theme as a whole counts
            known = [self.figures.over(key, level) for key in keys for level in clause.levels]
            return [area for area in known if area.now.answered] or [self.figures.over(key) for key in keys]
        return [self.figures.over(key, level) for key in keys or {""} for level in clause.levels or {""}]


def _told(clause: Clause) -> set[str]:
    """The words of a clause; of a plan without those that may ask for something: «Sube de nivel y baja el ritmo»."""
    before = [token.text.lower() for token in clause.tokens]
    return {
        token.folded
        for place, token in enumerate(clause.tokens)
        if token.is_word and not (clause.plan and (place == 0 or before[place - 1] in ASKING))
    }


def _is_unclear(clause: Clause) -> bool:
    """Negations and comparisons turn round whatever the words say, and of weekdays the figures know nothing."""
    claims = v.PRAISE | v.BLAME | v.ROSE | v.FELL | v.RISES | v.FALLS | v.BEST | v.WORST | v.FACT_WORDS
    speaks = bool(clause.theme_keys or clause.words & claims or any(token.is_number for token in clause.tokens))
    if speaks and clause.words & v.NEGATIONS:
        return True
    if clause.words & v.WEEKDAYS or (clause.theme_keys and clause.words & v.MOST and clause.words & v.AMOUNT_VERBS):
        return True
    words = [token.folded for token in clause.tokens]
    return any(
        word in v.COMPARATIVES and {"que", "than"}.intersection(words[place + 1 : place + 1 + REACH])
        for place, word in enumerate(words)
    )
