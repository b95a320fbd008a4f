"""What is said about an import: a table and a list of what was remarkable, and every single case in a file."""

import json
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import IO, Any

from accounts.models import User
from learning.first_generation.importing import STEPS
from learning.first_generation.ledger import Ledger
from learning.first_generation.reading import OldDatabase
from learning.first_generation.steps import Step
from learning.first_generation.values import text
from learning.models import ImportedRow

Say = Callable[[str], Any]

SENTENCES = {
    # Why a row was left out
    "user_missing": "belongs to a user who is not there",
    "user_left_out": "belongs to a user who was left out",
    "user_deleted": "belongs to a user who was deleted here after the import",
    "question_left_out": "is about a question that was left out",
    "question_deleted": "is about a question that was deleted here after the import",
    "question_of_another": "is about a question of another user",
    "question_given_twice": "the session has this question already",
    "options_missing": "there are no options, nor a text to read them from",
    "options_not_four": "there are options, but not four, nor a text to read them from",
    "options_alike": "two options are the same",
    "key_missing": "nothing says which option is right",
    "key_unclear": "what is said to be right is none of the options",
    "raw_of_another": "the model's text is about another question",
    "session_twice": "there is a session with this id",
    "answered_again": "the question was answered before in this session",
    "scored_again": "the session has a score",
    "achievement_unknown": "there is no such achievement",
    "achieved_again": "the user has this achievement",
    "order_given_again": "a later order has the same theme and level; the question can be answered at once",
    "totals_again": "the user has a row of totals",
    # What was repaired
    "username_changed": "username against our rules, or another's",
    "name_changed": "name too short or too long",
    "email_missing": "no e-mail address: cannot log in until staff set one",
    "email_taken": "e-mail address of another user: cannot log in until staff set another",
    "email_unusual": "not a proper e-mail address: can log in, gets no mail",
    "password_unknown": "no bcrypt hash: needs a new password",
    "theme_missing": "no theme",
    "theme_cut": "theme longer than 100 characters",
    "level_unknown": "a level of no such name: taken for intermedio",
    "mode_unknown": "a game mode of no such name: taken for normal",
    "state_unknown": "a state of no such name: taken for active",
    "options_from_raw": "options read from the model's text",
    "question_from_raw": "question read from the model's text",
    "key_from_raw": "key read from the model's text",
    "graded_again": "was graded otherwise than the key says",
    "choice_unknown": "what was chosen is unknown: the old grade was kept",
    "grade_unknown": "neither choice nor grade are known: counted as wrong",
    "seconds_impossible": "an impossible duration",
    "points_impossible": "an impossible number of points",
    "accuracy_impossible": "no accuracy, or an impossible one: computed",
    "session_renamed": "the id was no UUID",
    "session_of_another": "the session is another user's",
    "score_computed": "finished without a score: computed by today's rules",
    "hour_unknown": "no hour: delivered at nine",
    "frequency_unknown": "a frequency of no such name: taken for daily",
    "time_unknown": "no time: the next best one was taken",
    "time_impossible": "an impossible time",
    "time_skipped": "a time that the clock skipped: read as before the change",
    "time_twice": "a time that the clock showed twice: taken for the first",
    "total_points_differs": "other points than the sessions add up to",
    "total_sessions_differs": "another number of sessions",
    "total_correct_answers_differs": "another number of right answers",
    "total_time_spent_differs": "another time spent",
    "average_accuracy_differs": "another average accuracy",
}
# The same word for what was left out and for what was imported all the same.
SENTENCES_OF_KIND = {
    ("questions", "question_missing"): "there is no question, nor a text to read it from",
    ("session_scores", "session_missing"): "its session is not there: points kept",
}
MISSING = {"question_missing": "is about a question that is not there", "session_missing": "its session is not there"}


def sentence(kind: str, code: str) -> str:
    return SENTENCES_OF_KIND.get((kind, code)) or SENTENCES.get(code) or MISSING[code]


