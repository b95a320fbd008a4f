"""What the labelled set showed, for a terminal and for docs/question-quality.md."""

from collections import Counter
from collections.abc import Iterable, Sequence

from learning.quality import NEEDED, Row, Verdict, tally, totals

REASONS = {
    "unreadable": "The answer holds no question at all: no text, no answer, or options that are not text.",
    "options_count": "There are not exactly four options.",
    "no_key": "Nothing says which of A to D is right.",
    "question_length": "The question has fewer than 10 or more than 600 characters.",
    "option_length": "An option is empty or has more than 200 characters.",
    "explanation_length": "The explanation has more than 1200 characters.",
    "control_characters": "Some text, or the excerpt, holds what nobody sees: control, zero-width, bidirectional or "
    "tag characters, fillers, or the sign that stands for a lost one.",
    "says_nothing": "The question has no words, or an option is a placeholder (`Opción B`, `Wrong answer 1`, `...`).",
    "options_alike": "Two options look the same to a person: `Madrid` and `madrid`, `H₂O` and `H2O`, `1.000` and "
    "`1000`. `2²` and `22`, `x ∉ A` and `x ∈ A`, `Co` and `CO` do not; nor does `exámen` look like `examen` where the "
    "question is about writing.",
    "about_other_options": "An option speaks of the others (`Todas las anteriores`, `Both A and C`).",
    "prompt_leaked": "Some text holds six words in a row of our instructions, or a mark that sets notes apart.",
    "key_leaked": "The question holds its answer, and no other option; not counting words that it asks about.",
    "language": "The question or its explanation is in another language than the learner's.",
    "not_in_notes": "It is made from notes, and the excerpt that it rests on is not in them word for word.",
    "retired": "Staff retired this question after a report.",
    "duplicate": "The learner has had this question: the same but for case, accents, spaces and punctuation.",
    "near_duplicate": "The learner has had it in other words, with the same answer.",
    "solver_disagrees": "A second call, which sees no key and other places, did not choose the key: the key is wrong, "
    "several options are right, or the excerpt does not say so.",
    "unverified": "The second call brought no solution in time. What nobody verified is not shown.",
}

DOCUMENT = """\
# Can the questions be trusted?

`python manage.py question_quality` runs a labelled set of {count} candidate items through the pipeline that every
generated question goes through, and counts what it keeps and what it catches. The items are in
`learning/quality/items.json`: what a model might return, good and bad, in Spanish and English, with the options that
are really right. By default the solver is an honest one of our own, which knows those: the table says what the
*pipeline* is worth when the solver is right. `--model` has the configured model (`AI_BASE_URL`) solve instead, and says
what the pipeline is worth with *that* model; it costs one call for each item that reaches the solver, {solved} in all.
The command exits with 1 when less than {needed} of the good are kept or less than {needed} of the bad are caught.

This page is written by `python manage.py question_quality --markdown`; a test compares it with a fresh run.

## The table

{table}

{summary}

## What it gets wrong

{misses}

## What the reasons mean

{reasons}
"""

HEADS = ("kind", "items", "kept or caught", "rate", "refused as")


def is_good_enough(verdicts: Sequence[Verdict]) -> bool:
    return all(row.rate >= NEEDED for row in totals(verdicts))


def summary(verdicts: Sequence[Verdict]) -> str:
    good, bad = totals(verdicts)
    kept, caught = f"{good.right} of {good.items} kept", f"{bad.right} of {bad.items} caught"
    needed = f"{NEEDED:.0%} of each needed"
    return f"Good: {kept} ({good.rate:.1%}). Bad: {caught} ({bad.rate:.1%}). {needed.capitalize()}."


def as_text(verdicts: Sequence[Verdict]) -> str:
    rows = [HEADS, *map(_cells, tally(verdicts))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS) - 1)]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:4], widths[1:]), row[4]]).rstrip() for row in rows
    ]
    return "\n".join([*lines, "", summary(verdicts)])


def as_markdown(verdicts: Sequence[Verdict]) -> str:
    rows = [HEADS, ("---", "--:", "--:", "--:", "---"), *map(_cells, tally(verdicts))]
    misses = [verdict for verdict in verdicts if not verdict.is_right]
    return DOCUMENT.format(
        count=len(verdicts),
        solved=sum(verdict.reason in ("", "solver_disagrees") for verdict in verdicts),
        needed=f"{NEEDED:.0%}",
        table="\n".join(f"| {' | '.join(row)} |" for row in rows),
        summary=summary(verdicts),
        misses="\n".join(map(_miss, misses)) or "Nothing in the set.",
        reasons="\n".join(f"- `{reason}`: {sentence}" for reason, sentence in REASONS.items()),
    )


def _cells(row: Row) -> tuple[str, ...]:
    return row.label, str(row.items), str(row.right), f"{row.rate:.0%}", _counted(row.reasons)


def _counted(reasons: Counter[str]) -> str:
    ranked: Iterable[tuple[str, int]] = sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{reason} {count}" for reason, count in ranked)


def _miss(verdict: Verdict) -> str:
    item, earlier = verdict.item, [question for question, _answer in verdict.item.earlier]
    after = f" after “{earlier[0]}”" if earlier else ""
    verb = f"refused as `{verdict.reason}`" if item.is_good else "kept"
    return f"- {item.label}, {verb}: “{item.item['question']}”{after}"
