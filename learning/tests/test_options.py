"""Options that look the same to a person count as the same, and only those."""

import pytest

from learning.generation.options import look_alike, looks

ALIKE = [
    ("París", "paris."),
    ("  El   Sol", "el sol"),
    ("«Macbeth»", "Macbeth"),
    ("H2O", "H₂O"),
    ("log₂ 8", "log2 8"),
    ("x²", "x^2"),
    ("x²", "x^{2}"),
    ("10⁻³", "10^-3"),
    ("½", "1/2"),
    ("2½", "2 1/2"),
    ("−1", "-1"),
    ("30º", "30°"),
    ("50 %", "50%"),
    ("5 km", "5km"),
    ("1.000", "1000"),
    ("300 000", "300,000"),
    ("3,14", "3.14"),
    ("Ω", "\u2126"),
    ("AÑO", "an\u0303o"),
    ("ﬁn", "fin"),
]
DIFFERENT = [
    ("2²", "22"),
    ("x²", "x2"),
    ("x²", "x³"),
    ("10⁻³", "10-3"),
    ("101₂", "1012"),
    ("2½", "21/2"),
    ("-1", "1"),
    ("x ∉ A", "x ∈ A"),
    ("a ≠ b", "a = b"),
    ("x ≤ 2", "x < 2"),
    ("Co", "CO"),
    ("Aa", "aa"),
    ("M", "m"),
    ("9 m", "9 m²"),
    ("0,125", "0125"),
    ("C", "C++"),
    ("'3'", "3"),
    ("[1, 2]", "[12]"),
    ("1 1/2", "11/2"),
    ("año", "ano"),
    (".", ";"),
    ("x\u0304", "x"),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_one_thing_typed_in_two_ways(one, other):
    assert looks(one) == looks(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_two_things_that_folding_would_take_for_one(one, other):
    assert looks(one) != looks(other)


@pytest.mark.parametrize(
    ("question", "options"),
    [
        ("¿Qué palabra está bien escrita?", ("examen", "exámen", "eczamen", "hexamen")),
        ("¿Cuál es el genotipo de un híbrido?", ("AaBb", "AABB", "aabb", "AAbb")),
        ("¿Qué devuelve 1 == 1 en Python?", ("True", "true", "1", "None")),
        ("Completa: «No sé ___ no vino».", ("por qué", "porque", "porqué", "por que")),
        ("Which is the correct spelling?", ("English", "english", "Englisch", "Inglish")),
    ],
)
def test_a_question_about_writing_tells_capitals_and_accents_apart(question, options):
    assert not look_alike(options, question)
    assert look_alike((*options[:3], options[0].upper()), "¿Qué es esto que se ve aquí?")


def test_two_alike_among_four():
    assert look_alike(("Madrid", "Sevilla", "madrid", "Lugo"), "¿Cuál es la capital de España?")
    assert not look_alike(("Madrid", "Sevilla", "Vigo", "Lugo"), "¿Cuál es la capital de España?")
