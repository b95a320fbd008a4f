"""Questions put together from what the first generation stored. What cannot be told for sure is not told."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.first_generation.parsing import put_together, read_key, read_options, read_raw
from learning.first_generation.values import LeftOut, clock_time, letter, seconds, truth, whole

FOUR = ["Lyon", "París", "Niza", "Lille"]
QUESTION = "¿Cuál es la capital de Francia?"
PLAIN = f"Pregunta: {QUESTION}\n\nA) Lyon\nB) París\nC) Niza\nD) Lille\n\nRespuesta correcta: B"


@pytest.mark.parametrize(
    "raw",
    [
        PLAIN,
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n\n", "\n"),
        f"**Pregunta:** {QUESTION}\n\n**A)** Lyon\n**B)** París\n**C)** Niza\n**D)** Lille\n\n"
        "**Respuesta correcta:** B",
        f"### Pregunta 3:\n{QUESTION}\na) Lyon\nb) París\nc) Niza\nd) Lille\nLa respuesta correcta es la opción B.",
        f"Pregunta: {QUESTION}\nA. Lyon\nB. París\nC. Niza\nD. Lille\nRespuesta: B) París",
        f"{QUESTION}\n- (A) Lyon\n- (B) París\n- (C) Niza\n- (D) Lille\n✅ Correct answer: París",
        f"{QUESTION} A) Lyon B) París C) Niza D) Lille\nRespuesta correcta: b",
        f"Pregunta: {QUESTION}\nA: Lyon\nB: París\nC: Niza\nD: Lille\n\nRespuesta correcta B",
        f"{PLAIN}\nRespuesta correcta: París",
        f"{PLAIN}, porque Francia la tiene desde Clodoveo.",
    ],
)
def test_the_text_of_the_old_model_is_read_in_any_dress(raw):
    told = read_raw(raw)
    assert (told.question, list(told.options), told.key) == (QUESTION, FOUR, "B")


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "No he podido generar la pregunta.",
        PLAIN.replace("D) Lille\n", ""),
        PLAIN.replace("D) Lille", "D) Lille\nE) Nantes"),
        PLAIN.replace("C) Niza\n", "").replace("D) Lille", "D) Lille\nC) Niza"),
        f"{PLAIN}\n\n{PLAIN}",
    ],
)
def test_texts_without_exactly_four_options_tell_none(raw):
    assert read_raw(raw).options == ()


@pytest.mark.parametrize(
    "end", ["", "\nRespuesta correcta: C", "\nRespuesta correcta: E", "\nRespuesta correcta: Burdeos"]
)
def test_a_text_that_contradicts_itself_names_no_key(end):
    raw = PLAIN + end if end else PLAIN.replace("Respuesta correcta: B", "")
    told = read_raw(raw)
    assert (list(told.options), told.key) == (FOUR, "")


def test_an_explanation_is_read_too():
    told = read_raw(f"{PLAIN}\n\n**Explicación:** Lo es desde el año 987.\n\n¡Ánimo!")
    assert (told.key, told.explanation) == ("B", "Lo es desde el año 987.")


words = st.text("abcdeéñxyz0123456789 ¿?🎯", min_size=1, max_size=20).map(lambda said: " ".join(said.split()))
options = st.lists(words.filter(lambda said: any(c.isalnum() for c in said)), min_size=4, max_size=4, unique=True)


@settings(max_examples=200, deadline=None)
@given(texts=options, key=st.integers(0, 3), mark=st.sampled_from(["{}) ", "{}. ", "**{})** ", "- {}) ", "({}) "]))
def test_whatever_the_options_say_they_are_read_as_written(texts, key, mark):
    lines = [mark.format(name) + said for name, said in zip("ABCD", texts, strict=False)]
    raw = "Pregunta: ¿Cuál?\n\n" + "\n".join(lines) + f"\n\nRespuesta correcta: {'ABCD'[key]}"
    told = read_raw(raw)
    assert list(told.options) == texts and told.key == "ABCD"[key]


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ('[{"letter": "A", "text": "x"}, {"letter": "c", "text": "z"}, {"letter": "B", "text": "y"}]', ["x", "y", "z"]),
        ('["A) uno", "B) dos", "C) tres", "D) cuatro"]', ["uno", "dos", "tres", "cuatro"]),
        ('["a", "b", "c", "d"]', ["a", "b", "c", "d"]),
        ('{"A": "1", "B": "2", "C": "3", "D": "4"}', ["1", "2", "3", "4"]),
        ('"[\\"a\\", \\"b\\"]"', ["a", "b"]),
        ("[1, 2.50, 3, 4]", ["1", "2.50", "3", "4"]),
        ('[{"text": "a"}, {"text": "b"}]', ["a", "b"]),
        (b'["a", "b"]', ["a", "b"]),
        ("", []),
        (None, []),
        ("null", []),
        ("{", []),
        ('{"a":' * 2000, []),
        ('[{"letter": "A", "text": null}]', []),
        ('[{"letter": "A", "text": "x"}, {"letter": "A", "text": "y"}]', []),
        ('[{"letter": "A", "text": "x"}, {"letter": "C", "text": "y"}]', []),
        ('[["a"], ["b"]]', []),
    ],
)
def test_options_of_several_shapes(stored, said):
    assert read_options(stored) == said


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("B", "B"), (" b ", "B"), ("b)", "B"), ("**B**", "B"), ("Opción C", "C"), ("la letra d", "D"),
        ("B) París", "B"), ("B. París.", "B"), ("París", "B"), ("paris.", "B"), ("B, que es París", "B"),
        ("B) Lyon", ""), ("E", ""), ("2", ""), ("", ""), (None, ""), ("Burdeos", ""), ("A veces", ""),
    ],
)  # fmt: skip
def test_keys_by_letter_by_text_or_both(said, key):
    assert read_key(said, FOUR) == key


def test_a_text_that_two_options_share_is_no_key():
    assert read_key("igual", ["igual", "Igual", "otra", "más"]) == ""


def lettered(*texts):
    import json

    return json.dumps([{"letter": name, "text": text} for name, text in zip("ABCDE", texts, strict=False)])


def test_a_question_as_it_should_be_is_taken_as_it_is():
    ready = put_together(QUESTION, lettered(*FOUR), "b", "whatever the model said")
    assert (ready.question, ready.options, ready.key, ready.notes) == (QUESTION, FOUR, "B", [])


def test_missing_options_come_from_the_text():
    ready = put_together(QUESTION, None, "B", PLAIN)
    assert (ready.options, ready.key, ready.notes) == (FOUR, "B", [("options_from_raw", "")])


def test_a_missing_key_comes_from_the_text_by_the_answer_not_the_letter():
    ready = put_together(QUESTION, lettered("Lille", "Niza", "París", "Lyon"), None, PLAIN)
    assert (ready.key, ready.notes) == ("C", [("key_from_raw", "")])


def test_a_whole_text_in_the_place_of_the_question():
    ready = put_together(PLAIN, "", None, None)
    assert (ready.question, ready.options, ready.key) == (QUESTION, FOUR, "B")


def test_a_missing_question_comes_from_the_text():
    ready = put_together("", lettered(*FOUR), "B", PLAIN)
    assert ready.question == QUESTION and ready.notes == [("question_from_raw", "")]


OTHER = PLAIN.replace("Francia", "Italia")


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ((QUESTION, lettered(*FOUR), None, None), "key_missing"),
        ((QUESTION, lettered(*FOUR), "Burdeos", None), "key_unclear"),
        ((QUESTION, lettered(*FOUR), None, OTHER), "key_missing"),
        ((QUESTION, lettered("uno", "dos", "tres", "cuatro"), None, PLAIN), "key_missing"),
        ((QUESTION, None, "B", OTHER), "raw_of_another"),
        ((QUESTION, lettered("a", "b", "c"), "B", None), "options_not_four"),
        ((QUESTION, lettered("a", "b", "c", "d", "e"), "B", None), "options_not_four"),
        ((QUESTION, None, "B", "Respuesta correcta: B"), "options_missing"),
        ((QUESTION, lettered("a", "", "c", "d"), "A", None), "options_missing"),
        ((QUESTION, lettered("a", "a", "c", "d"), "A", None), "options_alike"),
        (("", lettered(*FOUR), "B", None), "question_missing"),
        ((None, None, None, None), "question_missing"),
    ],
)
def test_what_nobody_can_be_asked_is_left_out_with_its_reason(columns, code):
    with pytest.raises(LeftOut) as caught:
        put_together(*columns)
    assert caught.value.code == code


def test_equal_wrong_options_are_only_noted():
    assert put_together(QUESTION, lettered("a", "b", "b", "c"), "A", None).notes == [("options_alike", "")]


def test_cells_of_odd_kinds():
    assert [truth(value) for value in (1, 0, b"\1", b"\0", "true", None, "?")] == [
        True, False, True, False, True, None, None,
    ]  # fmt: skip
    assert [letter(value) for value in ("a", "D)", "", None, "AB", "é")] == ["A", "D", "", "", "", ""]
    assert [whole(value) for value in (7, "7", 7.0, "7.5", None, "x", "NaN")] == [7, 7, 7, None, None, None, None]
    notes = []
    assert [str(seconds(value, notes)) for value in (2.5, None, -3, 10**7, "inf")] == [
        "2.500", "0", "0", "86400", "0",
    ]  # fmt: skip
    assert [detail for _code, detail in notes] == ["-3", "10000000", "inf"]
    assert clock_time("25:00:00") is None and clock_time(None) is None and clock_time("07:30:00").hour == 7
