"""A learner's advice: by rule, or a model's where it is true."""

import logging
from dataclasses import replace
from typing import Any, TypeVar

from ops import llm
from tutor import model, rules
from tutor.advice import AI, MIN_GOALS, MIN_RECOMMENDATIONS, Advice, Recommendation, by_priority
from tutor.figures import Figures

logger = logging.getLogger(__name__)
Item = TypeVar("Item")


class StandIn(Exception):
    """Advice by rule in place of a model's that could not be had now. Good, but not worth keeping."""

    def __init__(self, advice: Advice) -> None:
        super().__init__()
        self.advice = advice


def advise(figures: Figures, language: str) -> Advice:
    """Complete advice in `language`, which is the one in use. StandIn carries it when a model was asked in vain."""
    ruled = rules.advice(figures)
    if not figures.now.answered or not llm.is_configured():
        return ruled  # without answers there is nothing that a model could know better
    try:
        parts = model.advise(figures, language)
    except llm.LLMError as exc:
        logger.info("tutor without its model", extra={"reason": exc.reason})
        raise StandIn(ruled) from exc
    if not parts:
        raise StandIn(ruled)
    return completed(ruled, parts)


def completed(ruled: Advice, parts: dict[str, Any]) -> Advice:
    """What is left of the model's advice, with what is missing filled in by rule."""
    said = dict(parts)
    if goals := said.get("weekly_goals"):
        said["weekly_goals"] = _filled(goals, ruled.weekly_goals, MIN_GOALS)
    if given := said.get("recommendations"):
        said["recommendations"] = by_priority(_filled(given, _others(given, ruled), MIN_RECOMMENDATIONS))
    return replace(ruled, **said, source=AI)


def _others(given: list[Recommendation], ruled: Advice) -> list[Recommendation]:
    """Recommendations by rule on what the model's say nothing about; those of a kind that is missing come first."""
    said = {(one.type, one.theme_key) for one in given if one.theme_key} | {one.title for one in given}
    kinds = {recommendation.type for recommendation in given}
    others = [one for one in ruled.recommendations if not said & {(one.type, one.theme_key), one.title}]
    return sorted(others, key=lambda recommendation: recommendation.type in kinds)


def _filled(given: list[Item], spare: list[Item], least: int) -> list[Item]:
    return given + spare[: max(0, least - len(given))]
