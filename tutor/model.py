"""Advice from a language model: it gets figures, never a person, and what it says is believed sentence by sentence."""

import logging
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from ops import llm
from tutor.advice import MAX_GOALS, MAX_POINTS, MAX_RECOMMENDATIONS, PRIORITIES, THEME_REVIEW, TYPES, Recommendation
from tutor.figures import ENOUGH, STRONG, Area, Figures
from tutor.rules.names import LEVEL_NAMES
from tutor.truth.claims import Truth
from tutor.truth.numbers import PLAN_NUMBERS
from tutor.truth.text import Sentence, fold

logger = logging.getLogger(__name__)

PROMPTS = Path(__file__).resolve().parent / "prompts"
PROMPT_VERSION = "1"
LANGUAGES = ("es", "en")
MAX_TOKENS = 2500  # the advice takes up to 900; the rest is for a reasoning model's thoughts
TEMPERATURE = 0.4  # the figures leave little to be imagined
MAX_AREAS = 12  # that are shown to the model: those with most answers
MAX_ITEMS = 10  # of a list that are looked at

ANALYSIS_LENGTH, POINT_LENGTH, TITLE_LENGTH, DESCRIPTION_LENGTH = 1200, 300, 100, 600  # characters
ENOUGH_ANALYSIS = 80  # characters: what is shorter is no analysis

Parts = dict[str, Any]  # the fields of an Advice that survived


def advise(figures: Figures, language: str) -> Parts:
    """What the model says, as far as it is true: some fields of an Advice, perhaps none. Raises llm.LLMError."""
    language = language if language in LANGUAGES else LANGUAGES[0]
    asked, shape = messages(figures, language), schema(figures)
    completion = llm.complete(asked, schema=shape, max_tokens=MAX_TOKENS, purpose="tutor", temperature=TEMPERATURE)
    truth = Truth(figures, language, (prompt(language, "system"), prompt(language, "task")))
    parts = _Reader(figures, truth).parts(completion.text)
    facts = {"kept": sorted(parts), "dropped": dict(truth.dropped), "model": completion.model, "prompt": PROMPT_VERSION}
    logger.info("tutor advice checked", extra=facts)
    return parts


# --- What goes in -------------------------------------------------------------------------------------------------
def messages(figures: Figures, language: str) -> list[dict[str, str]]:
    """The figures travel in a message of their own: a theme's name is whatever the learner typed."""
    return [
        {"role": "system", "content": prompt(language, "system")},
        {"role": "user", "content": prompt(language, "task")},
        {"role": "user", "content": orjson.dumps(facts_of(figures)).decode()},
    ]


@cache
def prompt(language: str, name: str) -> str:
    return (PROMPTS / language / f"{name}.v{PROMPT_VERSION}.txt").read_text(encoding="utf-8").strip()


def facts_of(figures: Figures) -> dict[str, Any]:
    """All that the model is told: nothing in it says whose figures they are."""
    said: dict[str, Any] = {
        "period_days": figures.days,
        "answered": figures.now.answered,
        "correct": figures.now.correct,
        "accuracy_percent": figures.now.percent,
        "active_days": figures.active_days,
        "streak_days": figures.streak,
        "review_sessions": figures.sessions,
        "points": figures.points,
        "themes": [_fact_of(area) for area in shown(figures)],
        "plan": {"numbers": PLAN_NUMBERS, "days": 7},
    }
    if figures.change is not None:
        said |= {"accuracy_percent_before": figures.before.percent, "accuracy_change": figures.change}
    return said


def shown(figures: Figures) -> list[Area]:
    return [area for area in figures.areas if area.now.answered][:MAX_AREAS]


def _fact_of(area: Area) -> dict[str, Any]:
    said: dict[str, Any] = {
        "theme": area.theme,
        "level": str(LEVEL_NAMES.get(area.level, area.level)),
        "answered": area.now.answered,
        "correct": area.now.correct,
        "wrong": area.now.wrong,
        "accuracy_percent": area.now.percent,
        "state": "few" if area.now.answered < ENOUGH else "strong" if area.now.reaches(STRONG) else "weak",
    }
    return said | ({"accuracy_percent_before": area.before.percent} if area.change is not None else {})


def schema(figures: Figures) -> dict[str, Any]:
    """The shape of an answer. A server that follows it cannot even name a theme that does not exist."""
    text = {"type": "string"}
    theme = {"type": "string", "enum": list(dict.fromkeys(area.theme for area in shown(figures))) + [""]}
    point = _object(theme=theme, text=text)
    recommendation = _object(
        type={"type": "string", "enum": list(TYPES)},
        theme=theme,
        title=text,
        description=text,
        priority={"type": "string", "enum": list(PRIORITIES)},
    )
    return {"title": "advice"} | _object(
        analysis=text,
        strengths=_list(point),
        weaknesses=_list(point),
        recommendations=_list(recommendation),
        weekly_goals=_list(point),
        encouragement=text,
    )


def _object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
    }


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


