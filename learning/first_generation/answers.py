"""Answers outside sessions. Each is graded again by the key; an answer to a question that was answered before is a
further attempt."""

from collections import Counter
from typing import Any

from django.db.models import Max

from learning.first_generation.ledger import Batch, user_of
from learning.first_generation.parsing import read_key
from learning.first_generation.reading import Row
from learning.first_generation.steps import Found, Person, Run, Step, time_of
from learning.first_generation.values import LeftOut, Notes, letter, seconds, text, truth, whole
from learning.models import Challenge, UserResponse


class Answers(Step):
    kind = table = "user_responses"

    def store(self, run: Run, rows: list[Row], batch: Batch) -> None:
        people = run.people(rows)
        challenges = run.challenges(rows, "question_id", *fields_for(rows))
        made = batch.read(rows, lambda row: self.read(row, people.of(user_of(row)), challenges))
        _number(made)
        UserResponse.objects.bulk_create(made)
        answered = {answer.challenge_id for answer in made}
        Challenge.objects.filter(pk__in=answered).exclude(state=Challenge.State.COMPLETED).update(
            state=Challenge.State.COMPLETED
        )

    def read(self, row: Row, person: Person, challenges: Found[Challenge]) -> tuple[UserResponse, Notes]:
        challenge = challenges.of(whole(row["question_id"]))
        if challenge.user_id != person.pk:
            raise LeftOut("question_of_another", row["question_id"])
        fields, notes = graded(row, challenge, person)
        return UserResponse(user_id=person.pk, challenge_id=challenge.pk, **fields), notes


def fields_for(rows: list[Row]) -> list[str]:
    """The fields of challenges that grading needs; options, which take time to read, if an answer is more than a
    letter."""
    in_words = any(text(row["selected_answer"]) and not letter(row["selected_answer"]) for row in rows)
    return ["correct_letter", "created_at", *(["options"] if in_words else [])]


def graded(row: Row, challenge: Challenge, person: Person) -> tuple[dict[str, Any], Notes]:
    """The fields that every answer has. Where the chosen letter is known, the key decides whether it was right."""
    notes = list(row.notes)
    chosen = letter(row["selected_answer"])
    if not chosen and text(row["selected_answer"]):
        chosen = read_key(row["selected_answer"], challenge.options)
    believed = truth(row["is_correct"])
    if chosen:
        is_correct = chosen == challenge.correct_letter
        if believed is not None and believed != is_correct:
            verdict = "right" if is_correct else "wrong"
            notes.append(("graded_again", f"{chosen}, key {challenge.correct_letter}: {verdict}"))
    else:
        is_correct = bool(believed)
        notes.append(("choice_unknown" if believed is not None else "grade_unknown", text(row["selected_answer"])[:40]))
    moment = time_of(row, "created_at", challenge.created_at, notes)
    return {
        "selected_letter": chosen,
        "is_correct": is_correct,
        "response_time": seconds(row["response_time"], notes),
        "day": person.day(moment),
        "created_at": moment,
    }, notes


def _number(answers: list[UserResponse]) -> None:
    """Number the attempts at each challenge, after those that are there."""
    challenge_ids = {answer.challenge_id for answer in answers}
    rows = UserResponse.objects.filter(challenge_id__in=challenge_ids).values_list("challenge_id")
    attempts = Counter(dict(rows.annotate(Max("attempt"))))
    for answer in answers:
        attempts[answer.challenge_id] += 1
        answer.attempt = attempts[answer.challenge_id]
