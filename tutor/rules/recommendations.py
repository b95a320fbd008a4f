"""What to do next: a few recommendations, each for a reason that is in the figures."""

from collections.abc import Iterator
from dataclasses import replace

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tutor.advice import (
    MAX_RECOMMENDATIONS,
    MIN_RECOMMENDATIONS,
    PRACTICE_STRATEGY,
    STUDY_TECHNIQUE,
    THEME_REVIEW,
    Recommendation,
    by_priority,
)
from tutor.figures import ENOUGH, READY_TO_RISE, STEADY, STRONG, Figures
from tutor.plan import FEW_ANSWERS, LONG_PAUSE, MANY_WRONG, REVIEW, RISE_ANSWERS, Step, Why, is_irregular, steps
from tutor.rules.names import LEVEL_NAMES, named


def recommendations(figures: Figures) -> list[Recommendation]:
    """Themes first, then at least one strategy for practising and one technique for studying."""
    themes = [about(figures, step) for step in worth_saying(steps(figures))]
    if len(themes) > 1 and themes[1].priority == "high":
        themes[1] = replace(themes[1], priority="medium")  # one thing first
    strategies, techniques = list(practice_strategies(figures)), list(study_techniques(figures))
    chosen = [*themes, strategies[0], techniques[0]]
    spare = [*techniques[1:], *strategies[1:]]
    chosen += spare[: max(0, MIN_RECOMMENDATIONS - len(chosen))]
    return by_priority(chosen)[:MAX_RECOMMENDATIONS]


def worth_saying(found: list[Step]) -> list[Step]:
    """Up to two steps that repair, and one that leads further: more than that nobody does in a week."""
    repairing = [step for step in found if step.why in (Why.WEAK, Why.EASIER)][:2]
    others = [step for step in found if step.why not in (Why.WEAK, Why.EASIER)]
    return repairing + others[: 1 if repairing else 2]


def about(figures: Figures, step: Step) -> Recommendation:
    """The recommendation for one step of the plan."""
    kind, priority, title, text = {
        Why.WEAK: weak,
        Why.EASIER: back_to_basics,
        Why.RISE: rise,
        Why.COLLECT: collect,
        Why.KEEP: keep,
        Why.RESUME: resume,
    }[step.why](figures, step)
    said = {
        "area": named(step.theme, step.level),
        "theme": named(step.theme),
        "level": LEVEL_NAMES.get(step.level, ""),
        "count": step.count,
        "strong": STRONG,
    }
    if step.area:
        score = step.area.now if figures.now.answered else step.area.before
        said |= {
            "tried": LEVEL_NAMES.get(step.area.level, ""),
            "answered": score.answered,
            "correct": score.correct,
            "wrong": score.wrong,
            "percent": score.percent,
            "missing": ENOUGH - score.answered,
        }
    return Recommendation(kind, title % said, text % said, priority, step.theme_key)


Wording = tuple[str, str, str, str]  # type, priority, title, description


def weak(figures: Figures, step: Step) -> Wording:
    text = _(
        "Has fallado %(wrong)d de %(answered)d. Relee la explicación de cada fallo, resúmela en una frase y responde"
        " %(count)d retos más, hasta pasar del %(strong)d %%."
    )
    return THEME_REVIEW, "high", _("Repasa %(area)s"), text


def back_to_basics(figures: Figures, step: Step) -> Wording:
    text = _(
        "En nivel %(tried)s has acertado %(correct)d de %(answered)d: falta base. Responde %(count)d retos de nivel"
        " %(level)s, lee cada explicación y vuelve a nivel %(tried)s cuando aciertes casi todo."
    )
    return THEME_REVIEW, "high", _("Vuelve a la base: %(area)s"), text


def rise(figures: Figures, step: Step) -> Wording:
    text = _(
        "En nivel %(tried)s aciertas %(correct)d de %(answered)d (%(percent)d %%): ya te puedes exigir más. Prueba"
        " %(count)d retos de nivel %(level)s; al principio fallarás más, y es buena señal."
    )
    return PRACTICE_STRATEGY, "medium", _("Sube de nivel: %(area)s"), text


