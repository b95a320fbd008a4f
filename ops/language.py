"""Which language a person reads: their own setting, else what the client asks for, else Spanish."""

from collections.abc import Callable
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

from ops.headers import set_plain


@lru_cache(maxsize=256)
def asked_language(accept_language: str) -> str:
    """The best language we have for an Accept-Language header."""
    have = {code for code, _ in settings.LANGUAGES}
    for code, _weight in parse_accept_lang_header(accept_language.lower()):
        base = code.partition("-")[0]
        if base in have:
            return base
        if base == "*":
            break
    return settings.LANGUAGE_CODE


def speak(request: HttpRequest, preferred: str = "") -> None:
    """Use the person's language for the rest of this request; the request middleware ends it."""
    language = preferred or asked_language(request.META.get("HTTP_ACCEPT_LANGUAGE", ""))
    if language != getattr(request, "LANGUAGE_CODE", ""):  # Django's name for it
        translation.activate(language)
        request.LANGUAGE_CODE = language


class LanguageMiddleware:
    """Speaks what the client asks for until somebody is recognised, and says which language the answer is in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        speak(request)
        response = self.get_response(request)
        if "Content-Language" in response.headers:
            return response  # the same for everybody
        varies = response.headers.get("Vary")
        said = f"{varies}, Accept-Language" if varies else "Accept-Language"
        set_plain(response, {"Content-Language": request.LANGUAGE_CODE, "Vary": said})
        return response