# --- What comes back ----------------------------------------------------------------------------------------------
class _Reader:
    """Takes from an answer what has the right shape and is true."""

    def __init__(self, figures: Figures, truth: Truth) -> None:
        self.figures = figures
        self.truth = truth

    def parts(self, text: str) -> Parts:
        answer = json_object(text)
        if not self.truth.speaks_language(" ".join(_texts(answer))):
            self.truth.dropped["language"] += 1
            return {}
        found = {
            "analysis": self.analysis(answer.get("analysis")),
            "strengths": self.points(answer.get("strengths"), lambda area: area.is_strong),
            "weaknesses": self.points(answer.get("weaknesses"), lambda area: area.is_weak),
            "recommendations": self.recommendations(answer.get("recommendations")),
            "weekly_goals": self.goals(answer.get("weekly_goals")),
            "encouragement": self.text(answer.get("encouragement"), POINT_LENGTH, loose=True),
        }
        return {name: part for name, part in found.items() if part}

    def text(self, given: Any, length: int, **options: Any) -> str:
        if not isinstance(given, str):
            return ""
        return _joined(self.truth.sentences(given, **options), length)

    def analysis(self, given: Any) -> str:
        """Nothing at all when too little of it is left."""
        text = self.text(given, ANALYSIS_LENGTH)
        return text if len(text) >= ENOUGH_ANALYSIS else ""

    def points(self, given: Any, belongs: Callable[[Area], bool]) -> list[str]:
        """Strengths or weaknesses; whatever they speak of must be that."""
        found = []
        for theme, text in _items(given):
            sentences = [one for one in self.truth.sentences(text) if all(map(belongs, self.truth.spoken_of(one)))]
            said = _joined(sentences, POINT_LENGTH)
            if said and (not theme or fold(theme) in _themes_of(sentences)):
                found.append(said)
        return list(dict.fromkeys(found))[:MAX_POINTS]

    def goals(self, given: Any) -> list[str]:
        found = []
        for theme, text in _items(given):
            sentences = self.truth.sentences(text, plan=True)
            said = _joined(sentences, POINT_LENGTH)
            if said and (not theme or fold(theme) in _themes_of(sentences)):
                found.append(said)
        return list(dict.fromkeys(found))[:MAX_GOALS]

    def recommendations(self, given: Any) -> list[Recommendation]:
        items = given[:MAX_ITEMS] if isinstance(given, list) else []
        found = filter(None, (self.recommendation(item) for item in items if isinstance(item, dict)))
        return list({recommendation.title: recommendation for recommendation in found}.values())[:MAX_RECOMMENDATIONS]

    def recommendation(self, item: dict[str, Any]) -> Recommendation | None:
        """None when a part of it is missing, or false, or names a theme that does not exist."""
        kind, priority, theme = item.get("type"), item.get("priority"), item.get("theme") or ""
        title, description = item.get("title"), item.get("description")
        texts = (theme, title, description)
        if kind not in TYPES or priority not in PRIORITIES or not all(isinstance(text, str) for text in texts):
            return None
        if theme and fold(theme) not in self.truth.themes.keys:
            self.truth.dropped["theme"] += 1
            return None
        headline = self.truth.sentences(str(title), plan=True)
        about = _themes_of(headline)
        body = self.truth.sentences(str(description), plan=True, about=about[0] if len(about) == 1 else "")
        named = about or _themes_of(body)
        said_title, said = _joined(headline, TITLE_LENGTH).rstrip("."), _joined(body, DESCRIPTION_LENGTH)
        if not said_title or not said or (kind == THEME_REVIEW and not named):
            return None
        return Recommendation(kind, said_title, said, priority, named[0] if len(named) == 1 else "")


def _themes_of(sentences: Iterable[Sentence]) -> list[str]:
    return sorted({key for sentence in sentences for key in sentence.theme_keys})


def json_object(text: str) -> dict[str, Any]:
    """The object in a model's answer, also when it wraps it in a fence or in talk; {} when there is none."""
    start, end = text.find("{"), text.rfind("}")
    try:
        answer = orjson.loads(text[start : end + 1])
    except orjson.JSONDecodeError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _items(given: Any) -> Iterable[tuple[str, str]]:
    """(theme, text) of each item of a list; servers that follow no schema tend to send bare texts."""
    for item in given[:MAX_ITEMS] if isinstance(given, list) else []:
        if isinstance(item, str):
            yield "", item
        elif isinstance(item, dict) and isinstance(item.get("text"), str):
            theme = item.get("theme")
            yield (theme if isinstance(theme, str) else ""), item["text"]


def _texts(value: Any, depth: int = 3) -> Iterable[str]:
    """The texts of an answer, as deep as its shape goes."""
    if isinstance(value, str):
        yield value
    elif depth and isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value[:MAX_ITEMS]:
            yield from _texts(inner, depth - 1)


def _joined(sentences: Iterable[Sentence], length: int) -> str:
    """As many whole sentences as fit."""
    said = ""
    for sentence in sentences:
        longer = f"{said} {sentence.text}".strip()
        if len(longer) > length:
            break
        said = longer
    return said
