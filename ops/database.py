"""Whole units of work against the database: one transaction each, tried again when two got in each other's way."""

import functools
import logging
import random
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection, transaction

logger = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")

TRIES = 4
# Deadlock and lock wait time-out (MySQL, MariaDB; a Galera certification failure is 1213 too).
CONFLICT_CODES = {1205, 1213}


def in_transaction(unit: Callable[P, R]) -> Callable[P, R]:
    """Run a function as one transaction, and the whole of it again after a deadlock.

    Only for units that may run twice: what they do outside the database belongs into `on_commit`. Inside another
    transaction it joins that one, whose owner does the trying again.
    """

    @functools.wraps(unit)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if connection.in_atomic_block:
            with transaction.atomic():  # a refusal undoes this unit alone
                return unit(*args, **kwargs)
        for attempt in range(1, TRIES + 1):
            try:
                with transaction.atomic():
                    return unit(*args, **kwargs)
            except OperationalError as exc:
                if attempt == TRIES or not is_conflict(exc):
                    raise
                logger.info("transaction tried again", extra={"unit": unit.__qualname__, "attempt": attempt})
                time.sleep(random.uniform(0, 0.02 * 2**attempt))
        raise AssertionError("unreachable")

    return run


def is_conflict(exc: OperationalError) -> bool:
    """Whether another transaction was in the way, so that the same work may well succeed now."""
    return bool(exc.args) and (exc.args[0] in CONFLICT_CODES or "database is locked" in str(exc.args[0]))
