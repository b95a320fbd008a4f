"""The plan for the coming week: what, how many, and on which day."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from tutor.advice import MAX_GOALS
from tutor.figures import Figures
from tutor.plan import REVIEW, Step, Why, steps
from tutor.rules.names import named, sentence, weekday

SESSION_QUESTIONS = 10
# Right answers to aim for in a session, of ten.
TARGETS = {Why.WEAK: 6, Why.EASIER: 7, Why.RISE: 7, Why.COLLECT: 6, Why.KEEP: 8, Why.RESUME: 6}
DAYS_TO_PRACTISE = 4  # of seven, for whoever has no streak to keep
STREAK = 3  # days; from here on it is worth keeping


def weekly_goals(figures: Figures) -> list[str]:
    found = steps(figures)
    if not found:
        return list(first_week(figures))
    return [sentence(goal) for goal in week(figures, found)][:MAX_GOALS]


def days_of(figures: Figures) -> dict[str, str]:
    """Four of the next seven days: from today on, or from tomorrow when today is done."""
    start = 1 if figures.practised_today else 0
    return {
        name: weekday(figures, start + offset)
        for name, offset in {"first": 0, "second": 2, "third": 4, "fourth": 5}.items()
    }


def first_week(figures: Figures) -> Iterator[str]:
    said = days_of(figures) | {"count": REVIEW, "questions": SESSION_QUESTIONS}
    yield sentence(_("%(first)s: elige un tema y responde %(count)d retos de nivel principiante.") % said)
    yield sentence(
        _("%(second)s: otros %(count)d retos del mismo tema, leyendo la explicación de lo que falles.") % said
    )
    yield sentence(_("%(third)s: una sesión de repaso de ese tema (%(questions)d preguntas, sin reloj).") % said)


def week(figures: Figures, found: list[Step]) -> Iterator[str]:
    main = found[0]
    other = next((step for step in found[1:] if step.theme_key != main.theme_key), next(iter(found[1:]), None))
    said = days_of(figures) | {"count": main.count, "area": named(main.theme, main.level)}
    yield (
        _("%(first)s y %(second)s: %(count)d retos de %(area)s cada día, leyendo la explicación de cada fallo.") % said
    )
    yield second_theme(figures, other) if other else again(figures, main)
    yield session(figures, main)
    yield habit(figures)


def second_theme(figures: Figures, step: Step) -> str:
    said = days_of(figures) | {"count": step.count, "area": named(step.theme, step.level)}
    if step.why == Why.RISE:
        return _("%(third)s: %(count)d retos de %(area)s, tu siguiente nivel.") % said
    return _("%(third)s: %(count)d retos de %(area)s.") % said


def again(figures: Figures, step: Step) -> str:
    said = days_of(figures) | {"theme": named(step.theme), "area": named(step.theme, step.level), "count": step.count}
    if not (step.area and step.area.now.wrong):
        return _("%(third)s: otros %(count)d retos de %(area)s, para comprobar lo que ya sabes.") % said
    return _("%(third)s: vuelve a las preguntas de %(theme)s que fallaste e intenta explicarlas sin mirar.") % said


def session(figures: Figures, step: Step) -> str:
    said = days_of(figures) | {
        "theme": named(step.theme),
        "questions": SESSION_QUESTIONS,
        "target": TARGETS[step.why],
    }
    text = _(
        "%(fourth)s: una sesión de repaso de %(theme)s (%(questions)d preguntas, sin reloj); objetivo, acertar al menos"
        " %(target)d."
    )
    return text % said


def habit(figures: Figures) -> str:
    if figures.streak >= STREAK:
        said = {"streak": figures.streak, "goal": figures.streak + 7}
        return _("Practica cada uno de los próximos 7 días: tu racha pasará de %(streak)d a %(goal)d días.") % said
    text = _("En total, practica al menos %(days)d de los próximos 7 días, aunque sean diez minutos.")
    return text % {"days": DAYS_TO_PRACTISE}