def summarise(old: OldDatabase, ledger: Ledger, say: Say, file: IO[str] | None) -> None:
    """The table, the remarks by kind, and each case into the file."""
    tables = ledger.tables()
    say(f"{'':24}{'there':>10}{'read':>10}{'imported':>10}{'repaired':>10}{'left out':>10}")
    for step in STEPS:
        if table := tables.get(step.kind):
            there = _there(old, step)
            counts = (there, table.seen, table.imported, table.repaired, table.left_out)
            say(f"{step.kind:24}" + "".join(f"{count:10,}" for count in counts))
    for step in STEPS:
        if step.kind in tables:
            _say_remarks(step.kind, old, ledger, say, file)


def _there(old: OldDatabase, step: Step) -> int:
    return old.count(step.table, step.where) if old.has(step.table) else 0


def _say_remarks(kind: str, old: OldDatabase, ledger: Ledger, say: Say, file: IO[str] | None) -> None:
    found: Counter[tuple[str, str]] = Counter()
    gaps: defaultdict[str, float] = defaultdict(float)
    for rows in ledger.remarks(kind):
        found.update((row.outcome, code) for row in rows for code, _detail in row.notes)
        for code, gap in (pair for row in rows for pair in _gaps(row)):
            gaps[code] += gap
        if file:
            names = _names(rows, old) if kind == "users" else {}
            file.writelines(line for row in rows for line in _lines(kind, row, names.get(row.old_id, {})))
    for (outcome, code), count in sorted(found.items(), key=lambda item: (item[0][0], -item[1], item[0][1])):
        what = "left out" if outcome == ImportedRow.Outcome.LEFT_OUT else "repaired"
        by = f", by {gaps[code] / count:,.2f} on average" if code in gaps else ""
        say(f"{kind}: {count:,} {what}: {sentence(kind, code)} ({code}){by}")


def _gaps(row: ImportedRow) -> Iterator[tuple[str, float]]:
    """By how much old totals were wrong."""
    for code, detail in row.notes:
        if code.endswith("_differs"):
            was, is_ = detail.split(", counted ")
            yield code, abs(float(was) - float(is_))


def _lines(kind: str, row: ImportedRow, names: dict[str, str]) -> Iterator[str]:
    for code, detail in row.notes:
        case = {"table": kind, "id": row.old_id, "outcome": row.outcome, "code": code, "why": sentence(kind, code)}
        case |= {"detail": detail} if detail else {}
        case |= {"user": row.owner} if row.owner is not None else {}
        yield json.dumps(case | names, ensure_ascii=False) + "\n"


def _names(rows: list[ImportedRow], old: OldDatabase) -> dict[str, dict[str, str]]:
    """Who they were and are: read from the two databases, since the ledger keeps nothing personal."""
    before = {str(pk): row for pk, row in old.by_id("users", [int(row.old_id) for row in rows]).items()}
    now = User.objects.in_bulk([int(row.new_id) for row in rows if row.new_id])
    names: dict[str, dict[str, str]] = {}
    for row in rows:
        was, is_ = before.get(row.old_id), now.get(int(row.new_id or 0))
        names[row.old_id] = {"username": text(was["username"]), "email": text(was["email"])} if was else {}
        names[row.old_id] |= {"new_username": is_.username, "new_email": is_.email} if is_ else {}
    return names


def incomplete(old: OldDatabase, ledger: Ledger) -> list[str]:
    """What cannot be after an import that came to its end, a sentence each."""
    tables, found = ledger.tables(), []
    for step in STEPS:
        if (table := tables.get(step.kind)) and (there := _there(old, step)) != table.seen:
            found.append(
                f"{step.kind}: {there:,} rows are there, {table.seen:,} were read. Either the import has not come to "
                "its end, or the old database has changed since it began: stop the old service before you import."
            )
    return found


def open_file(path: str) -> IO[str]:
    """A file for its owner's eyes: names and addresses are in it."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8")
