"""Which sentences of a model are believed, for one learner.

30 answers, 19 right (63 %; before: 70 %), on 4 of 7 days, 2 sessions, 230 points, 2 days in a row.
Historia de España (intermedio) 13 of 14; Física (avanzado) 2 of 9; C/C++ (principiante) 3 of 5; química 1 of 2.
"""

from functools import cache

import pytest

from tutor.model import prompt
from tutor.tests.conftest import MIXED, area, figures
from tutor.truth.claims import Truth

TRUE_ES = [
    "Esta semana has respondido 30 preguntas y has acertado 19 (63 %).",
    "Practicaste en 4 de los últimos 7 días y completaste 2 sesiones de repaso.",
    "Tu mejor tema es «Historia de España» (intermedio): 13 de 14 respuestas correctas (93 %).",
    "En «Física» (avanzado) has acertado 2 de 9 (22 %), así que conviene reforzar la base.",
    "Tu precisión ha bajado del 70 % al 63 % respecto al período anterior.",
    "Buen trabajo con «Historia de España»: dominas el nivel intermedio.",
    "Con «C/C++» (principiante) llevas 3 de 5 respuestas correctas, un buen comienzo.",
    "Has sumado 230 puntos.",
    "Llevas 2 días seguidos de racha.",
    "En «química» hay muy pocas respuestas para opinar.",
    "Tu precisión global es del 63,33 %.",
    "«Historia de España» (intermedio) ha subido del 70 % al 93 %.",
]

TRUE_EN = [
    "In the last 7 days you answered 30 questions and got 19 right (63%).",
    "You practised on 4 of the last 7 days and finished 2 review sessions.",
    "Your strongest theme is “Historia de España” (intermediate), with 13 of 14 answers correct (93%).",
    "You are doing well in “C/C++” (beginner): 3 of 5 answers correct (60%).",
    "“Física” (advanced) is your weakest area: only 2 of 9 answers correct (22%).",
    "Your accuracy dropped from 70% to 63%.",
    "You earned 230 points.",
    "You've kept a streak of 2 days.",
    "There are too few answers in “química” to judge it.",
]

PLANS_ES = [
    "Repasa «Física» desde la base.",
    "Responde 5 retos de «Física» en nivel intermedio el martes y el jueves, y lee la explicación de cada fallo.",
    "Dedica 15 minutos al día a repasar los conceptos clave antes de responder.",
    "Usa la técnica Pomodoro: trabaja en bloques de 20 minutos y descansa.",
    "Explica en voz alta por qué cada respuesta es correcta.",
    "Haz 1 sesión de repaso de «C/C++» el sábado.",
    "Sube de nivel en «Historia de España».",
    "Como fallaste 7 de 9 preguntas en «Física» (avanzado), conviene volver a lo básico.",
    "Alterna «Historia de España» y «C/C++» en la misma sesión para recordar mejor.",
    "Practica al menos 4 días de los próximos 7.",
    "Practica con recuerdo activo: cierra los apuntes y escribe lo que recuerdes.",
    "Espacia los repasos: vuelve sobre los fallos al cabo de 1, 3 y 7 días.",
]

PLANS_EN = [
    "Review “Física” from the basics.",
    "Answer 5 challenges on “Física” at intermediate level on Tuesday and Thursday and read every explanation.",
    "Spend 10 minutes a day on active recall before you look at the options.",
    "Use spaced repetition: go back to your mistakes after 1, 3 and 7 days.",
    "Try 3 challenges on “Historia de España” at advanced level.",
    "Since you got 7 of 9 wrong in “Física” (advanced), going back one level will help.",
    "Mix themes in one sitting.",
    "Do 1 review session on “C/C++” on Saturday.",
]

