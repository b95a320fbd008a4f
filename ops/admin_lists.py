"""Lists of the admin that stay fast however many rows there are, and facts that nobody edits.

A list orders, filters and searches only by what an index gives (tests/test_query_plans.py asks for each way). Django's
own search joins every field by OR, which no index serves; so a list here has *ways* to search, of which the term itself
picks one: `#12` is a row, `12`, `ana@example.org` and `@ana` are a user, and so on. Whatever else would look through a
whole table, such as lookups written into the address, facets and an exact count, is off.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ops.admin_export import export_csv

MOST = 1_000  # rows that a list leads through
MOST_CHANGED = 100  # rows that one action changes


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # Django's own is not generic
    """Counts, and leads to, no more than the first MOST rows: counting all of a large table takes seconds, and nobody
    turns a thousand pages. What lies further on is found by a search or a filter."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows[:MOST].count())

    def page(self, number: int | str) -> Page[Any]:
        """First the keys, from an index alone, then their rows: asked for both at once, the database now and then finds
        it cheaper to sort the whole table than to fetch a thousand rows along the index."""
        number = self.validate_number(number)
        bottom = (number - 1) * self.per_page
        rows: Any = self.object_list
        keys = list(rows.values_list("pk", flat=True)[bottom : min(bottom + self.per_page, self.count)])
        found = {row.pk: row for row in rows.filter(pk__in=keys).order_by()}
        return Page([found[key] for key in keys if key in found], number, self)


# --- Search ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Way:
    """One way to search a list: by terms that match `pattern` as a whole. `find` gives the filter for such a term, or
    None when there is nothing to be found; the rows come in the order of the index that finds them."""

    pattern: str
    find: Callable[[str], dict[str, Any] | None]
    order: Sequence[str]


USER = r"\d{1,18}|@[\w-]{1,50}|[^@\s]+@[^@\s]+"
UUID = r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}"


def by_number(field: str = "pk", *, pattern: str = r"#\d{1,18}", order: Sequence[str] = ("-pk",)) -> Way:
    """`#12`: the row of that number."""
    return Way(pattern, lambda term: {field: int(term.lstrip("#"))}, order)


def by_user(*order: str, field: str = "user_id") -> Way:
    """`12`, `ana@example.org` or `@ana`: what is that user's, in the order of an index that begins with the user."""

    def find(term: str) -> dict[str, Any] | None:
        user = user_named(term)
        return None if user is None else {field: user}

    return Way(USER, find, order)


def user_named(term: str) -> int | None:
    """The id of the user whom staff mean by an id, an e-mail address or an @username."""
    if term.isdecimal():
        return int(term)
    name, value = ("username_key", term[1:].lower()) if term.startswith("@") else ("email", term.lower())
    found: int | None = get_user_model().objects.filter(**{name: value}).values_list("pk", flat=True).first()
    return found


# --- Filters ---------------------------------------------------------------------------------------------------------


class YesNoFilter(admin.BooleanFieldListFilter):
    """Of a column with an index: as a comparison. Django sends the bare column, for which none looks into an index."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.lookup_val not in ("0", "1"):
            return queryset
        return queryset.filter(**{f"{self.field_path}__in": [self.lookup_val == "1"]})


# --- Lists -----------------------------------------------------------------------------------------------------------


class ListAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # Django's own is not generic
    """Base of all our lists."""

    ways: Sequence[Way] = ()
    # For a list under a filter on the field named: the order that the filter's index gives.
    filter_orders: dict[str, list[str]] = {}
    # Related rows that the list shows, each fetched for all its rows at once: by a join, MariaDB now and then begins at
    # the other table and sorts the whole of this one.
    related: Sequence[str] = ()

    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_select_related = ()
    sortable_by = ()

    # --- finding ---

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related(*self.related)

    def get_ordering(self, request: HttpRequest) -> Any:
        for field, order in self.filter_orders.items():
            if any(name.startswith(f"{field}__") for name in request.GET):
                return order
        return self.ordering or ["-pk"]

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        return ["pk"] if self.ways else []  # says that there is a search

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = " ".join(search_term.split())
        if not term:
            return queryset, False
        for way in self.ways:
            if re.fullmatch(way.pattern, term):
                found = way.find(term)
                return (queryset.none() if found is None else queryset.filter(**found).order_by(*way.order)), False
        return queryset.none(), False

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Only what the list's filters ask for: any other could look through the whole table."""
        filters: Any = self.list_filter
        fields = [each if isinstance(each, str) else each[0] for each in filters]
        return lookup.partition("__")[0] in fields

    # --- doing ---

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm("ops.export_lists")

    def get_actions(self, request: HttpRequest) -> Any:
        actions = super().get_actions(request)
        if self.has_export_permission(request):
            actions["export_csv"] = self.get_action(export_csv)
        return actions

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], *args: Any) -> HttpResponse | None:
        """No click changes more than MOST_CHANGED rows: «all» of a list may be a whole table."""
        is_change = "export_csv" not in request.POST.getlist("action")
        is_all = request.POST.get("select_across") == "1"
        if is_change and is_all and queryset[: MOST_CHANGED + 1].count() > MOST_CHANGED:
            said = _("Son más de %(count)d filas: acota la lista con un filtro. No se ha hecho nada.")
            self.message_user(request, said % {"count": MOST_CHANGED}, messages.ERROR)
            return None
        return super().response_action(request, queryset, *args)


class FactAdmin(ListAdmin):
    """Rows that say what happened. Staff read them; only the code that makes it happen writes them."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class UserFactAdmin(FactAdmin):
    """Facts of one user each, found by the user."""

    related = ("user",)
    search_help_text = gettext_lazy("Un usuario (su número, su correo o @nombre) o una fila (#número).")
