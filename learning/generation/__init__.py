"""From an order to proper questions: ask the sources in turn, refuse what is not one, shuffle the options.

The form of what every source hands in is checked here, whoever it is, and the place of the right option is ours: models
favour one letter, and files list the answer first.
"""

import logging
import random
from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from learning.generation.bank import Bank, themes
from learning.generation.checks import refusal
from learning.generation.drafts import Draft, Order, Refusals, Source, SourceFailed, fingerprint
from learning.generation.model import Model
from learning.generation.notes import Cloze
from persenaut.errors import DomainError

__all__ = ["Draft", "NoQuestionSource", "NotesTooThin", "Order", "generate"]

logger = logging.getLogger(__name__)


class NoQuestionSource(DomainError):
    """Nobody can serve this theme: not the model (none is set, or it fails), not the bank."""

    status = 503
    code = "no_question_source"
    retry_after = 60

    def __init__(self, theme: str) -> None:
        offline = ", ".join(themes())
        sentence = _(
            "No hay de dónde sacar preguntas sobre «%(theme)s». Configura un modelo de lenguaje con GROQ_API_KEY o "
            "AI_BASE_URL, o elige uno de los temas disponibles sin conexión: %(themes)s."
        )
        super().__init__(sentence % {"theme": theme, "themes": offline}, details={"themes": themes()})


class NotesTooThin(DomainError):
    status = 400
    code = "notes_without_question"
    message = _(
        "De estos apuntes no se puede sacar una pregunta. Añade frases completas con nombres, fechas o definiciones."
    )


def sources_for(order: Order) -> list[Source]:
    """Who may serve an order, best first."""
    candidates: list[Source] = [Model(), Cloze()] if order.notes else [Model(), Bank()]
    return [source for source in candidates if source.can_serve(order)]


def generate(order: Order) -> list[Draft]:
    """Up to `order.count` proper questions; fewer when the sources have no more, but never none: that raises
    NoQuestionSource, or NotesTooThin for notes."""
    seen = {fingerprint(question) for question in order.avoid}
    accepted: list[Draft] = []
    refusals = Refusals()
    for source in sources_for(order):
        for draft in _drafts_of(source, replace(order, count=order.count - len(accepted)), refusals):
            if reason := refusal(draft, seen):
                refusals.add(reason)
                continue
            seen.add(draft.fingerprint)
            accepted.append(shuffled(draft))
        if len(accepted) >= order.count:
            break
    if refusals.counts:
        logger.info("drafts refused", extra={"reasons": refusals.counts, "accepted": len(accepted)})
    if not accepted:
        raise NotesTooThin if order.notes else NoQuestionSource(order.theme)
    return accepted[: order.count]


def _drafts_of(source: Source, order: Order, refusals: Refusals) -> list[Draft]:
    try:
        return source.draft(order)
    except SourceFailed as exc:
        refusals.add(f"{source.name}_{exc.reason}")
        return []


def shuffled(draft: Draft) -> Draft:
    places = random.sample(range(4), 4)
    options = tuple(draft.options[place] for place in places)
    return replace(draft, options=options, correct=places.index(draft.correct))