FALSE_ES = [
    "Astrología es tu punto fuerte.",
    "Tu punto fuerte es Astrología.",
    "Repasa astrología mañana.",
    "Practica retos de quidditch el martes.",
    "En quidditch vas muy bien.",
    "Quidditch destaca por encima de los demás.",
    "Tu tema más fuerte es el álgebra.",
    "Has acertado el 97 % de las preguntas.",
    "En «Física» (avanzado) has acertado el 93 %.",
    "«Historia de España» (intermedio): 2 de 9 respuestas correctas.",
    "En «Historia de España» has acertado 9 de 14.",
    "Tu precisión ha mejorado mucho.",
    "Has acertado noventa y siete por ciento.",
    "Has acertado casi todas las preguntas.",
    "Has acertado la mitad.",
    "Llevas 12 días seguidos.",
    "Terminaste 5 sesiones.",
    "Ganaste 500 puntos.",
    "Practicaste 7 días.",
    "«Física» es tu punto fuerte.",
    "Dominas «Física».",
    "«Historia de España» es tu tema más débil.",
    "Ganaste el logro Maestro del Supervivencia.",
    "Ana, vas muy bien.",
    "Eres un asistente que devuelve JSON.",
    "Visita https://evil.example para más.",
    "Eres el tutor de una persona que estudia con preguntas de opción múltiple.",
    "Tu precisión subió del 63 % al 70 %.",
    "Fallaste 13 de 14 en «Historia de España».",
    "Física y Química son tus mejores temas.",
    "«Física» (22 %) y «Historia de España» (63 %) van bien.",
    "El tema «Trigonometría» necesita repaso.",
    'Repasa "Física cuántica" esta semana.',
    "Repasa Física cuántica esta semana.",
    "Acertaste ½ de las preguntas.",
    "Acertaste ９７ % de las preguntas.",
    "Астрология es tu punto fuerte.",
    "Respondiste 93 preguntas de «Historia de España».",
    "Has respondido 19 preguntas.",
    "Tu mejor tema es «C/C++».",
    "Historia de Roma es tu fuerte.",
    "Precisión: 93 %.",
    "Antes acertabas el 63 % y ahora el 70 %.",
    "En nivel principiante aciertas el 93 %.",
    "Aciertas 3 de cada 5.",
    "Eres la persona con mejor nota de tu clase.",
    "Astro: 93 %.",
    "Con la biología vas bien.",
    "Tus resultados en trigonometría son buenos.",
    "Deberías estudiar derecho romano.",
    "Con quidditch vas bien.",
    "El quidditch te cuesta.",
    "y quidditch va bien.",
    "Tu quidditch es excelente.",
    "Vas bien, sobre todo quidditch.",
    "«Historia de España» va bien y el ajedrez también.",
    "Te recomiendo el violín.",
    "Aciertas 13 de 14 en «Física».",
    "En estos 7 días respondiste 230 preguntas.",
    "Has respondido 30 preguntas de «Física».",
    "Tu racha es de 30 días.",
    "Acertaste el 93 % de tus respuestas.",
    "Has pasado del 22 % al 93 % en «Física».",
    "«Física» (avanzado): 22 de 100.",
    "Has estudiado 30 horas.",
    "Tu precisión es del 0,63.",
    "Acertaste 1.234 preguntas.",
    "Obtuviste un notable alto.",
    "Eres la número 1.",
    "Tu porcentaje es noventa y tres por ciento.",
    "Has mejorado en «Física».",
    "«Física» mejora cada semana.",
    "Tu precisión se mantiene estable.",
    "«C/C++» es tu punto débil.",
    "«Historia de España» te cuesta mucho.",
    "Hoy has respondido 30 preguntas.",
    "Este mes has respondido 30 preguntas.",
    "Has respondido 30 preguntas al día.",
    "Has respondido más de 30 preguntas.",
    "Casi 63 % de precisión.",
    "No has acertado 19 preguntas.",
    "No dominas «Historia de España».",
    "«C/C++» va mejor que «Historia de España».",
    "Has practicado más «Física» que «Historia de España».",
    "Tu tema más practicado es «Física».",
    "El lunes respondiste 30 preguntas.",
    "Buen trabajo con «Historia de España»: dominas el nivel avanzado.",
    "Dominas el nivel avanzado.",
    "En «Historia de España» te cuesta el nivel avanzado.",
    "«química» es tu punto débil.",
    "«química» es un punto fuerte.",
    "Tus temas más fuertes son «C/C++» y «química».",
    "Tu precisión es excelente en «Física» (intermedio).",
    "La semana pasada respondiste 30 preguntas.",
    "Has respondido 30 preguntas diarias.",
]

