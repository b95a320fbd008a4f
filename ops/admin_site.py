"""The staff's site: Django's admin, with pages of our own beside its lists.

An app adds a page in its admin.py, which Django imports before it asks for URLs:

    admin.site.add_page("operations/", page, name="operations", label=_("..."), permission="ops.see_operations")

Its URL is then `reverse("admin:operations")`, and whoever has the permission finds a link on the index.

Logging in is limited as in the API (class `auth`: by address and by account), and failures lock the account: when class
`admin_lock` is used up, not even the right password lets it in until its window ends, or `ratelimit_reset --user` has
opened it. Both count in this process alone while Redis is away.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.dispatch import Signal
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from ops import limits
from ops.address import client_address
from ops.redis_client import UNAVAILABLE

logger = logging.getLogger(__name__)

# A member of staff has set a new password in the admin: `user`.
password_changed = Signal()

RECENT = 10  # of one's own actions, on the index
LOCK = "admin_lock"  # the class of limits


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

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        from django.contrib.admin.models import LogEntry  # not before the apps are there

        # By key: in the order of time, as Django asks, all that this member of staff ever did would be sorted.
        mine = LogEntry.objects.filter(user_id=int(request.user.pk or 0)).order_by("-pk")
        recent = {"recent_actions": mine.prefetch_related("content_type")[:RECENT]}
        return super().index(request, recent | (extra_context or {}))

    @method_decorator(sensitive_post_parameters("password"))
    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.method != "POST" or limits.skipped():
            return super().login(request, extra_context)
        account = limits.account_key(request.POST.get("username", ""))
        try:
            for key in (limits.client_key(request, None), account):
                limits.spend(request, "auth", key)
            lock = limits.look(request, LOCK, account)
            if lock.refused:
                logger.warning("login of a locked account", extra={"ip": client_address(request)})
                raise limits.LimitExceeded(lock)
        except limits.LimitExceeded as refusal:
            return self._too_many(request, refusal.usage)
        response = super().login(request, extra_context)
        if request.user.is_authenticated:
            _open(account)
        else:
            _count_failure(request, account)
        return response

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        response = super().password_change(request, extra_context)
        if isinstance(response, HttpResponseRedirect) and request.method == "POST":
            password_changed.send(StaffSite, user=request.user)
        return response

    def _too_many(self, request: HttpRequest, usage: limits.Usage) -> HttpResponse:
        context = self.each_context(request) | {"title": _("Demasiados intentos"), "minutes": -(-usage.reset // 60)}
        answer = TemplateResponse(request, "admin/too_many.html", context, status=429)
        answer["Retry-After"] = str(usage.reset)
        limits.add_headers(answer, usage)
        return answer

    def _links(self, request: HttpRequest) -> list[dict[str, Any]]:
        if not self.has_permission(request):
            return []
        mine = [page for page in self._pages if page.label and page.is_for(request.user)]
        return [{"label": page.label, "url": reverse(f"admin:{page.name}")} for page in mine]


def _count_failure(request: HttpRequest, account: str) -> None:
    logger.warning("login into the admin failed", extra={"ip": client_address(request)})
    with suppress(limits.LimitExceeded):  # the next attempt finds it locked
        limits.spend(request, LOCK, account)


def _open(account: str) -> None:
    """Whoever is in has shown that the failures were slips."""
    with suppress(*UNAVAILABLE):
        limits.reset(LOCK, account)


def _guarded(page: Page) -> Callable[..., HttpResponseBase]:
    if not page.permission:
        return page.view
    return permission_required(page.permission, raise_exception=True)(page.view)
