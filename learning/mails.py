"""The mail about a challenge that has come."""

import re
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.mails import notification
from accounts.models import User
from learning.words import Level
from ops.mail import Letter


def write_delivered(user: User, facts: dict[str, Any]) -> Letter | None:
    """`facts` are {theme, level}. None for a user who wants no such mails any more."""
    if not user.wants_email:
        return None
    theme, level = facts["theme"], str(Level(facts["level"]).label)
    return notification(
        user,
        {
            "subject": _("Nuevo reto: %(theme)s (%(level)s)") % {"theme": theme, "level": level},
            "title": _("Tienes un reto nuevo"),
            "paragraphs": [_("Una pregunta, cuatro opciones y un minuto de tu día.")],
            "facts": [(_("Tema"), unlinked(theme)), (_("Nivel"), level)],
            "button": (_("Responder"), settings.FRONTEND_URL),
            "reason": _("Recibes este correo porque programaste retos de este tema en Persenaut."),
        },
    )


def unlinked(text: str) -> str:
    """The text as it is, but no mail program makes a link of it: anybody can sign up with another's address and call a
    theme what they like."""
    return re.sub(r"(?<=\w)([.:])(?=[\w/])", "\\1\u2060", text)
