"""How long it takes to see that a question is like none of 10,000 earlier ones.

    python benchmarks/likeness.py [questions]

Prints milliseconds per look-up, for new questions and for paraphrases of old ones, beside a plain scan with difflib.
The earlier questions are as alike as those of one theme get: few templates, many names.
"""

import os
import random
import statistics
import sys
import time
from difflib import SequenceMatcher
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persenaut.settings")
os.environ |= {"DEBUG": "true", "LOG_TO": "stdout"}

TEMPLATES = (
    ("¿En qué año nació {name} de {place}?", "¿Cuándo nació {name} de {place}?"),
    ("¿Quién gobernó {place} después de {name}?", "¿Qué gobernante tuvo {place} después de {name}?"),
    ("¿Cuál es la capital de la región de {place} según {name}?", "¿Qué ciudad es, según {name}, capital de {place}?"),
    ("¿Qué descubrió {name} en las montañas de {place}?", "En las montañas de {place}, ¿qué descubrió {name}?"),
    ("Which battle did {name} win near {place}?", "What battle was won by {name} near {place}?"),
)
SYLLABLES = ["ba", "ce", "di", "fo", "gu", "la", "me", "ni", "po", "ru", "sa", "te", "vi", "xo", "zu"]
ANSWERS = 400  # different ones: a look-up reads the questions that share a word of the answer
LOOKUPS = 200
SCANS = 3  # of the slow way


def main(count: int) -> None:
    import django

    django.setup()
    from learning.generation import Asked
    from learning.generation.likeness import Likeness

    chance = random.Random(1)

    def name() -> str:
        return "".join(chance.choices(SYLLABLES, k=3)).capitalize()

    def pair() -> tuple[str, str, str]:
        first, second = chance.choice(TEMPLATES)
        names = {"name": name(), "place": name()}
        return first.format(**names), second.format(**names), f"Respuesta {chance.randrange(ANSWERS)}"

    pairs = [pair() for _ in range(count)]
    begun = time.perf_counter()
    likeness = Likeness([Asked(question, answer) for question, _other, answer in pairs])
    built = time.perf_counter() - begun
    new = [(question, answer) for question, _other, answer in (pair() for _ in range(LOOKUPS))]
    old = [(other, answer) for _question, other, answer in chance.sample(pairs, LOOKUPS)]
    missed = timed(lambda row: likeness.has_like(*row), new)
    found = timed(lambda row: likeness.has_like(*row), old)
    caught = sum(likeness.has_like(*row) for row in old)
    earlier = [question for question, _other, _answer in pairs]
    scan = timed(lambda row: any(SequenceMatcher(None, row[0], other).ratio() > 0.9 for other in earlier), new[:SCANS])
    say(f"{count} earlier questions, {ANSWERS} answers; built in {built * 1000:.0f} ms")
    say(f"a new question: median {statistics.median(missed):.2f} ms, slowest {max(missed):.2f} ms")
    say(f"a paraphrase:   median {statistics.median(found):.2f} ms, slowest {max(found):.2f} ms")
    say(f"                {caught} of {LOOKUPS} paraphrases caught")
    say(f"difflib scan:   median {statistics.median(scan):.0f} ms")
    say(f"ratio:          {statistics.median(scan) / statistics.median(missed):.0f} times as fast as the scan")


def timed(look_up, rows) -> list[float]:
    """Milliseconds of each call."""
    took = []
    for row in rows:
        begun = time.perf_counter()
        look_up(row)
        took.append((time.perf_counter() - begun) * 1000)
    return took


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
