"""How many calls of the language model may still be made today, by whom.

A call is reserved before it goes out and given back when it fails. A reservation is one conditional UPDATE, so that
however many come at once, on however many hosts, no more go out than the budget has.
"""

import contextvars
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from ops.models import ModelBudget

SITE = "site"

# Who pays for the calls of the work at hand, as `ops.limits.client_key` writes it: "u:7", "ip:1.2.3.4".
_payer: contextvars.ContextVar[str] = contextvars.ContextVar("payer", default="")


def set_payer(key: str) -> None:
    """From here on this key pays (the API says so at the start of each request)."""
    _payer.set(key)


@contextmanager
def paid_by(user_id: int) -> Iterator[None]:
    """A user pays for what is called inside: for commands, which have no request."""
    token = _payer.set(f"u:{user_id}")
    try:
        yield
    finally:
        _payer.reset(token)


def paying_user() -> int | None:
    """The id of the user who pays, if a user does."""
    kind, _, ident = _payer.get().partition(":")
    return int(ident) if kind == "u" else None


def reserve() -> list[ModelBudget] | None:
    """Take one call from every budget it counts against; what was taken, or None when one is used up."""
    taken: list[ModelBudget] = []
    for payer, limit in _budgets():
        row = ModelBudget(day=datetime.now(UTC).date(), payer=payer)
        if not _take(row, limit):
            give_back(taken)
            return None
        taken.append(row)
    return taken


def give_back(taken: list[ModelBudget]) -> None:
    """Return reservations whose calls came to nothing."""
    for row in taken:
        ModelBudget.objects.filter(day=row.day, payer=row.payer, used__gt=0).update(used=F("used") - 1)


def reset(user_id: int) -> bool:
    """Give a user the whole of today's calls again; whether any were used. The site's budget stays as it is."""
    rows = ModelBudget.objects.filter(day=datetime.now(UTC).date(), payer=f"u:{user_id}", used__gt=0)
    return bool(rows.update(used=0))


def _budgets() -> list[tuple[str, int]]:
    """(payer, calls a day), the narrowest first."""
    budgets = [(SITE, settings.AI_CALLS_PER_SITE)]
    key = _payer.get()
    if key.startswith("u:"):
        budgets.insert(0, (key, settings.AI_CALLS_PER_USER))
    elif key:
        # Enough to tell visitors apart for a day; nobody's address stays in the database.
        hashed = hashlib.blake2b(key.encode(), key=settings.SECRET_KEY.encode()[:64], digest_size=16).hexdigest()
        budgets.insert(0, (f"ip:{hashed}", settings.AI_CALLS_PER_ADDRESS))
    return budgets


def _take(row: ModelBudget, limit: int) -> bool:
    """Whether one more was within the limit, and is taken now."""
    rows = ModelBudget.objects.filter(day=row.day, payer=row.payer)
    if rows.filter(used__lt=limit).update(used=F("used") + 1):
        return True
    if rows.exists() or limit < 1:
        return False
    try:
        with transaction.atomic():
            ModelBudget.objects.create(day=row.day, payer=row.payer, used=1)
    except IntegrityError:  # somebody began the day at the same moment
        return bool(rows.filter(used__lt=limit).update(used=F("used") + 1))
    return True
