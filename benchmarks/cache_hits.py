"""How often the cache answers, by what learners do: a simulation, since it depends on people and not on machines."""

import random

from benchmarks.scenarios import Table, scenario
from ops.cache import MEDIUM

READS = 6  # metrics of a page with all figures
VISITS = 20_000  # of each kind
PAUSE = 20.0  # seconds between two things a learner does, on the average


def hit_rate(pages: int, answers: int, *, chance: random.Random) -> float:
    """The share of reads that the cache answers in visits of `pages` looks at the figures and `answers` answers,
    in random order. A value is good for MEDIUM seconds and until the learner's next write; nothing outlives a visit."""
    hits = reads = 0
    for _ in range(VISITS):
        doings = ["look"] * pages + ["answer"] * answers
        chance.shuffle(doings)
        now, stored = 0.0, float("-inf")
        for doing in doings:
            now += chance.expovariate(1 / PAUSE)
            if doing == "answer":
                stored = float("-inf")  # another generation
                continue
            reads += READS
            if now - stored < MEDIUM:
                hits += READS
            else:
                stored = now
    return hits / reads


def play_then_look(pages: int, *, chance: random.Random) -> float:
    """The same for those who play first and look afterwards: the usual visit."""
    hits = reads = 0
    for _ in range(VISITS):
        now, stored = 0.0, float("-inf")
        for _page in range(pages):
            now += chance.expovariate(1 / PAUSE)
            reads += READS
            if now - stored < MEDIUM:
                hits += READS
            else:
                stored = now
    return hits / reads


@scenario
def cache_hit_rate() -> Table:
    """Cache hit rate against what learners do in a visit (simulated)."""
    table = Table(f"Share of metrics reads that the cache answers, {VISITS} simulated visits each")
    chance = random.Random(8)
    for pages, answers in ((1, 10), (3, 10), (10, 10), (10, 2), (10, 0)):
        what = f"{pages} looks among {answers} answers, in random order"
        table.add(what, [hit_rate(pages, answers, chance=chance)], "")
    for pages in (1, 2, 3, 5, 10):
        table.add(f"{pages} looks after a session", [play_then_look(pages, chance=chance)], "")
    return table
