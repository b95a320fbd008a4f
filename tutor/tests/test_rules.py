import re

import pytest
from django.conf import settings
from django.utils import translation

from tutor import rules
from tutor.advice import MAX_GOALS, MAX_POINTS, MAX_RECOMMENDATIONS, PRIORITIES, TYPES
from tutor.figures import Latest
from tutor.plan import Why, steps
from tutor.tests.conftest import (
    ACE,
    AWAY,
    LEARNERS,
    MIXED,
    NEWCOMER,
    STRUGGLING,
    TODAY,
    area,
    days_ago,
    figures,
)

MORE = {
    "two answers": figures(area("Guitarra", "principiante", 2, 1)),
    "one answer today": figures(area("100%", "principiante", 1, 0), time_range="day"),
    "nothing today": figures(
        area("Anatomía", "avanzado", 0, 0, (8, 3)),
        time_range="day",
        streak=5,
        latest=Latest("Anatomía", "anatomia", "avanzado", days_ago(1, TODAY)),
    ),
    "all right": figures(area("Arte", "avanzado", 20, 20), streak=1),
    "all wrong": figures(area("Arte", "principiante", 20, 0)),
    "many themes": figures(*(area(f"Tema {n}", "intermedio", 10, n % 11) for n in range(40)), time_range="year"),
    "deleted theme": figures(sessions=3, points=200, active_days=2, streak=0, first_day=days_ago(3, TODAY)),
    "strange level": figures(area("Arte", "", 5, 1)),
}


@pytest.mark.parametrize("learner", [*LEARNERS, *MORE])
@pytest.mark.parametrize("language", ["es", "en"])
def test_advice_is_complete_and_bounded(learner, language):
    with translation.override(language):
        said = rules.advice((LEARNERS | MORE)[learner]).body()
    texts = [said["analysis"], said["encouragement"], *said["strengths"], *said["weaknesses"], *said["weekly_goals"]]
    for recommendation in said["recommendations"]:
        assert recommendation.keys() == {"type", "title", "description", "priority"}
        assert recommendation["type"] in TYPES
        assert recommendation["priority"] in PRIORITIES
        texts += [recommendation["title"], recommendation["description"]]
    assert all(text.strip() and "%(" not in text and "None" not in text for text in texts)
    assert all(1 <= len(said[field]) <= MAX_POINTS for field in ("strengths", "weaknesses"))
    assert 3 <= len(said["recommendations"]) <= MAX_RECOMMENDATIONS
    assert 3 <= len(said["weekly_goals"]) <= MAX_GOALS
    titles = [recommendation["title"] for recommendation in said["recommendations"]]
    assert len(set(titles)) == len(titles)
    order = [PRIORITIES.index(recommendation["priority"]) for recommendation in said["recommendations"]]
    assert order == sorted(order)
    assert said["source"] == "rules"


def test_counts_percentages_and_the_trend_are_the_figures_own():
    said = rules.advice(MIXED)
    assert "30 preguntas y has acertado 19 (63 %)" in said.analysis
    assert "en 4 de los últimos 7 días" in said.analysis
    assert "del 70 % en los 7 días anteriores al 63 %" in said.analysis
    assert said.strengths[0] == (
        "«Historia de España» (intermedio): 13 de 14 respuestas correctas (93 %), y subiendo: antes era el 70 %."
    )
    assert said.weaknesses[0] == "«Física» (avanzado): 2 de 9 respuestas correctas (22 %)."


def test_every_theme_that_is_named_is_one_of_the_learners():
    for found in [*LEARNERS.values(), *MORE.values()]:
        named = set(re.findall("«(.+?)»", str(rules.advice(found).body())))
        mine = {one.theme for one in found.areas} | ({found.latest.theme} if found.latest else set())
        assert named <= mine


def test_a_theme_appears_as_the_learner_typed_it():
    found = figures(area("50% de rebajas, 100%d", "principiante", 10, 1))
    assert "«50% de rebajas, 100%d» (principiante): 1 de 10" in rules.advice(found).weaknesses[0]


def test_a_newcomer_gets_first_steps_and_no_theme():
    said = rules.advice(NEWCOMER)
    assert "Todavía no hay respuestas tuyas" in said.analysis
    assert said.recommendations[0].title == "Empieza con una ronda de prueba"
    assert said.weekly_goals[0] == "Miércoles: elige un tema y responde 5 retos de nivel principiante."
    assert "«" not in str(said.body())


