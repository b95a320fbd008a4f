"""How themes, levels and days are called."""

from datetime import timedelta

from django.utils.dates import WEEKDAYS
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tutor.figures import Figures

LEVEL_NAMES = {
    "principiante": gettext_lazy("principiante"),
    "intermedio": gettext_lazy("intermedio"),
    "avanzado": gettext_lazy("avanzado"),
}


def named(theme: str, level: str = "") -> str:
    """A theme as the learner typed it, with the level it is about."""
    if level not in LEVEL_NAMES:
        return _("«%(theme)s»") % {"theme": theme}
    return _("«%(theme)s» (%(level)s)") % {"theme": theme, "level": LEVEL_NAMES[level]}


def weekday(figures: Figures, offset: int) -> str:
    return str(WEEKDAYS[(figures.today + timedelta(days=offset)).weekday()])


def sentence(text: str) -> str:
    """With a capital in front, for those that begin with a weekday."""
    return str(capfirst(text))
