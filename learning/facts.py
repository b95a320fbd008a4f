"""The recorded answers, as `metrics` reads them to compute its totals anew."""

from collections.abc import Iterator

from learning.models import IntensiveResponse, UserResponse
from metrics.services import AnswerFact


def answers_of_user(user_id: int) -> Iterator[AnswerFact]:
    """Every graded answer of a user that counts, oldest first within each table."""
    for model in (UserResponse, IntensiveResponse):
        rows = (
            model.objects.of_user(user_id)
            .filter(is_void=False)
            .order_by("created_at", "id")
            .values_list("challenge__theme", "challenge__theme_key", "challenge__level", "day", "is_correct")
        )
        for theme, theme_key, level, day, is_correct in rows.iterator(chunk_size=2000):
            yield AnswerFact(theme, theme_key, level, day, is_correct)