def test_who_was_away_is_told_how_to_come_back():
    said = rules.advice(AWAY)
    titles = [recommendation.title for recommendation in said.recommendations]
    assert "hace 21 días, fue «Anatomía» (avanzado)" in said.analysis
    assert titles[:2] == ["Retoma «Anatomía» (avanzado)", "Vuelve poco a poco"]


def test_an_unsettled_base_leads_one_level_down():
    assert steps(MIXED)[0].why == Why.EASIER
    assert rules.advice(MIXED).recommendations[0].title == "Vuelve a la base: «Física» (intermedio)"


def test_a_base_that_is_strong_already_is_not_gone_back_to():
    found = figures(area("Física", "avanzado", 10, 2), area("Física", "intermedio", 10, 9))
    assert (steps(found)[0].why, steps(found)[0].level) == (Why.WEAK, "avanzado")


def test_of_two_weak_levels_the_easier_one_comes_first():
    found = figures(area("Física", "avanzado", 10, 1), area("Física", "principiante", 10, 5))
    assert (steps(found)[0].why, steps(found)[0].level) == (Why.WEAK, "principiante")


def test_high_accuracy_on_a_low_level_leads_one_level_up():
    titles = [recommendation.title for recommendation in rules.advice(ACE).recommendations]
    assert titles[0] == "Sube de nivel: «Inglés» (avanzado)"


def test_nobody_is_sent_up_to_a_level_they_know_already():
    found = figures(area("Arte", "principiante", 10, 10), area("Arte", "intermedio", 10, 7))
    assert [step.why for step in steps(found)] == [Why.KEEP]


def test_many_answers_on_few_days_are_advised_to_spread():
    titles = [recommendation.title for recommendation in rules.advice(STRUGGLING).recommendations]
    assert "Reparte la práctica" in titles
    assert "Constancia: solo has practicado en 2 de los últimos 30 días." in rules.advice(STRUGGLING).weaknesses


def test_a_beginner_is_not_blamed_for_the_days_before_the_first():
    found = figures(area("Arte", "avanzado", 20, 15), time_range="year", first_day=days_ago(1, TODAY), active_days=2)
    assert "Constancia" not in str(rules.advice(found).weaknesses)


def test_many_mistakes_in_one_theme_bring_a_technique_for_it():
    techniques = [one for one in rules.advice(STRUGGLING).recommendations if one.type == "study_technique"]
    assert techniques[0].title == "Explica tus fallos con tus palabras"
    assert "«Derecho civil» has fallado 18 preguntas" in techniques[0].description


def test_the_plan_names_days_from_today_on():
    assert rules.advice(MIXED).weekly_goals == [  # on a Wednesday, nothing done yet
        "Miércoles y viernes: 5 retos de «Física» (intermedio) cada día, leyendo la explicación de cada fallo.",
        "Domingo: 3 retos de «Historia de España» (avanzado), tu siguiente nivel.",
        "Lunes: una sesión de repaso de «Física» (10 preguntas, sin reloj); objetivo, acertar al menos 7.",
        "En total, practica al menos 4 de los próximos 7 días, aunque sean diez minutos.",
    ]


def test_a_plan_begins_tomorrow_for_who_has_practised_today():
    assert rules.advice(ACE).weekly_goals[0].startswith("Jueves y sábado: ")


def test_a_streak_is_worth_keeping():
    said = rules.advice(ACE)
    assert said.weekly_goals[-1] == ("Practica cada uno de los próximos 7 días: tu racha pasará de 12 a 19 días.")
    assert "12 días seguidos" in said.encouragement


@pytest.mark.skipif(
    not (settings.BASE_DIR / "locale/en/LC_MESSAGES/django.mo").exists(), reason="no English catalogue compiled yet"
)
@pytest.mark.parametrize("learner", [*LEARNERS, *MORE])
def test_english_advice_has_no_spanish_left(learner):
    with translation.override("en"):
        said = str(rules.advice((LEARNERS | MORE)[learner]).body())
    ours = re.sub("“.+?”", "", said)  # a theme stays as it was typed
    assert not re.findall(r"\b(el|los|las|de|del|en|con|que|para|retos|respuestas|nivel|días?)\b", ours)
    assert not set("«»¡¿ñ") & set(ours)
