"""Which changes of the schema a running server of the release before can live with.

New servers are started one after the other beside old ones, after `migrate`: what the old code reads and writes must
still be there, and what it does not know must not be asked of it. A change that needs more takes two releases: first
the code that does without, then the column.
"""

from collections.abc import Iterator
from typing import Any

from django.db import models
from django.db.migrations import operations as op
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

# Only another one of these after the release that no longer needs what they take away.
FORBIDDEN: dict[type[Operation], str] = {
    op.RemoveField: "takes away a column that the release before reads",
    op.DeleteModel: "takes away a table that the release before reads",
    op.RenameField: "takes away a column that the release before reads",
    op.RenameModel: "may take away a table that the release before reads",
    op.AlterModelTable: "takes away a table that the release before reads",
    op.AlterUniqueTogether: "may refuse rows that the release before writes",
    op.RunSQL: "cannot be judged",
}


def troubles(operation: Operation, app: str, before: ProjectState) -> Iterator[str]:
    """What is wrong with an operation, on the state that it finds."""
    if isinstance(operation, op.SeparateDatabaseAndState):
        for inner in operation.database_operations:
            yield from troubles(inner, app, before)
        return
    for kind, wrong in FORBIDDEN.items():
        if isinstance(operation, kind):
            yield wrong
    match operation:
        case op.AddField():
            yield from _added(operation.field)
        case op.AlterField():
            model = before.models[app, operation.model_name.lower()]
            yield from _altered(model.fields[operation.name], operation.field)
        case op.AddConstraint():
            yield "may refuse rows that the release before writes"
        case op.RunPython() if operation.reverse_code is None:
            yield "cannot be taken back: give it a reverse, be it noop"


def _added(field: Any) -> Iterator[str]:
    if isinstance(field, models.ManyToManyField) or field.null or field.has_db_default():
        return
    yield "adds a column that the release before leaves out of what it writes: let it be null, or give it a db_default"


def _altered(old: Any, new: Any) -> Iterator[str]:
    if type(old) is not type(new):
        yield "changes the type of a column"
    if old.null and not new.null:
        yield "refuses the nulls that the release before writes"
    if not old.unique and new.unique:
        yield "may refuse rows that the release before writes"
    for size in ("max_length", "max_digits", "decimal_places"):
        was, will = getattr(old, size, None), getattr(new, size, None)
        if will is not None and (was is None or will < was):
            yield f"has no room for what the release before writes ({size})"
    if old.db_column != new.db_column:
        yield "takes away a column that the release before reads"
