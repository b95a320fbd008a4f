"""Lists of the admin that stay fast however many rows there are."""

from typing import Any

from django.core.paginator import Paginator
from django.utils.functional import cached_property

MOST = 1_000  # rows that a list leads through


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # Django's own is not generic
    """Counts, and leads to, no more than the first MOST rows: counting all of a large table takes seconds, and nobody
    turns a thousand pages. What lies further on is found by a search or a filter."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows[:MOST].count())
