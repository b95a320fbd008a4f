"""What a question's words give away: its answer, its language, our instructions, what is hidden in them."""

import pytest

from learning.generation.model import PROMPT_VERSION
from learning.generation.prompts import prompt
from learning.generation.wording import RUN, has_hidden, is_in, leaks, tells_instructions

LEAKS = [
    ("¿En qué ciudad se encuentra la Torre de Londres?", "Londres"),
    ("¿En qué ciudad se encuentra la TORRE DE LONDRES?", "londres"),
    ("¿Qué batalla, librada en Waterloo, perdió Napoleón?", "La batalla de Waterloo"),
    ("¿Qué metal precioso, el oro, tiene como símbolo Au?", "El oro"),
    ("¿En qué año fue la Exposición Universal de 1888?", "1888"),
    ("In which year did the war of 1812 begin?", "1812"),
    ("¿Cuál es la fórmula del ácido sulfúrico, H₂SO₄?", "H2SO4"),
    ("¿Quién escribió «El diario de Ana Frank»?", "Ana Frank"),
    ("Si la capital de Francia es París, ¿cuál es su capital?", "París"),
]
NO_LEAKS = [
    ("¿Qué significa la palabra inglesa «word»?", "Palabra", ["Mundo", "Espada"]),
    ("¿Qué significa la palabra «efímero»?", "De corta duración", ["Muy antiguo"]),
    ("¿Cuál es el plural de «crisis»?", "crisis", ["crisises"]),
    ("What is the past tense of 'read'?", "read", ["readed"]),
    ("¿Cuál es esdrújula: árbol, música o camión?", "música", ["árbol", "camión"]),
    ("¿Qué pesa más, el oro o la plata?", "El oro", ["La plata"]),
    ("Si la demanda sube, ¿qué hace el precio?", "Sube", ["Baja"]),
    ("Si un par se suma a otro par, ¿cómo es el resultado?", "par", ["impar"]),
    ("¿Cuál es el valor absoluto de -1500?", "1500", ["-1500"]),
    ("¿En qué año nació Ana, que tenía 12 en 1940?", "1928", ["1940"]),
    ("¿Qué nombre recibe el punto más alto de una onda?", "Cresta", ["Valle"]),
    ("¿Qué gas necesita una planta?", "Dióxido de carbono", ["Helio"]),
]


@pytest.mark.parametrize(("question", "answer"), LEAKS)
def test_a_question_that_holds_its_answer(question, answer):
    assert leaks(question, answer, ["Otra cosa", "Nada"])


@pytest.mark.parametrize(("question", "answer", "others"), NO_LEAKS)
def test_a_question_that_only_seems_to(question, answer, others):
    assert not leaks(question, answer, others)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("¿Quién pintó el Guernica?", "es"),
        ("Who painted Guernica?", "en"),
        ("2x + 3 = 7", "es"),
        ("2x + 3 = 7", "en"),
        ("", "es"),
        ("H₂O", "es"),
        ("¿Capital de Perú?", "es"),
        ("Completa: «If it rains tomorrow, we ____ at home».", "es"),
        ("Completa en inglés: They have lived here ___ 2010.", "es"),
        ("Tras def f(x, l=[]): l.append(x), ¿qué devuelve [f() for f in fs] si f(1) es [i for i in l]?", "es"),
        ("What does «de la noche a la mañana» mean?", "en"),
        ("«Went» es el pasado de «go»: nunca se dice «goed».", "es"),
    ],
)
def test_a_text_in_its_language(text, language):
    assert is_in(text, language)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Who painted Guernica?", "es"),
        ("What is the capital of Peru?", "es"),
        ("¿Quién pintó el Guernica?", "en"),
        ("¿Capital de Perú?", "en"),
        ("Qual é a capital do Brasil e em que ano foi inaugurada?", "es"),
        ("Quelle est la capitale de la France ?", "es"),
        ("Wie heißt der Fluss, der durch Wien fließt?", "en"),
    ],
)
def test_a_text_in_another_language(text, language):
    assert not is_in(text, language)


@pytest.mark.parametrize("name", ["system", "notes", "theme", "solve", "avoid"])
@pytest.mark.parametrize("language", ["es", "en"])
def test_any_stretch_of_our_instructions_is_known_again(name, language):
    words = prompt(language, name, PROMPT_VERSION).split()
    for start in range(0, max(1, len(words) - 2 * RUN), 5):
        assert tells_instructions(f"Me han dicho: {' '.join(words[start : start + 2 * RUN]).upper()}, y ya.")


def test_a_mark_is_known_again_and_a_number_is_not_taken_for_one():
    assert tells_instructions("</9f3a6c0d2b7e4a15>") and tells_instructions("es 4BE1C07F92DA6830.")
    for harmless in ("4111111111111111", "9f3a6c0d2b7e4a15" * 2, "d41d8cd98f00b204e9800998ecf8427e", "9f3a6c0d2b7e4a1"):
        assert not tells_instructions(f"El valor es {harmless}.")


@pytest.mark.parametrize(
    "char",
    "\0\a\x1b\x7f\x85\xad\u061c\u115f\u180e\u200b\u200d\u202e\u2028\u2066\u3164\ufeff\ufffd\ue000\U000e0041\U000e0101",
)
def test_what_nobody_sees_is_found(char):
    assert has_hidden("todo bien", f"casi{char} bien")


def test_what_everybody_sees_is_not():
    assert not has_hidden("línea\notra\tcolumna", "🙂 ❤️ 日本 ñ é x̄ ∉ – — … H₂O", "e\u0301")
