"""Users: they log in with their old e-mail and password, and keep the old server's clock until they choose another."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.models import User, username_rule
from learning.first_generation.ledger import Batch
from learning.first_generation.reading import Row
from learning.first_generation.steps import UNKNOWN_TIME, Run, Step, time_of
from learning.first_generation.values import Notes, text

USERNAME_LENGTH = range(3, 51)
NAME_LENGTH = range(2, 101)
EMAIL_LENGTH = 255
_BCRYPT = re.compile(r"\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}")


class Users(Step):
    kind = table = "users"
    is_mapped = True

    def store(self, run: Run, rows: list[Row], batch: Batch) -> None:
        taken = _Taken(rows, run.ledger.source)
        made = [(row, *self.read(row, taken, run.old.zone.key)) for row in rows]
        users = _with_ids(User.objects.bulk_create([user for _row, user, _notes in made]))
        for row, user, notes in made:
            batch.keep(row.id, notes, new_id=users[user.email], owner=row.id)

    def read(self, row: Row, taken: "_Taken", zone: str) -> tuple[User, Notes]:
        notes = list(row.notes)
        user = User(
            username=taken.username(row, notes),
            email=taken.email(row, notes),
            password=_password(row["password_hash"], notes),
            time_zone="" if zone == settings.DEFAULT_TIME_ZONE else zone,
            created_at=time_of(row, "created_at", UNKNOWN_TIME, notes),
        )
        user.username_key = user.username.lower()
        user.name = _name(row["name"], user.username, notes)
        user.wants_email = _is_address(user.email) and not user.email.endswith(NOWHERE)
        return user, notes


NOWHERE = ".first-generation.invalid"  # no mail goes there (RFC 2606)


class _Taken:
    """The names and addresses that belong to somebody, here or in the batch."""

    def __init__(self, rows: list[Row], source: str) -> None:
        self._nowhere = f"{source}{NOWHERE}"
        names = {name.lower() for row in rows for name in usernames(row)}
        addresses = {address for row in rows for address in (_address(row["email"]), self.placeholder(row))}
        self.names = set(User.objects.filter(username_key__in=names).values_list("username_key", flat=True))
        self.addresses = set(User.objects.filter(email__in=addresses).values_list("email", flat=True))

    def username(self, row: Row, notes: Notes) -> str:
        chosen = next(name for name in usernames(row) if name.lower() not in self.names)
        self.names.add(chosen.lower())
        if chosen != text(row["username"]):
            notes.append(("username_changed", ""))
        return chosen

    def email(self, row: Row, notes: Notes) -> str:
        """The address, lower-case. Whose address is another's here, or none, gets one that no mail reaches: the history
        is kept, and staff can set the right one."""
        address = _address(row["email"])
        if not address or len(address) > EMAIL_LENGTH:
            notes.append(("email_missing", ""))
            address = self.placeholder(row)
        elif address in self.addresses:
            notes.append(("email_taken", ""))
            address = self.placeholder(row)
        elif not _is_address(address):
            notes.append(("email_unusual", ""))
        self.addresses.add(address)
        return address

    def placeholder(self, row: Row) -> str:
        return f"user-{row.id}@{self._nowhere}"


def usernames(row: Row) -> Iterator[str]:
    """The names that a user may get, the best first. One that was changed carries the user's old number, so that it is
    never another user's good name."""
    wanted = text(row["username"])
    if len(wanted) in USERNAME_LENGTH and _matches(wanted):
        yield wanted
    plain = "".join(c for c in unicodedata.normalize("NFKD", wanted) if not unicodedata.combining(c))
    base = re.sub(r"[^A-Za-z0-9_-]+", "_", plain).strip("_-") or "user"
    for suffix in (f"_{row.id}", f"_{row.id}_2", f"_{row.id}_3"):
        yield base[: USERNAME_LENGTH.stop - 1 - len(suffix)] + suffix


def _matches(username: str) -> bool:
    try:
        username_rule(username)
    except ValidationError:
        return False
    return True


def _address(value: Any) -> str:
    return text(value).lower()


def _is_address(email: str) -> bool:
    try:
        validate_email(email)
    except ValidationError:
        return False
    return True


def _password(value: Any, notes: Notes) -> str:
    """The hash in Django's form. Who has none that we can check asks for a new password by mail."""
    hashed = text(value)
    if _BCRYPT.fullmatch(hashed):
        return f"bcrypt${hashed}"
    notes.append(("password_unknown", ""))
    return make_password(None)


def _name(value: Any, username: str, notes: Notes) -> str:
    name = " ".join(text(value).split())
    if len(name) not in NAME_LENGTH:
        notes.append(("name_changed", ""))
    return name[: NAME_LENGTH.stop - 1] if len(name) in range(2, 10**6) else username


def _with_ids(users: list[User]) -> dict[str, int]:
    """{e-mail: id}. MySQL, other than MariaDB and SQLite, does not return the ids of a bulk insert."""
    if all(user.pk for user in users):
        return {user.email: user.pk for user in users}
    return dict(User.objects.filter(email__in=[user.email for user in users]).values_list("email", "pk"))
