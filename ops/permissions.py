"""Who may call an API view."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request


class SignedIn(BasePermission):
    """The default: a valid token. Says whether one was missing or no good."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.user.is_authenticated:
            return True
        problem = getattr(request, "token_problem", "")
        raise NotAuthenticated(problem or _("No autenticado"))


class Anyone(BasePermission):
    """Whoever it is; a token that is no good counts as none."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return True


class AnyoneButExpired(BasePermission):
    """Visitors too; but a client that sends a token which is no good is told so, lest its work is not stored."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if problem := getattr(request, "token_problem", ""):
            raise NotAuthenticated(problem)
        return True
