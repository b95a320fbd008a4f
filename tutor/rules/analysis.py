"""What happened in the range, and a word to go on with."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tutor.figures import ENOUGH, STEADY, STRONG, Figures
from tutor.plan import FEW_ANSWERS, LONG_PAUSE
from tutor.rules.names import named

CHEERING_STREAK = 3  # days
VERY_GOOD = 85  # per cent


def analysis(figures: Figures) -> Iterator[str]:
    yield opening(figures) if figures.now.answered else silence(figures)
    if figures.active_days and figures.span > 1:
        yield spread(figures)
    if figures.sessions:
        said = {"sessions": figures.sessions, "points": figures.points}
        yield (
            ngettext(
                "Has terminado %(sessions)d sesión de repaso (puntos: %(points)d).",
                "Has terminado %(sessions)d sesiones de repaso (puntos: %(points)d).",
                figures.sessions,
            )
            % said
        )
    if figures.change is not None:
        yield trend(figures, figures.change)
    if figures.now.answered:
        yield balance(figures)


def opening(figures: Figures) -> str:
    now = figures.now
    said = {"answered": now.answered, "correct": now.correct, "percent": now.percent, "days": figures.days}
    if figures.days == 1:
        text = ngettext(
            "Hoy has respondido %(answered)d pregunta y has acertado %(correct)d (%(percent)d %%).",
            "Hoy has respondido %(answered)d preguntas y has acertado %(correct)d (%(percent)d %%).",
            now.answered,
        )
    else:
        text = ngettext(
            "En los últimos %(days)d días has respondido %(answered)d pregunta y has acertado %(correct)d"
            " (%(percent)d %%).",
            "En los últimos %(days)d días has respondido %(answered)d preguntas y has acertado %(correct)d"
            " (%(percent)d %%).",
            now.answered,
        )
    return text % said


def silence(figures: Figures) -> str:
    """Nothing was answered in the range; or nothing at all that is still known."""
    latest = figures.latest
    if latest is None:
        return _(
            "Todavía no hay respuestas tuyas que analizar. En cuanto respondas unas pocas, aquí verás qué temas"
            " dominas, cuáles conviene repasar y cómo evoluciona tu precisión."
        )
    said = {"days": figures.days, "pause": figures.pause, "area": named(latest.theme, latest.level)}
    if figures.days == 1:
        text = ngettext(
            "Hoy todavía no has respondido ninguna pregunta. Lo último que practicaste, hace %(pause)d día, fue"
            " %(area)s.",
            "Hoy todavía no has respondido ninguna pregunta. Lo último que practicaste, hace %(pause)d días, fue"
            " %(area)s.",
            figures.pause,
        )
    else:
        text = ngettext(
            "En los últimos %(days)d días no has respondido ninguna pregunta. Lo último que practicaste, hace"
            " %(pause)d día, fue %(area)s.",
            "En los últimos %(days)d días no has respondido ninguna pregunta. Lo último que practicaste, hace"
            " %(pause)d días, fue %(area)s.",
            figures.pause,
        )
    return text % said


def spread(figures: Figures) -> str:
    said = {"active": figures.active_days, "span": figures.span}
    if figures.active_days == figures.span:
        return _("Has practicado cada uno de los últimos %(span)d días.") % said
    return _("Has practicado en %(active)d de los últimos %(span)d días.") % said


def trend(figures: Figures, change: int) -> str:
    if figures.days == 1:
        if change >= STEADY:
            text = _("Tu precisión sube: del %(before)d %% de ayer al %(now)d %% de hoy.")
        elif change <= -STEADY:
            text = _("Tu precisión baja: del %(before)d %% de ayer al %(now)d %% de hoy.")
        else:
            text = _("Tu precisión se mantiene: ayer fue del %(before)d %%.")
    elif change >= STEADY:
        text = _("Tu precisión sube: del %(before)d %% en los %(days)d días anteriores al %(now)d %% en estos.")
    elif change <= -STEADY:
        text = _("Tu precisión baja: del %(before)d %% en los %(days)d días anteriores al %(now)d %% en estos.")
    else:
        text = _("Tu precisión se mantiene: en los %(days)d días anteriores fue del %(before)d %%.")
    return text % {"before": figures.before.percent, "now": figures.now.percent, "days": figures.days}


def balance(figures: Figures) -> str:
    """What goes best and what goes worst, or why that cannot be said."""
    best, worst = next(iter(figures.strong), None), next(iter(figures.weak), None)
    if best and worst:
        text = _(
            "Lo que mejor llevas es %(best)s, con un %(high)d %%; lo que más te cuesta es %(worst)s, con un %(low)d %%."
        )
        return text % {
            "best": named(best.theme, best.level),
            "high": best.now.percent,
            "worst": named(worst.theme, worst.level),
            "low": worst.now.percent,
        }
    if best:
        return _("Nada de lo que ya se puede valorar baja del %(strong)d %%.") % {"strong": STRONG}
    if worst:
        return _("Nada de lo que ya se puede valorar llega todavía al %(strong)d %%.") % {"strong": STRONG}
    text = _(
        "Para valorar un tema hacen falta al menos %(enough)d respuestas: con unas pocas más se verá cómo lo llevas."
    )
    return text % {"enough": ENOUGH}


def encouragement(figures: Figures) -> str:
    if figures.latest is None:
        return _(
            "El primer paso es el más corto: cinco preguntas, y ya tendrás algo sobre lo que construir. ¡Adelante!"
        )
    if figures.pause >= LONG_PAUSE:
        return _("Volver cuesta menos de lo que parece: lo que aprendiste sigue ahí y se recupera rápido. ¡Ánimo!")
    if figures.streak >= CHEERING_STREAK:
        return streak_cheer(figures)
    if not figures.now.answered:
        return _("Una sola pregunta basta para que el día cuente. ¡Empieza por ella!")
    if (figures.change or 0) >= STEADY:
        return _("Lo que estás haciendo funciona: tu precisión mejora. ¡Sigue así!")
    if figures.now.answered < FEW_ANSWERS:
        return _("Has empezado, y eso es lo que más cuesta. Unas preguntas más y se verá tu avance.")
    if figures.now.reaches(VERY_GOOD):
        return _("¡Gran trabajo! Con esta precisión ya puedes ir a por preguntas más difíciles.")
    if not figures.now.is_enough or not figures.now.reaches(STRONG):
        return _("Cada fallo señala justo lo que toca aprender: un poco cada día, y lo notarás pronto.")
    return _("Vas por buen camino: unas pocas preguntas cada día bastan para que se note la semana que viene.")


def streak_cheer(figures: Figures) -> str:
    said = {"streak": figures.streak}
    if figures.practised_today:
        return _("¡%(streak)d días seguidos practicando! La constancia es lo que más pesa, y ya la tienes.") % said
    return _("Llevas %(streak)d días seguidos practicando: con una pregunta hoy, la racha sigue.") % said
