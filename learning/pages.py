"""The front door: what Persenaut is, for people who come by, and a question of the demo to try."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_safe

from learning.words import Level
from ops.language import speak

# Of the question bank, which knows them by either name.
THEMES = [
    _("Historia"), _("Geografía"), _("Biología"), _("Astronomía"), _("Matemáticas"), _("Música"), _("Arte"),
    _("Programación"),
]  # fmt: skip
# What the script says. It finds these sentences in the page.
SAID = {
    "asking": _("Preparando una pregunta…"),
    "right": _("¡Correcto! Es la %(letter)s."),
    "wrong": _("No: la buena es la %(letter)s, «%(answer)s»."),
    "tally": _("Llevas %(right)s de %(asked)s."),
    "correct": _("la buena"),
    "chosen": _("tu respuesta"),
    "next": _("Otra pregunta"),
    "busy": _("Has pedido muchas preguntas seguidas. Podrás pedir otra dentro de %(wait)s."),
    "seconds": _("%(count)s s"),
    "minutes": _("%(count)s min"),
    "failed": _("El servidor no ha podido dar una pregunta. Inténtalo de nuevo dentro de un momento."),
    "offline": _("No hay conexión con el servidor. Comprueba tu red e inténtalo de nuevo."),
}


@require_safe
@cache_control(public=True, max_age=300)
@conditional_page
def front_door(request: HttpRequest) -> HttpResponse:
    """In the language of `?lang`, else of Accept-Language."""
    asked = request.GET.get("lang", "")
    if asked in dict(settings.LANGUAGES):
        speak(request, asked)
    language = request.LANGUAGE_CODE
    shown = {
        "language": language,
        "languages": [("es", "Español"), ("en", "English")],
        "themes": THEMES,
        "levels": Level.choices,
        "said": {name: str(sentence) for name, sentence in SAID.items()},
        "api": settings.PUBLIC_URL,
        # Without a model all questions are the bank's, which is in Spanish.
        "questions_language": language if settings.AI_BASE_URL else "es",
    }
    return render(request, "learning/front-door.html", shown)