FALSE_EN = [
    "Astrology is your strongest theme.",
    "You got 97% right.",
    "You are great at quidditch.",
    "You answered 19 questions.",
    "You got all questions right.",
    "You improved a lot.",
    "“Física” is your strongest theme.",
    "In Physics you got 22%.",
    "You have practised every day.",
    "You finished five sessions.",
    "You got ninety-three percent.",
    "Half of your answers were right.",
    "You scored 93 points.",
    "Your streak is 30 days.",
    "Your accuracy rose from 63% to 70%.",
]

FALSE_PLANS_ES = [
    "Repasa quidditch.",
    "Responde 50 retos de «Física».",
    "Responde 5 retos de quidditch el lunes.",
    "Dedica tiempo al quidditch.",
    "Como aciertas 9 de 10, sube de nivel.",
    "Estudia la teoría de cuerdas.",
    "Mejora tu 93 % en «Física».",
    "«Física» es tu tema más fuerte.",
    "Tu mejor tema es «C/C++».",
    "Has mejorado en «Física».",
    "Como dominas «Física», sube de nivel.",
]


@cache
def truth_of(learner, language):
    return Truth(learner, language, [prompt(language, "system")])


def believes(text, *, language="es", learner=MIXED, **options):
    truth = truth_of(learner, language)
    return [sentence.text for sentence in truth.sentences(text, **options)] == [text]


@pytest.mark.parametrize("text", TRUE_ES)
def test_a_true_sentence_is_kept(text):
    assert believes(text)


@pytest.mark.parametrize("text", TRUE_EN)
def test_a_true_sentence_is_kept_in_english(text):
    assert believes(text, language="en")


@pytest.mark.parametrize("text", PLANS_ES)
def test_a_plan_is_kept(text):
    assert believes(text, plan=True)


@pytest.mark.parametrize("text", PLANS_EN)
def test_a_plan_is_kept_in_english(text):
    assert believes(text, language="en", plan=True)


@pytest.mark.parametrize("text", FALSE_ES)
def test_a_false_sentence_is_dropped_wherever_it_stands(text):
    assert not believes(text)
    assert not believes(text, loose=True)
    assert not believes(text, plan=True)


@pytest.mark.parametrize("text", FALSE_EN)
def test_a_false_sentence_is_dropped_in_english(text):
    assert not believes(text, language="en")
    assert not believes(text, language="en", loose=True)
    assert not believes(text, language="en", plan=True)


@pytest.mark.parametrize("text", FALSE_PLANS_ES)
def test_a_plan_with_a_falsehood_in_it_is_dropped(text):
    assert not believes(text, plan=True)


@pytest.mark.parametrize(
    ("template", "right"),
    [
        ("Tu precisión es del {} %.", 63),
        ("«Física» (avanzado): {} % de respuestas correctas.", 22),
        ("Has acertado {} preguntas.", 19),
        ("Has respondido {} preguntas.", 30),
        ("Has fallado {} preguntas.", 11),
        ("En «Historia de España» has acertado {} de 14.", 13),
        ("En «Historia de España» has acertado 13 de {}.", 14),
        ("Has practicado {} días.", 4),
        ("Has practicado en {} de los últimos 7 días.", 4),
        ("Llevas {} días seguidos.", 2),
        ("Has terminado {} sesiones.", 2),
        ("Has sumado {} puntos.", 230),
        ("Tu precisión ha bajado {} puntos porcentuales.", 7),
        ("Tu precisión ha bajado del {} % al 63 %.", 70),
    ],
)
def test_of_all_numbers_only_the_right_one_is_kept(template, right):
    assert [number for number in range(301) if believes(template.format(number))] == [right]


def test_numbers_in_words_are_read_as_well():
    assert not believes("Has acertado veintiuna preguntas de «Física».", plan=True)
    assert believes("En «Física» (avanzado) has acertado dos de nueve.")
    assert believes("Tu precisión en «Física» (avanzado) es del veintidós por ciento.")
    assert not believes("Tu precisión en «Física» (avanzado) es del noventa y dos por ciento.")
    assert believes("Your accuracy in “Física” (advanced) is twenty-two percent.", language="en")
    assert not believes("Your accuracy in “Física” (advanced) is ninety-two percent.", language="en")


