"""The import as a whole: each step from where it was to its end, then what it all adds up to."""

from collections.abc import Callable
from typing import Any

from django.db import IntegrityError

from learning.first_generation import answers, orders, people, questions, scores, sessions, totals
from learning.first_generation.ledger import ID_LENGTH, Batch, Ledger
from learning.first_generation.reading import CannotRead, Row
from learning.first_generation.steps import Run, Step
from learning.models import ImportedTable
from ops.database import in_transaction

FACTS: list[Step] = [
    people.Users(),
    questions.Questions(),
    answers.Answers(),
    sessions.Sessions(),
    sessions.Links(),
    sessions.SessionAnswers(),
    scores.Scores(),
    scores.Unscored(),
    scores.Achievements(),
    orders.Orders(),  # after the answers: what was answered is not delivered
]
COMPARED: list[Step] = [totals.OldTotals()]
STEPS = [*FACTS, *COMPARED]
TRIES = 5

Progress = Callable[[str, int, int], "Callable[[int], Any]"]  # (what, total, done before) -> told of each batch


def import_all(run: Run, progress: Progress) -> None:
    """Import what was not imported yet."""
    for step in FACTS:
        import_kind(run, step, progress)
    add_up_all(run, progress)
    for step in COMPARED:
        import_kind(run, step, progress)


def import_kind(run: Run, step: Step, progress: Progress) -> None:
    if not run.old.has(step.table) or not _can(run, step):
        return
    table = run.ledger.begin(step.kind)
    told = progress(step.kind, run.old.count(step.table, step.where), table.seen)
    after = table.last_id
    while rows := run.old.rows(step.table, after=after, limit=run.size, where=step.where, descending=step.descending):
        place = _place_of(rows[-1])
        again(_store, run, step, rows, after, place)
        after = place
        told(len(rows))
        run.read += len(rows)


def _can(run: Run, step: Step) -> bool:
    """Whether the columns are there that a step is about."""
    column = step.where.partition(" ")[0]
    return column == "TRUE" or column in run.old.schema[step.table]


def _place_of(row: Row) -> str:
    place = str(row.id)
    if not 0 < len(place) <= ID_LENGTH:
        raise CannotRead(f"There is an id that is empty or longer than {ID_LENGTH} characters: {place[:80]!r}.")
    return place


def again(unit: Callable[..., None], *arguments: Any) -> None:
    """Do a unit of work, and the whole of it again when a learner beside us took a name or deleted an account."""
    for attempt in range(1, TRIES + 1):
        try:
            return unit(*arguments)
        except IntegrityError:
            if attempt == TRIES:
                raise


@in_transaction
def _store(run: Run, step: Step, rows: list[Row], before: str, after: str) -> None:
    table = run.ledger.lock(step.kind, before)
    batch = Batch(step.is_mapped)
    step.store(run, rows, batch)
    run.ledger.write(table, batch, last_id=after, seen=len(rows))
    if step in FACTS:  # what was added up before is to be added up again
        ImportedTable.objects.filter(source=run.ledger.source, kind=totals.KIND).exclude(last_id="").update(
            last_id="", seen=0
        )


def add_up_all(run: Run, progress: Progress) -> None:
    """Shelves and totals of every imported user."""
    users, table = run.ledger.begin("users"), run.ledger.begin(totals.KIND)
    told = progress(totals.KIND, users.imported, table.seen)
    after = int(table.last_id or 0)
    while stretch := run.ledger.users(after, totals.USERS):
        again(totals.add_up, [new_id for _place, _old_id, new_id in stretch])
        _come_to(run.ledger, str(after or ""), str(stretch[-1][0]), len(stretch))
        after = stretch[-1][0]
        told(len(stretch))


@in_transaction
def _come_to(ledger: Ledger, before: str, after: str, seen: int) -> None:
    table = ledger.lock(totals.KIND, before)
    table.last_id, table.seen = after, table.seen + seen
    table.save(update_fields=["last_id", "seen"])
