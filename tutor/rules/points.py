"""Strengths and weaknesses: what the figures bear out, or an honest word about why they do not yet."""

from django.utils.translation import gettext as _

from tutor.advice import MAX_POINTS
from tutor.figures import ENOUGH, STEADY, STRONG, Area, Figures
from tutor.plan import is_irregular, is_regular
from tutor.rules.names import named


def strengths(figures: Figures) -> list[str]:
    points = [score_line(area) for area in figures.strong[: MAX_POINTS - 2]]
    if (figures.change or 0) >= STEADY:
        points.append(
            _("Progreso: tu precisión ha subido %(change)d puntos porcentuales.") % {"change": figures.change}
        )
    if is_regular(figures):
        said = {"active": figures.active_days, "span": figures.span}
        points.append(_("Constancia: has practicado en %(active)d de los últimos %(span)d días.") % said)
    return points or [no_strength(figures)]


def weaknesses(figures: Figures) -> list[str]:
    points = [score_line(area) for area in figures.weak[: MAX_POINTS - 2]]
    if (figures.change or 0) <= -STEADY:
        said = {"change": -(figures.change or 0)}
        points.append(_("Precisión: ha bajado %(change)d puntos porcentuales.") % said)
    if is_irregular(figures):
        said = {"active": figures.active_days, "span": figures.span}
        points.append(_("Constancia: solo has practicado en %(active)d de los últimos %(span)d días.") % said)
    return points or [no_weakness(figures)]


def score_line(area: Area) -> str:
    said = {
        "area": named(area.theme, area.level),
        "correct": area.now.correct,
        "answered": area.now.answered,
        "percent": area.now.percent,
        "before": area.before.percent,
    }
    if area.change is None or abs(area.change) < STEADY:
        text = _("%(area)s: %(correct)d de %(answered)d respuestas correctas (%(percent)d %%).")
    elif area.change > 0:
        text = _(
            "%(area)s: %(correct)d de %(answered)d respuestas correctas (%(percent)d %%), y subiendo: antes era el"
            " %(before)d %%."
        )
    else:
        text = _(
            "%(area)s: %(correct)d de %(answered)d respuestas correctas (%(percent)d %%), y bajando: antes era el"
            " %(before)d %%."
        )
    return text % said


def no_strength(figures: Figures) -> str:
    if figures.judged:
        text = _("Ningún tema llega todavía al %(strong)d %%, pero ya está claro por dónde empezar a mejorar.")
    elif figures.now.answered:
        text = _("Aún no se puede señalar un punto fuerte: ningún tema tiene %(enough)d respuestas en este período.")
    elif figures.latest:
        text = _("En este período no hay respuestas que muestren un punto fuerte.")
    else:
        text = _(
            "Aún no se puede señalar un punto fuerte: hacen falta al menos %(enough)d respuestas de un mismo tema."
        )
    return text % {"strong": STRONG, "enough": ENOUGH}


def no_weakness(figures: Figures) -> str:
    if figures.judged:
        text = _("Ninguno a la vista: ningún tema con %(enough)d respuestas o más baja del %(strong)d %%.")
    elif figures.now.answered:
        text = _(
            "Aún no se puede señalar un punto débil: con menos de %(enough)d respuestas, un fallo no dice nada de un"
            " tema."
        )
    elif figures.latest:
        text = _("En este período no hay respuestas que muestren un punto débil.")
    else:
        text = _("Aún no se puede señalar un punto débil: lo que te cueste se verá en cuanto respondas.")
    return text % {"strong": STRONG, "enough": ENOUGH}
