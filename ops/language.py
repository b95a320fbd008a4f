"""Which language a person reads: their own setting, else what the client asks for, else Spanish."""

from functools import lru_cache

from django.conf import settings
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header


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


def speak(preferred: str, accept_language: str) -> None:
    """Use the person's language for the rest of this request; the request middleware ends it."""
    translation.activate(preferred or asked_language(accept_language))
