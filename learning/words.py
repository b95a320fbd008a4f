"""Words that people type in many ways, and the one way that they compare by."""

import re
import unicodedata

from django.db import models
from django.utils.translation import gettext_lazy as _

MAX_THEME = 100  # characters


class Level(models.TextChoices):
    BEGINNER = "principiante", _("principiante")
    INTERMEDIATE = "intermedio", _("intermedio")
    ADVANCED = "avanzado", _("avanzado")


class GameMode(models.TextChoices):
    TIMED = "timed", _("contrarreloj")
    SURVIVAL = "survival", _("supervivencia")
    NORMAL = "normal", _("normal")


LEVEL_NAMES = {
    "basico": Level.BEGINNER,
    "beginner": Level.BEGINNER,
    "easy": Level.BEGINNER,
    "facil": Level.BEGINNER,
    "medium": Level.INTERMEDIATE,
    "intermediate": Level.INTERMEDIATE,
    "medio": Level.INTERMEDIATE,
    "hard": Level.ADVANCED,
    "advanced": Level.ADVANCED,
    "dificil": Level.ADVANCED,
    "experto": Level.ADVANCED,
} | {level.value: level for level in Level}

GAME_MODE_NAMES = {"time_attack": GameMode.TIMED, "practice": GameMode.NORMAL} | {m.value: m for m in GameMode}


def fold(text: str) -> str:
    """Case, accents and runs of white space folded away, so that «  FÍSICA  cuántica» is «fisica cuantica».

    «ñ» stays: it is a letter of its own, and «año» is not «ano».
    """
    composed = unicodedata.normalize("NFC", text).casefold().replace("ñ", "\0")
    bare = "".join(c for c in unicodedata.normalize("NFKD", composed) if not unicodedata.combining(c))
    return " ".join(bare.replace("\0", "ñ").split())


def theme_key(theme: str) -> str:
    """What themes compare by: folded, cut to the column's width. No space at its end, which MySQL would not see."""
    return fold(theme)[:MAX_THEME].rstrip()


def level_named(name: str) -> Level | None:
    """The level that an old or new client means, in any case; None for no level."""
    return LEVEL_NAMES.get(fold(name))


def game_mode_named(name: str) -> GameMode | None:
    return GAME_MODE_NAMES.get(name.strip().lower())


def comparable(text: str) -> str:
    """Folded, and without what does not change a question's meaning: punctuation and brackets at word borders."""
    return " ".join(re.findall(r"[^\W_]+|[+\-−*/=<>²³^%√·]+", fold(text)))
