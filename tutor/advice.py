"""What the tutor says: its shape (contract section 6), and how much of it there is."""

from dataclasses import asdict, dataclass
from typing import Any

THEME_REVIEW, STUDY_TECHNIQUE, PRACTICE_STRATEGY = "theme_review", "study_technique", "practice_strategy"
TYPES = (THEME_REVIEW, STUDY_TECHNIQUE, PRACTICE_STRATEGY)
PRIORITIES = ("high", "medium", "low")  # in the order in which they are shown
AI, RULES = "ai", "rules"

MAX_POINTS, MAX_RECOMMENDATIONS, MAX_GOALS = 5, 5, 4
MIN_RECOMMENDATIONS, MIN_GOALS = 3, 3


@dataclass(frozen=True, slots=True)
class Recommendation:
    type: str
    title: str
    description: str
    priority: str
    theme_key: str = ""  # what it is about, if it is about one theme; not part of the answer

    def body(self) -> dict[str, str]:
        return {"type": self.type, "title": self.title, "description": self.description, "priority": self.priority}


@dataclass(frozen=True, slots=True)
class Advice:
    analysis: str
    strengths: list[str]
    weaknesses: list[str]
    recommendations: list[Recommendation]
    weekly_goals: list[str]
    encouragement: str
    source: str = RULES

    def body(self) -> dict[str, Any]:
        return asdict(self) | {"recommendations": [recommendation.body() for recommendation in self.recommendations]}


def by_priority(recommendations: list[Recommendation]) -> list[Recommendation]:
    return sorted(recommendations, key=lambda recommendation: PRIORITIES.index(recommendation.priority))
