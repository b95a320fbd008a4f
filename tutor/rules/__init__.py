"""Advice by rule: the default, and what stands in wherever a model fails. Every sentence of it comes from the figures.

Whole sentences with named places only, so that each can be translated as one.
"""

from tutor.advice import Advice
from tutor.figures import Figures
from tutor.rules.analysis import analysis, encouragement
from tutor.rules.goals import weekly_goals
from tutor.rules.points import strengths, weaknesses
from tutor.rules.recommendations import recommendations


def advice(figures: Figures) -> Advice:
    """Complete advice in the language in use."""
    return Advice(
        analysis=" ".join(analysis(figures)),
        strengths=strengths(figures),
        weaknesses=weaknesses(figures),
        recommendations=recommendations(figures),
        weekly_goals=weekly_goals(figures),
        encouragement=encouragement(figures),
    )
