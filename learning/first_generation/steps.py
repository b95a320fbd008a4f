"""What the steps of an import have in common: there is one for each kind of old row."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, ClassVar, Generic, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

from accounts.models import User
from learning.first_generation.ledger import Batch, Ledger, old_key, user_of
from learning.first_generation.reading import NO_TIME, OldDatabase, Row
from learning.first_generation.values import LeftOut, Notes, text, whole
from learning.models import Challenge

UNKNOWN_TIME = datetime(1970, 1, 1, tzinfo=UTC)  # of a user of whom nobody knows since when

Thing = TypeVar("Thing")


class Step:
    """Turns the rows of one old table into ours, a batch at a time, in one transaction each."""

    kind: ClassVar[str]  # its name in the ledger and in reports
    table: ClassVar[str]  # of the old database
    where: ClassVar[str] = "TRUE"
    descending: ClassVar[bool] = False
    is_mapped: ClassVar[bool] = False  # whether later steps ask what became of each row

    def store(self, run: "Run", rows: list[Row], batch: Batch) -> None:
        """Write what is made of these rows, and say in `batch` what became of each."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Person:
    """A user, here."""

    pk: int
    zone: ZoneInfo
    since: datetime

    def day(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()


@dataclass(frozen=True, slots=True)
class Found(Generic[Thing]):
    """What was made of the old rows that others refer to. LeftOut when nothing was."""

    what: str  # "user", "question"
    new_ids: dict[str, str]
    things: dict[int, Thing]

    def of(self, old_id: int | None) -> Thing:
        new_id = self.new_ids.get(old_key(old_id))
        if new_id is None:
            raise LeftOut(f"{self.what}_missing", old_id)
        if not new_id:
            raise LeftOut(f"{self.what}_left_out", old_id)
        if int(new_id) not in self.things:
            raise LeftOut(f"{self.what}_deleted", old_id)
        return self.things[int(new_id)]


@dataclass(slots=True)
class Run:
    """One import: the old database, and what is known of its rows by now."""

    old: OldDatabase
    ledger: Ledger
    size: int  # rows of a batch
    read: int = 0  # rows, in this run

    def people(self, rows: list[Row]) -> Found[Person]:
        """The users that rows refer to."""
        new_ids = self.ledger.new_ids("users", map(user_of, rows))
        users = User.objects.only("time_zone", "created_at").in_bulk([int(pk) for pk in new_ids.values() if pk])
        return Found("user", new_ids, {pk: person(user) for pk, user in users.items()})

    def challenges(self, rows: list[Row], column: str, *fields: str) -> Found[Challenge]:
        """The challenges made of the questions that rows refer to, with these fields."""
        new_ids = self.ledger.new_ids("questions", [whole(row[column]) for row in rows])
        challenges = Challenge.objects.only("user_id", *fields)
        return Found("question", new_ids, challenges.in_bulk([int(pk) for pk in new_ids.values() if pk]))

    def session_id(self, old_id: Any) -> UUID:
        """The id under which a session is known here: its own, where that is one."""
        said = text(old_id)
        try:
            return UUID(said)
        except ValueError:
            return uuid5(NAMESPACE_URL, f"persenaut:{self.ledger.source}:{said}")


def person(user: User) -> Person:
    return Person(user.pk, user.zone, user.created_at)


def time_of(row: Row, column: str, otherwise: datetime, notes: Notes) -> datetime:
    """A row's time; the next best one where it has none, and a note of that."""
    moment: datetime | None = row[column]
    if moment is None:
        notes.append((NO_TIME, column))
        return otherwise
    return moment
