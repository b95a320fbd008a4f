"""DRF's question "who is asking?", answered from the token."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.tokens import TokenUser, token_in, user_of
from persenaut.errors import DomainError

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


class OriginRefused(DomainError):
    status = 403
    code = "origin_refused"


class TokenAuthentication(BaseAuthentication):
    """The cookie `token`, or `Authorization: Bearer`. A token that is no good leaves the request anonymous and says so
    in `token_problem`, so that a stale cookie keeps nobody from logging in."""

    def authenticate(self, request: Request) -> tuple[TokenUser, Any] | None:
        token, by_cookie = token_in(request._request)
        if not token:
            return None
        if by_cookie and request.method not in SAFE_METHODS:
            refuse_foreign_origin(request._request)
        user = user_of(token)
        if user is None:
            request.token_problem = _("Token inválido")  # type: ignore[attr-defined]
            return None
        request._request.user_id = user.pk  # type: ignore[attr-defined]  # for the request's log line
        return user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def refuse_foreign_origin(request: HttpRequest) -> None:
    """A browser sends the cookie along with another site's form: believe only pages of our own and of our clients."""
    origin = request.META.get("HTTP_ORIGIN")
    if origin is None or origin in settings.CORS_ALLOWED_ORIGINS:
        return
    own = f"{request.scheme}://{request.get_host()}"
    if origin.lower() != own.lower():
        raise OriginRefused(_("Esta petición viene de un sitio que no está permitido."))
