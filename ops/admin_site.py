"""The staff's site: Django's admin, with pages of our own beside its lists.

An app adds a page in its admin.py, which Django imports before it asks for URLs:

    admin.site.add_page("operations/", page, name="operations", label=_("..."), permission="ops.see_operations")

Its URL is then `reverse("admin:operations")`, and whoever has the permission finds a link on the index.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the admin that is no list. Without a label it has no link on the index (it takes parameters, say)."""

    route: str
    view: Callable[..., HttpResponseBase]
    name: str
    label: Any = ""
    permission: str = ""

    def is_for(self, user: Any) -> bool:
        return not self.permission or user.has_perm(self.permission)


class StaffSite(admin.AdminSite):
    site_title = site_header = "Persenaut"
    index_title = _("Administración")

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self._pages: list[Page] = []
        self.disable_action("delete_selected")  # it lists, and deletes, everything that hangs on a row

    def add_page(
        self,
        route: str,
        view: Callable[..., HttpResponseBase],
        *,
        name: str,
        label: Any = "",
        permission: str = "",
    ) -> None:
        """Serve `view` at /admin/`route` to staff who have the permission ("": to all staff)."""
        self._pages.append(Page(route, view, name, label, permission))

    def get_urls(self) -> list[URLPattern | URLResolver]:
        own: list[URLPattern | URLResolver] = [
            path(page.route, self.admin_view(_guarded(page)), name=page.name) for page in self._pages
        ]
        return own + super().get_urls()

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return super().each_context(request) | {"staff_pages": self._links(request)}

    def _links(self, request: HttpRequest) -> list[dict[str, Any]]:
        if not self.has_permission(request):
            return []
        mine = [page for page in self._pages if page.label and page.is_for(request.user)]
        return [{"label": page.label, "url": reverse(f"admin:{page.name}")} for page in mine]


def _guarded(page: Page) -> Callable[..., HttpResponseBase]:
    if not page.permission:
        return page.view
    return permission_required(page.permission, raise_exception=True)(page.view)
