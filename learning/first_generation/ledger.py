"""What became of each row of the old database. It is written in the transaction that writes what was made of the row,
so that an import that was killed goes on where it was, and a finished one finds nothing to do."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db.models import Count, F

from learning.first_generation.reading import Row
from learning.first_generation.values import LeftOut, Notes, whole
from learning.models import ImportedRow, ImportedTable

Outcome = ImportedRow.Outcome
Thing = TypeVar("Thing")
ID_LENGTH, NOTE_DETAIL = 64, 120  # characters


def user_of(row: Row) -> int | None:
    """The old id of the user to whom a row belongs."""
    return whole(row["user_id"])


@dataclass(slots=True)
class Batch:
    """What became of the rows of one batch: of all of them where others refer to them (`is_mapped`), else of those
    worth a remark."""

    is_mapped: bool
    rows: list[ImportedRow] = field(default_factory=list)
    imported: int = 0
    repaired: int = 0
    left_out: int = 0

    def keep(
        self, old_id: Any, notes: Iterable[tuple[str, str]] = (), *, new_id: Any = "", owner: int | None = None
    ) -> None:
        """The row was imported, with these remarks."""
        said = list(notes)
        self.imported += 1
        self.repaired += bool(said)
        if said or self.is_mapped:
            outcome = Outcome.REPAIRED if said else Outcome.IMPORTED
            self._add(old_id, outcome, said, new_id=str(new_id), owner=owner)

    def leave(self, old_id: Any, code: str, detail: Any = "", *, owner: int | None = None) -> None:
        """The row was left out, for this reason."""
        self.left_out += 1
        self._add(old_id, Outcome.LEFT_OUT, [(code, str(detail))], new_id="", owner=owner)

    def _add(self, old_id: Any, outcome: str, notes: Notes, **fields: Any) -> None:
        cut = [[code, detail[:NOTE_DETAIL]] for code, detail in notes]
        self.rows.append(ImportedRow(old_id=old_key(old_id), outcome=outcome, notes=cut, **fields))

    def read(
        self,
        rows: Iterable[Row],
        convert: Callable[[Row], tuple[Thing, Notes]],
        owner: Callable[[Row], int | None] = user_of,
    ) -> list[Thing]:
        """What `convert` makes of the rows, without those for which it raises LeftOut; what became of each is noted."""
        made = []
        for row in rows:
            try:
                thing, notes = convert(row)
            except LeftOut as reason:
                self.leave(row.id, reason.code, reason.detail, owner=owner(row))
                continue
            self.keep(row.id, notes, owner=owner(row))
            made.append(thing)
        return made


class Moved(Exception):
    """Another import of the same database has come further: two run at once."""


class Ledger:
    """What became of the rows of one old database, known by its key."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._ids: dict[str, int] = {}

    def begin(self, kind: str) -> ImportedTable:
        """How far a kind has come, which may be nowhere."""
        row, _created = ImportedTable.objects.get_or_create(source=self.source, kind=kind)
        self._ids[kind] = row.pk
        return row

    def tables(self) -> dict[str, ImportedTable]:
        return {row.kind: row for row in ImportedTable.objects.filter(source=self.source)}

    def lock(self, kind: str, last_id: str) -> ImportedTable:
        """The progress of a kind, locked; Moved when it is not what we thought."""
        row = ImportedTable.objects.select_for_update().get(source=self.source, kind=kind)
        if row.last_id != last_id:
            raise Moved
        return row

    def write(self, table: ImportedTable, batch: Batch, *, last_id: str, seen: int) -> None:
        """Keep and count what became of a batch."""
        for row in batch.rows:
            row.table = table
        ImportedRow.objects.bulk_create(batch.rows, batch_size=1000)
        ImportedTable.objects.filter(pk=table.pk).update(
            last_id=last_id,
            seen=F("seen") + seen,
            imported=F("imported") + batch.imported,
            repaired=F("repaired") + batch.repaired,
            left_out=F("left_out") + batch.left_out,
        )

    def new_ids(self, kind: str, old_ids: Iterable[Any]) -> dict[str, str]:
        """{old id: new id} of rows that were read; "" for one that was left out."""
        wanted = {old_key(old_id) for old_id in old_ids if old_id is not None}
        rows = ImportedRow.objects.filter(table_id=self._id(kind), old_id__in=wanted)
        return dict(rows.values_list("old_id", "new_id"))

    def remarks(self, kind: str, size: int = 2000) -> Iterator[list[ImportedRow]]:
        """The rows of a kind that were repaired or left out, a stretch at a time."""
        last = 0
        rows = ImportedRow.objects.filter(table_id=self._id(kind)).exclude(outcome=Outcome.IMPORTED).order_by("pk")
        while stretch := list(rows.filter(pk__gt=last)[:size]):
            yield stretch
            last = stretch[-1].pk

    def left_out(self, kind: str) -> "Counter[int]":
        """{old user: how many of their rows were left out}"""
        rows = ImportedRow.objects.filter(table_id=self._id(kind), outcome=Outcome.LEFT_OUT).exclude(owner=None)
        return Counter(dict(rows.order_by().values_list("owner").annotate(Count("pk"))))

    def users(self, after: int, size: int) -> list[tuple[int, int, int]]:
        """The next imported users after a place: (place, old id, new id)."""
        rows = ImportedRow.objects.filter(table_id=self._id("users"), pk__gt=after).exclude(new_id="").order_by("pk")
        return [(pk, int(old), int(new)) for pk, old, new in rows.values_list("pk", "old_id", "new_id")[:size]]

    def _id(self, kind: str) -> int:
        """The table's id; 0 when nothing of this kind was read yet."""
        if kind not in self._ids:
            found = ImportedTable.objects.filter(source=self.source, kind=kind).values_list("pk", flat=True).first()
            if found is None:
                return 0
            self._ids[kind] = found
        return self._ids[kind]


def old_key(old_id: Any) -> str:
    """An old id as the ledger has it."""
    return str(old_id)[:ID_LENGTH]
