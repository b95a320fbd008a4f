"""Django's middleware for pages with a session, kept to the admin: an API request passes it by."""

from collections.abc import Callable
from typing import Any

from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponseBase
from django.utils.module_loading import import_string

from ops.language import speak

PREFIX = "/admin"
CHAIN = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "ops.admin_only.StaffLanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

GetResponse = Callable[[HttpRequest], Any]


class AdminMiddleware:
    """One fork in the road instead of six: an API request pays for one call, not for twelve."""

    def __init__(self, get_response: GetResponse) -> None:
        self.elsewhere: GetResponse = get_response
        self.admin: GetResponse = get_response
        self.view_steps: list[Callable[..., HttpResponseBase | None]] = []
        for name in reversed(CHAIN):
            middleware: Any = import_string(name)(self.admin)
            if step := getattr(middleware, "process_view", None):
                self.view_steps.insert(0, step)
            self.admin = convert_exception_to_response(middleware)  # as Django does between any two

    def __call__(self, request: HttpRequest) -> Any:
        if request.path_info.startswith(PREFIX):
            return self.admin(request)
        return self.elsewhere(request)

    def process_view(self, request: HttpRequest, *args: Any) -> HttpResponseBase | None:
        if request.path_info.startswith(PREFIX):
            for step in self.view_steps:
                if (response := step(request, *args)) is not None:
                    return response
        return None


class StaffLanguageMiddleware:
    """Speaks the language that the member of staff has chosen; ops.language has seen to everybody else."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        if language := getattr(request.user, "language", ""):
            speak(request, language)
        return self.get_response(request)