def collect(figures: Figures, step: Step) -> Wording:
    missing = ENOUGH - (step.area.now.answered if step.area else 0)
    text = ngettext(
        "Falta %(missing)d respuesta para poder valorar este tema: responde %(count)d retos y sabrás cómo lo llevas.",
        "Faltan %(missing)d respuestas para poder valorar este tema: responde %(count)d retos y sabrás cómo lo llevas.",
        missing,
    )
    return THEME_REVIEW, "medium", _("Sigue con %(theme)s"), text


def keep(figures: Figures, step: Step) -> Wording:
    if step.area and step.area.now.reaches(READY_TO_RISE):
        if step.area.now.answered < RISE_ANSWERS:
            text = _(
                "Aciertas %(correct)d de %(answered)d: muy bien, aunque son pocas respuestas. %(count)d retos más"
                " dirán si ya toca subir de nivel."
            )
            return THEME_REVIEW, "medium", _("Confirma lo que sabes de %(area)s"), text
        text = _(
            "Aciertas %(correct)d de %(answered)d (%(percent)d %%). Para no perderlo basta un repaso corto por semana:"
            " %(count)d retos, mejor en modo supervivencia."
        )
        return THEME_REVIEW, "low", _("Conserva %(area)s"), text
    text = _(
        "Aciertas %(correct)d de %(answered)d (%(percent)d %%): vas bien. Repasa lo que fallaste y responde %(count)d"
        " retos más; el objetivo es fallar como mucho uno."
    )
    return THEME_REVIEW, "medium", _("Afianza %(area)s"), text


def resume(figures: Figures, step: Step) -> Wording:
    if step.area and figures.days == 1:
        text = _("Ayer acertaste %(correct)d de %(answered)d. Responde %(count)d retos y mira si hoy fallas menos.")
    elif step.area:
        text = _(
            "En el período anterior acertaste %(correct)d de %(answered)d. Responde %(count)d retos para ver qué"
            " recuerdas, y lee la explicación de lo que falles."
        )
    else:
        text = _(
            "Es lo último que practicaste. Responde %(count)d retos para ver qué recuerdas, y lee la explicación de lo"
            " que falles."
        )
    if figures.pause < LONG_PAUSE:
        return THEME_REVIEW, "high", _("Sigue con %(area)s"), text
    return THEME_REVIEW, "high", _("Retoma %(area)s"), text


def practice_strategies(figures: Figures) -> Iterator[Recommendation]:
    """Those that fit, the most fitting first; there is always one."""
    if figures.latest is None:
        yield begin()
    elif figures.pause >= LONG_PAUSE:
        yield come_back(figures)
    elif is_irregular(figures):
        yield spread_out(figures)
    elif 0 < figures.now.answered < FEW_ANSWERS:
        yield answer_more(figures)
    elif figures.strong and figures.now.reaches(READY_TO_RISE):
        yield survive(figures)
    yield schedule()


def begin() -> Recommendation:
    text = _(
        "Elige un tema que te interese o que tengas que estudiar y genera %(count)d retos de nivel principiante. No"
        " importa cuántos aciertes: sirven para saber de dónde partes."
    )
    return Recommendation(PRACTICE_STRATEGY, _("Empieza con una ronda de prueba"), text % {"count": REVIEW}, "high")


def come_back(figures: Figures) -> Recommendation:
    text = _(
        "Han pasado %(pause)d días desde tu última respuesta. Bastan %(count)d retos cada dos días: lo que cuenta"
        " ahora es recuperar la costumbre, no la cantidad."
    )
    said = {"pause": figures.pause, "count": REVIEW}
    return Recommendation(PRACTICE_STRATEGY, _("Vuelve poco a poco"), text % said, "high")


def spread_out(figures: Figures) -> Recommendation:
    text = ngettext(
        "Has concentrado %(answered)d respuestas en %(active)d día. Con las mismas preguntas repartidas en más días se"
        " recuerda más: programa un reto diario a una hora fija.",
        "Has concentrado %(answered)d respuestas en %(active)d días. Con las mismas preguntas repartidas en más días se"
        " recuerda más: programa un reto diario a una hora fija.",
        figures.active_days,
    )
    said = {"answered": figures.now.answered, "active": figures.active_days}
    return Recommendation(PRACTICE_STRATEGY, _("Reparte la práctica"), text % said, "medium")


