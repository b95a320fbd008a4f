"""Questions from a learner's own notes without a model: cloze questions."""

from learning.generation.cloze import make_cloze
from learning.generation.drafts import Draft, Excerpt, Order
from learning.models import Challenge


class Cloze:
    name = "cloze"
    rounds = 1

    def can_serve(self, order: Order) -> bool:
        return bool(order.notes)

    def draft(self, order: Order) -> list[Draft]:
        had = [asked.question for asked in order.avoid]
        return [
            Draft(
                question=item.question,
                options=(item.answer, *item.distractors),
                correct=0,
                explanation=item.explanation,
                origin=Challenge.Origin.CLOZE,
                level=order.level,
                excerpt=Excerpt(order.notes[item.start : item.end], item.start, item.end),
            )
            for item in make_cloze(order.notes, count=order.count, avoid=had)
        ]

    def verified(self, drafts: list[Draft], order: Order) -> list[tuple[Draft, str]]:
        return [(draft, "") for draft in drafts]  # the key is the word that stood there
