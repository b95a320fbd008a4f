"""Django's middleware for pages with a session, kept to the admin: an API request passes it by."""

from typing import Any

from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest
from django.middleware import common, csrf, locale
from django.utils import translation

PREFIX = "/admin"


class _AdminOnly:
    """Mixed in before a middleware: skips its request, view and response steps outside the admin."""

    def __call__(self, request: HttpRequest) -> Any:
        if request.path_info.startswith(PREFIX):
            return super().__call__(request)  # type: ignore[misc]
        return self.get_response(request)  # type: ignore[attr-defined]


class SessionMiddleware(_AdminOnly, sessions.SessionMiddleware):
    pass


class LocaleMiddleware(_AdminOnly, locale.LocaleMiddleware):
    pass


class CommonMiddleware(_AdminOnly, common.CommonMiddleware):
    pass


class AuthenticationMiddleware(_AdminOnly, auth.AuthenticationMiddleware):
    """Also speaks the language that the member of staff has chosen."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        if language := getattr(request.user, "language", ""):
            translation.activate(language)
            request.LANGUAGE_CODE = language


class MessageMiddleware(_AdminOnly, messages.MessageMiddleware):
    pass


class CsrfViewMiddleware(_AdminOnly, csrf.CsrfViewMiddleware):
    def process_view(self, request: HttpRequest, *args: Any) -> Any:
        if request.path_info.startswith(PREFIX):
            return super().process_view(request, *args)
        return None
