"""Everything that an import makes, by names that do not change from one run to the next: no ids, no random keys."""

import hashlib
import json
from typing import Any

from accounts.models import User
from learning.models import (
    Challenge,
    ChallengeSchedule,
    ImportedRow,
    ImportedTable,
    IntensiveResponse,
    IntensiveSession,
    ThemeShelf,
    UserResponse,
)
from metrics.models import (
    AnswerDay,
    AnswerTotal,
    DayTotal,
    ModeTotal,
    SessionScore,
    ThemeTotal,
    UserAchievement,
    UserMetrics,
)

# Ids, and what is random or says when the import ran.
NOT_COMPARED = {
    "id", "user", "challenge", "session", "schedule", "table", "new_id", "challenge_ids", "password", "shuffle_key",
    "updated_at", "began_at", "next_delivery", "make_at", "token_version", "last_login",
}  # fmt: skip


def state() -> dict[str, list[Any]]:
    """{table: its rows, sorted}"""
    challenges = {row.pk: (row.fingerprint, row.repeat) for row in Challenge.objects.all()}
    rows: dict[str, list[Any]] = {
        "users": [(*plain(user), user.password.partition("$")[0][:1]) for user in User.objects.all()],
        "challenges": [(row.user.email, *plain(row), schedule(row)) for row in _all(Challenge, "user", "schedule")],
        "schedules": [(row.user.email, *plain(row), row.make_at is None) for row in _all(ChallengeSchedule, "user")],
        "sessions": [
            (row.user.email, str(row.pk), *plain(row), [challenges[pk] for pk in row.challenge_ids])
            for row in _all(IntensiveSession, "user")
        ],
        "session_answers": [
            (row.user.email, str(row.session_id), challenges[row.challenge_id], *plain(row))
            for row in _all(IntensiveResponse, "user")
        ],
        "answers": [(row.user.email, challenges[row.challenge_id], *plain(row)) for row in _all(UserResponse, "user")],
        "ledger": [(row.table.kind, *plain(row), bool(row.new_id)) for row in _all(ImportedRow, "table")],
        # A place in the ledger is one of its ids.
        "progress": [plain(row) for row in ImportedTable.objects.exclude(kind="totals")],
    }
    of_users: tuple[Any, ...] = (
        ThemeShelf, SessionScore, UserMetrics, ThemeTotal, ModeTotal, DayTotal, AnswerTotal, AnswerDay, UserAchievement,
    )  # fmt: skip
    for model in of_users:
        rows[model._meta.db_table] = [(row.user.email, *plain(row)) for row in _all(model, "user")]
    return {
        name: sorted(json.dumps(row, default=str, ensure_ascii=False) for row in found) for name, found in rows.items()
    }


def _all(model: Any, *related: str) -> Any:
    return model.objects.select_related(*related)


def plain(row: Any) -> list[Any]:
    fields = [field.name for field in row._meta.concrete_fields if field.name not in NOT_COMPARED]
    return [f"{name}={_same(getattr(row, name))}" for name in sorted(fields)]


def _same(value: Any) -> Any:
    return json.dumps(value, sort_keys=True) if isinstance(value, dict | list) else value


def schedule(challenge: Any) -> str:
    return f"{challenge.schedule.theme_key} {challenge.schedule.level}" if challenge.schedule else ""


def digests() -> dict[str, str]:
    """{table: number of rows and a digest of them}, short enough to be printed."""
    return {
        name: f"{len(rows)} {hashlib.sha256(''.join(rows).encode()).hexdigest()[:16]}" for name, rows in state().items()
    }
