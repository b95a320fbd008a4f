"""Questions from a learner's own notes without a model: cloze questions."""

from learning.generation.cloze import make_cloze
from learning.generation.drafts import Draft, Order
from learning.models import Challenge


class Cloze:
    name = "cloze"

    def can_serve(self, order: Order) -> bool:
        return bool(order.notes)

    def draft(self, order: Order) -> list[Draft]:
        return [
            Draft(
                question=item.question,
                options=(item.answer, *item.distractors),
                correct=0,
                explanation=item.explanation,
                origin=Challenge.Origin.CLOZE,
                level=order.level,
                detail=item.language,
            )
            for item in make_cloze(order.notes, count=order.count, avoid=order.avoid)
        ]
