"""Many learners who answered the same questions, for what is counted over them."""

import random
from collections.abc import Callable

from django.utils import timezone

from accounts.models import User
from learning.generation.drafts import fingerprint
from learning.models import LETTERS, Challenge, UserResponse
from learning.services.challenges import fact_of
from metrics.services import lock_totals, record_answers
from ops.database import in_transaction

OPTIONS = ["uno", "dos", "tres", "cuatro"]  # "uno" is right

Chooses = Callable[[int, int, random.Random], str]  # (learner's number, question's number, chance) -> an option


def by_skill(learner: int, question: int, chance: random.Random) -> str:
    """The later the learner the better, the later the question the harder; question 0 is right for those who do not
    know, and nobody ever takes "cuatro" for question 1."""
    knows = chance.random() < learner / 40 * (1.4 - question / 12)
    if question == 0:
        knows = not knows
    wrong = OPTIONS[1:3] if question == 1 else OPTIONS[1:]
    return "uno" if knows else chance.choice(wrong)


@in_transaction
def crowd(learners: int = 40, questions: int = 12, *, choose: Chooses = by_skill, model: str = "m-1") -> list[str]:
    """`learners` of whom each has answered `questions` questions of one theme; the questions' fingerprints, in order.
    Odd questions are from the bank, even ones from `model` and solved twice."""
    chance = random.Random("crowd")
    texts = [f"¿Qué número va en el lugar {number}?" for number in range(questions)]
    for who in range(learners):
        name = f"crowd_{who}"
        user = User.objects.create(
            name="Ana", username=name, username_key=name, email=f"{name}@example.org", password="!"
        )
        lock_totals(user.pk)
        copies, answers = [], []
        for number, text in enumerate(texts):
            options = chance.sample(OPTIONS, 4)
            from_model = number % 2 == 0
            copy = Challenge(
                user=user, theme="Números", theme_key="numeros", level="principiante", question=text, options=options,
                correct_letter=LETTERS[options.index("uno")], fingerprint=fingerprint(text), state="completed",
                origin="model" if from_model else "bank", model=model if from_model else "",
                verification={"votes": 2, "agreed": 2, "model": "m-2", "prompt": "v1"} if from_model else {},
            )  # fmt: skip
            chosen = choose(who, number, chance)
            answer = UserResponse(
                user=user, challenge=copy, selected_letter=LETTERS[options.index(chosen)],
                is_correct=chosen == "uno", response_time=5, day=timezone.now().date(),
            )  # fmt: skip
            copies.append(copy)
            answers.append(answer)
        Challenge.objects.bulk_create(copies)
        UserResponse.objects.bulk_create(answers)
        record_answers(user.pk, [fact_of(answer.challenge, answer) for answer in answers])
    return [fingerprint(text) for text in texts]
