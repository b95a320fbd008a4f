"""The words by which claims are recognised. `vocabulary.txt` lists them; what has an order or a value is here."""

import re
from pathlib import Path


def sections(text: str) -> dict[str, frozenset[str]]:
    """{"section": its words}; a line that begins with # is for people."""
    found: dict[str, set[str]] = {}
    name = ""
    for line in text.splitlines():
        if line.startswith("["):
            name = line.strip("[]")
            found[name] = set()
        elif not line.startswith("#"):
            found.setdefault(name, set()).update(line.split())
    return {name: frozenset(words) for name, words in found.items()}


_words = sections(Path(__file__).with_name("vocabulary.txt").read_text(encoding="utf-8"))

# Names
FUNCTION_WORDS = _words["function words"]
PROPER_WORDS = _words["proper words"]
TOPIC_NOUNS = _words["topic nouns"]
# Adverbs, gerunds and what "you did": no theme is called like that, and no list of them is complete.
KNOWN_ENDINGS = re.compile(r"\w{3,}(mente|ando|iendo|yendo|aste|iste)")

# What a number counts
VAGUE_AMOUNTS = _words["vague amounts"]
PERIOD_WORDS = _words["period words"]
COMING_WORDS = _words["coming words"]
STREAK_WORDS = _words["streak words"]
PAUSE_WORDS = _words["pause words"]
BEFORE_WORDS = _words["before words"]
HEDGES = _words["hedges"]
SESSION_NOUNS = _words["session nouns"]
POINT_NOUNS = _words["point nouns"]
DAY_NOUNS = _words["day nouns"]
ANSWER_NOUNS = _words["answer nouns"]
PLAN_NOUNS = _words["plan nouns"]
RIGHT_ADJECTIVES = _words["right adjectives"]
RIGHT_VERBS = _words["right verbs"]
RIGHT_WORDS = RIGHT_VERBS | RIGHT_ADJECTIVES | _words["right words"]
WRONG_ADJECTIVES = _words["wrong adjectives"]
WRONG_VERBS = _words["wrong verbs"]
WRONG_WORDS = WRONG_VERBS | WRONG_ADJECTIVES | _words["wrong words"]
ANSWERED_VERBS = _words["answered verbs"]
BREAKS = frozenset(
    [",", ";", ":", "(", ")", ".", "y", "e", "o", "and", "or"]
)  # what a number counts is not beyond them

# "30 al día", "la semana pasada": not what the figures of the period say.
OTHER_PERIODS = re.compile(
    r" (?:al|por|cada|a|per|each|every) (?:dia|semana|mes|hora|sesion|day|week|month|hour|session) "
    r"| (?:diari[ao]s?|semanal(?:es)?|mensual(?:es)?|daily|weekly|monthly) "
    r"| (?:semana|mes|trimestre|año) pasad[ao] | last (?:week|month|quarter|year) "
)
PERIOD_NOUNS = {
    "hoy": 1,
    "today": 1,
    "semana": 7,
    "week": 7,
    "mes": 30,
    "month": 30,
    "trimestre": 90,
    "quarter": 90,
    "año": 365,
    "year": 365,
}

# Claims without a number
FACT_WORDS = _words["fact words"]
BEING = _words["being"]
ABSOLUTES = _words["absolutes"]
ROSE, RISES = _words["rose"], _words["rises"]
FELL, FALLS = _words["fell"], _words["falls"]
STEADY_WORDS = _words["steady words"]
PRAISE, BLAME = _words["praise"], _words["blame"]
BEST, WORST = _words["best"], _words["worst"]
MOST, COMPARATIVES = _words["most"], _words["comparatives"]
AMOUNT_VERBS = _words["amount verbs"]
NEGATIONS, WEEKDAYS = _words["negations"], _words["weekdays"]
CLAUSE_BREAKS = _words["clause breaks"]
UNKNOWN_THINGS = _words["unknown things"]
LEAK_WORDS = _words["leak words"]

LEVEL_WORDS = {
    "principiante": "principiante",
    "basico": "principiante",
    "beginner": "principiante",
    "basic": "principiante",
    "intermedio": "intermedio",
    "intermediate": "intermedio",
    "avanzado": "avanzado",
    "avanzada": "avanzado",
    "advanced": "avanzado",
}

_ES = """dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis diecisiete dieciocho
diecinueve veinte veintiuno veintidos veintitres veinticuatro veinticinco veintiseis veintisiete veintiocho
veintinueve"""
_EN = """two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
nineteen"""
_ES_TENS = "treinta cuarenta cincuenta sesenta setenta ochenta noventa"
_EN_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"

# «uno» and "one" are articles and pronouns more often than numbers.
NUMBER_WORDS = {
    "es": {word: value for value, word in enumerate(_ES.split(), 2)} | {"cero": 0, "veintiun": 21, "veintiuna": 21},
    "en": {word: value for value, word in enumerate(_EN.split(), 2)} | {"zero": 0},
}
TENS = {
    "es": {word: 10 * value for value, word in enumerate(_ES_TENS.split(), 3)},
    "en": {word: 10 * value for value, word in enumerate(_EN_TENS.split(), 2)},
}
UNITS_AFTER_TENS = {"es": {"uno": 1, "un": 1, "una": 1}, "en": {"one": 1}}

# All that a sentence may consist of, apart from the learner's themes.
KNOWN_WORDS = frozenset().union(*_words.values(), LEVEL_WORDS, *NUMBER_WORDS.values(), *TENS.values())

# The smallest words of each language, by which it is told.
TELLING_WORDS = {
    "es": frozenset(
        ["el", "la", "los", "las", "de", "del", "y", "en", "que", "con", "para", "por", "una", "tu", "tus"]
    ),
    "en": frozenset(
        ["the", "of", "and", "in", "that", "with", "for", "your", "you", "is", "are", "to", "it", "on", "at"]
    ),
}
