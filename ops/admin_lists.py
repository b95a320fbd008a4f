"""Lists of the admin that stay fast however many rows there are, and facts that nobody edits."""

from typing import Any

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from ops.admin_export import export_csv

MOST = 1_000  # rows that a list leads through, and that one action changes


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # Django's own is not generic
    """Counts, and leads to, no more than the first MOST rows: counting all of a large table takes seconds, and nobody
    turns a thousand pages. What lies further on is found by a search or a filter."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows[:MOST].count())


class ListAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # Django's own is not generic
    """Base of all our lists. Each orders, filters and searches only by what an index gives (tests/test_query_plans.py),
    and whoever may export has an action for it."""

    paginator = BoundedPaginator
    show_full_result_count = False
    list_per_page = 50
    sortable_by = ()

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm("ops.export_lists")

    def get_actions(self, request: HttpRequest) -> Any:
        actions = super().get_actions(request)
        if self.has_export_permission(request):
            actions["export_csv"] = self.get_action(export_csv)
        return actions

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], *args: Any) -> HttpResponse | None:
        """«All» of a list are as many as its paginator counts: nothing is done to a table by one click."""
        is_change = "export_csv" not in request.POST.getlist("action")
        if is_change and request.POST.get("select_across") == "1" and queryset[: MOST + 1].count() > MOST:
            said = _("Son más de %(count)d filas: acota la lista con un filtro. No se ha hecho nada.")
            self.message_user(request, said % {"count": MOST}, messages.ERROR)
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