def answer_more(figures: Figures) -> Recommendation:
    text = ngettext(
        "Con %(answered)d respuesta en este período, la suerte pesa mucho en los porcentajes. Llega a %(goal)d y verás"
        " con claridad qué dominas y qué no.",
        "Con %(answered)d respuestas en este período, la suerte pesa mucho en los porcentajes. Llega a %(goal)d y"
        " verás con claridad qué dominas y qué no.",
        figures.now.answered,
    )
    said = {"answered": figures.now.answered, "goal": 2 * FEW_ANSWERS}
    return Recommendation(PRACTICE_STRATEGY, _("Responde unas preguntas más"), text % said, "medium")


def survive(figures: Figures) -> Recommendation:
    text = _(
        "Juega una sesión de supervivencia de %(theme)s: termina al primer fallo, así que enseña mejor que ninguna"
        " otra lo que de verdad dominas."
    )
    best = figures.strong[0]
    said = {"theme": named(best.theme)}
    return Recommendation(PRACTICE_STRATEGY, _("Ponte a prueba"), text % said, "low", best.theme_key)


def schedule() -> Recommendation:
    text = _(
        "Elige un tema, una hora y la frecuencia diaria: recibirás un reto cada día, y practicar dejará de depender de"
        " que te acuerdes."
    )
    return Recommendation(PRACTICE_STRATEGY, _("Programa un reto diario"), text, "low")


def study_techniques(figures: Figures) -> Iterator[Recommendation]:
    """Those that fit, the most fitting first; there is always one, and two for whoever has answered nothing."""
    hardest = next((area for area in figures.themes if area.is_weak and area.now.wrong >= MANY_WRONG), None)
    good = [area for area in figures.themes if area.is_strong]
    if hardest:
        text = _(
            "En %(theme)s has fallado %(wrong)d preguntas. Elige tres, escribe por qué es correcta la respuesta de cada"
            " una y, al día siguiente, explícalo en voz alta sin mirar: lo que no salga es lo que falta por estudiar."
        )
        said = {"theme": named(hardest.theme), "wrong": hardest.now.wrong}
        yield technique(_("Explica tus fallos con tus palabras"), text % said, "medium", hardest.theme_key)
    if (figures.change or 0) <= -STEADY:
        yield technique(
            _("Baja el ritmo"),
            _("Practica en modo normal, sin reloj, y antes de marcar una opción di por qué descartas las demás."),
            "medium",
        )
    if is_irregular(figures):
        yield technique(
            _("Repasa a intervalos"),
            _("Vuelve sobre lo que fallaste al día siguiente, a los tres días y a la semana: cada vez costará menos."),
            "medium",
        )
    if len(good) > 1:
        text = _(
            "Alterna %(one)s y %(other)s en el mismo rato de estudio en vez de agotar uno y pasar al otro: exige más, y"
            " por eso se recuerda mejor."
        )
        said = {"one": named(good[0].theme), "other": named(good[1].theme)}
        yield technique(_("Mezcla temas"), text % said, "low")
    elif good and good[0].now.reaches(READY_TO_RISE):
        text = _(
            "Explícale %(theme)s a otra persona sin mirar los apuntes: donde te atasques está lo siguiente que repasar."
        )
        yield technique(_("Enseña lo que sabes"), text % {"theme": named(good[0].theme)}, "low", good[0].theme_key)
    yield technique(
        _("Responde antes de mirar las opciones"),
        _(
            "Lee solo la pregunta, piensa tu respuesta y búscala después entre las opciones: recordar sin ayuda fija"
            " mucho más que reconocer."
        ),
        "medium" if figures.now.answered < FEW_ANSWERS else "low",
    )
    if figures.latest is None:
        yield technique(
            _("Convierte tus apuntes en preguntas"),
            _("Pega un fragmento de tus apuntes y genera retos con él: practicarás justo lo que tienes que saber."),
            "medium",
        )


def technique(title: str, text: str, priority: str, theme_key: str = "") -> Recommendation:
    return Recommendation(STUDY_TECHNIQUE, title, text, priority, theme_key)