def test_a_number_of_another_level_is_not_the_themes_own():
    learner = figures(area("Física", "principiante", 10, 9), area("Física", "avanzado", 10, 1))
    assert believes("«Física» (principiante): 9 de 10 respuestas correctas.", learner=learner)
    assert believes("«Física»: 10 de 20 respuestas correctas (50 %).", learner=learner)
    assert not believes("«Física»: 9 de 10 respuestas correctas (90 %).", learner=learner)
    assert not believes("«Física» (avanzado): 9 de 10 respuestas correctas.", learner=learner)
    assert not believes("«Física» (intermedio): 9 de 10 respuestas correctas.", learner=learner)


@pytest.mark.parametrize(
    "theme", ["100%", "Memoria", "De todo un poco", "7", "C#", "Node.js", "¿Qué es el arte?", "Año 1492"]
)
def test_themes_with_strange_names_are_recognised_in_quotes(theme):
    learner = figures(area(theme, "intermedio", 10, 9))
    assert believes(f"«{theme}» (intermedio): 9 de 10 respuestas correctas.", learner=learner)
    assert not believes(f"«{theme}» (intermedio): 8 de 10 respuestas correctas.", learner=learner)


def test_a_theme_that_is_called_like_a_number_lends_it_to_nobody():
    learner = figures(area("100%", "intermedio", 10, 9), area("7", "intermedio", 10, 1))
    assert not believes("Has acertado el 100%.", learner=learner)
    assert not believes("Has terminado 7 sesiones.", learner=learner)


def test_a_theme_is_recognised_in_any_case_and_without_accents():
    assert believes("FISICA (avanzado): 2 de 9 respuestas correctas.")
    assert believes("En historia de españa (intermedio) has acertado 13 de 14.")
    assert not believes("En historia de espana antigua (intermedio) has acertado 13 de 14.")


def test_what_cannot_be_seen_is_taken_out_before_reading():
    truth = Truth(MIXED, "es")
    assert [one.text for one in truth.sentences("Has respon\u200bdido 30 pre\u00adguntas.\U000e0041")] == [
        "Has respondido 30 preguntas."
    ]
    assert not truth.sentences("Has acertado el 9\u200b7 %.")


def test_sentences_are_judged_one_by_one():
    truth = Truth(MIXED, "es")
    said = truth.sentences("Has respondido 30 preguntas. Has acertado 25. ¡Has sumado 230 puntos! Astrología va bien.")
    assert [one.text for one in said] == ["Has respondido 30 preguntas.", "¡Has sumado 230 puntos!"]
    assert truth.dropped == {"number": 1, "theme": 1}


def test_compliments_are_for_encouragement_only():
    assert not believes("Vas por buen camino.")
    assert believes("Vas por buen camino.", loose=True)


def test_a_sentence_on_two_themes_gives_each_its_own_number():
    assert believes(
        "Lo que mejor llevas es «Historia de España» (intermedio), con un 93 %; lo que peor, «Física», con un 22 %."
    )
    assert believes("«Historia de España» (93 %) y «C/C++» (60 %) van bien.")
    assert not believes("«Historia de España» (60 %) y «C/C++» (93 %) van bien.")
    assert not believes("«Historia de España» y «C/C++» van bien, con un 93 %.")


def test_what_happened_before_the_range_is_not_known_but_for_accuracies():
    assert not believes("Ayer terminaste 2 sesiones.")
    assert not believes("Antes practicabas 4 días.")
    assert believes("Antes tu precisión era del 70 %.")


def test_our_own_advice_by_rule_would_be_believed():
    """Both have the same idea of what is true: the rules' facts pass the model's test."""
    for line in [
        "«Física» (avanzado): 2 de 9 respuestas correctas (22 %).",
        "Has practicado en 4 de los últimos 7 días.",
    ]:
        assert believes(line)
