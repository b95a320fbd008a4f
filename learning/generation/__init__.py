"""From an order to proper questions: ask the sources in turn, refuse what is not one, shuffle the options.

The form of what every source hands in is checked here, whoever it is, and the place of the right option is ours: models
favour one letter, and files list the answer first.
"""

import logging
import random
from collections import Counter
from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from learning.generation.bank import Bank, themes
from learning.generation.checks import Seen, refusal
from learning.generation.drafts import Asked, Draft, Order, Source, SourceFailed
from learning.generation.excerpts import NotesTooThin
from learning.generation.model import Model
from learning.generation.notes import Cloze
from learning.generation.retired import retired_among
from ops.seats import seat
from persenaut.errors import DomainError

__all__ = ["Asked", "Draft", "NoQuestionSource", "NotesTooThin", "Order", "generate"]

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


def sources_for(order: Order) -> list[Source]:
    """Who may serve an order, best first."""
    model = Model(order.seconds)
    candidates: list[Source] = [model, Cloze()] if order.notes else [model, Bank()]
    return [source for source in candidates if source.can_serve(order)]


def generate(order: Order) -> list[Draft]:
    """Up to `order.count` proper questions; fewer when the sources have no more, but never none: that raises
    NoQuestionSource, or NotesTooThin for notes."""
    basket = Basket(order)
    with seat():  # one for writing and checking
        for source in sources_for(order):
            for _round in range(source.rounds):
                if basket.missing and not basket.fill_from(source):
                    break  # it has nothing more
    if basket.refusals:
        logger.info("drafts refused", extra={"reasons": dict(basket.refusals), "accepted": len(basket.accepted)})
    if not basket.accepted:
        raise NotesTooThin if order.notes else NoQuestionSource(order.theme)
    return basket.accepted[: order.count]


class Basket:
    """What an order has got so far, and why the rest was refused, counted by reason."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.accepted: list[Draft] = []
        self.refusals: Counter[str] = Counter()
        self._seen = Seen(order.avoid)

    @property
    def missing(self) -> int:
        return max(0, self.order.count - len(self.accepted))

    def fill_from(self, source: Source) -> bool:
        """Ask a source for what is missing; whether it handed anything in."""
        told = tuple(Asked(draft.question, draft.answer) for draft in self.accepted)
        order = replace(self.order, count=self.missing, avoid=(*told, *self.order.avoid))
        try:
            drafts = source.draft(order)
        except SourceFailed as exc:
            self.refusals[f"{source.name}_{exc.reason}"] += 1
            return False
        for draft, reason in source.verified(self._proper(drafts), order):
            if reason:
                self.refusals[reason] += 1
            else:
                self.accepted.append(shuffled(draft))
        # What was refused by its solution may come again with its key put right.
        self._seen = Seen((*(Asked(draft.question, draft.answer) for draft in self.accepted), *self.order.avoid))
        return bool(drafts)

    def _proper(self, drafts: list[Draft]) -> list[Draft]:
        """Those that are proper questions, none like another."""
        proper = []
        retired = retired_among(draft.fingerprint for draft in drafts)
        for draft in drafts:
            if draft.fingerprint in retired:
                self.refusals["retired"] += 1
            elif reason := refusal(draft, self._seen, language=self.order.language):
                self.refusals[reason] += 1
            else:
                self._seen.add(draft)
                proper.append(draft)
        return proper


def shuffled(draft: Draft) -> Draft:
    """The same question with its options in another order: models favour a letter, and files list the answer first."""
    places = random.sample(range(4), 4)
    return replace(
        draft,
        options=tuple(draft.options[place] for place in places),
        why=tuple(draft.why[place] for place in places) if draft.why else (),
        correct=places.index(draft.correct),
    )
