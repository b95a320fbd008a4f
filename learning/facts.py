"""The recorded answers, as `metrics` reads them to compute its totals anew."""

from collections.abc import Iterator, Sequence

from learning.models import IntensiveResponse, UserResponse
from metrics.services import AnswerFact


def answers_of_user(user_id: int) -> Iterator[AnswerFact]:
    """Every graded answer of a user that counts, oldest first within each table."""
    return (fact for _user_id, fact in answers_of_users([user_id]))


def answers_of_users(user_ids: Sequence[int]) -> Iterator[tuple[int, AnswerFact]]:
    """The same of several users, each with its user's id."""
    theme, theme_key, level = "challenge__theme", "challenge__theme_key", "challenge__level"
    for model in (UserResponse, IntensiveResponse):
        rows = model.objects.filter(user_id__in=user_ids, is_void=False).order_by("created_at", "id")
        values = rows.values_list("user_id", theme, theme_key, level, "day", "is_correct")
        for user_id, *fact in values.iterator(chunk_size=2000):
            yield user_id, AnswerFact(*fact)
