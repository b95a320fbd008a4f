"""Words that people type in many ways compare as they mean them."""

import pytest

from learning.words import MAX_THEME, GameMode, Level, fold, game_mode_named, level_named, theme_key


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("Física", "  FISICA ", True),
        ("Física  cuántica", "física\tcuántica", True),
        ("Año", "ano", False),  # ñ is a letter of its own
        ("AÑO", "an\u0303o", True),  # however it is composed
        ("C/C++", "c/c++", True),
        ("C", "C++", False),
        ("ﬁn", "fin", True),
        ("İzmir", "izmir", True),
        ("日本", "日本", True),
        ("🙂", "🙃", False),
    ],
)
def test_themes_compare_folded(one, other, is_same):
    assert (theme_key(one) == theme_key(other)) == is_same


def test_a_key_fits_its_column():
    assert len(theme_key("ß" * MAX_THEME)) == MAX_THEME
    assert fold(fold("ÁRBOL  Ñ")) == fold("ÁRBOL  Ñ") == "arbol ñ"


def test_old_names_of_levels_and_modes():
    for name in ("básico", "basico", "EASY", " Principiante "):
        assert level_named(name) is Level.BEGINNER
    assert (level_named("medium"), level_named("HARD")) == (Level.INTERMEDIATE, Level.ADVANCED)
    assert level_named("alto") is None
    assert (game_mode_named("time_attack"), game_mode_named("Practice")) == (GameMode.TIMED, GameMode.NORMAL)
    assert game_mode_named("") is None
