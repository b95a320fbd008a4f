"""A site of some size, made inside MariaDB in seconds: facts by INSERT ... SELECT, totals by GROUP BY over them.

User 1 (`WHALE`) has a fiftieth of everything, a hundred times what others have, so that what grows with one learner's
history is seen; user 2 is staff.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, models

from accounts.models import RevokedToken, User
from learning import models as learning
from metrics import models as metrics
from ops import models as ops
from ops.database import patient

WHALE, STAFF = 1, 2
THEMES = 20
SHARE = 50
LARGE = 200_000  # answers
OPEN = 1_000  # sessions that have not ended, the last ones
OWNER = f"IF(MOD(seq, {SHARE}) = 0, {WHALE}, 2 + MOD(seq, {{others}}))"
THEME = f"CONCAT('Tema ', MOD(seq DIV {SHARE}, {THEMES}))"
THEME_KEY = f"CONCAT('tema ', MOD(seq DIV {SHARE}, {THEMES}))"
LEVEL = f"ELT(1 + MOD(seq DIV {SHARE * THEMES}, 3), 'principiante', 'intermedio', 'avanzado')"
MODE = f"ELT(1 + MOD(seq DIV {SHARE}, 3), 'timed', 'normal', 'survival')"
PAST = "TIMESTAMPADD(SECOND, -MOD(seq * 7919, 31536000), UTC_TIMESTAMP(6))"  # any second of the last year
UUID = "LPAD(LOWER(HEX(seq)), 32, '0')"
SUMS = {
    "sessions": "COUNT(*)",
    "points": "SUM(points)",
    "accuracy_sum": "SUM(accuracy)",
    "time_spent": "SUM(time_spent)",
}
RESULT = """'{"points": 10, "accuracy": 60.0, "achievements": []}'"""
ANSWERS = {"answered": "COUNT(*)", "correct": "SUM(a.is_correct)"}


@dataclass(frozen=True, slots=True)
class Site:
    users: int = 5_000
    responses: int = 100_000  # outside sessions
    sessions: int = 20_000
    per_session: int = 5  # answers
    deliveries: int = 10  # of a schedule; there is one per user
    calls: int = 4  # of the model, per user
    mails: int = 2  # per user
    tokens: int = 3  # ended, per user
    house: int = 8_000  # of what does not grow with users: budgets, actions of staff, retired questions

    @property
    def challenges(self) -> int:
        return self.responses * 11 // 10


def fill(site: Site) -> None:
    """Make the site in an empty database, and tell the optimizer of it."""
    owner = OWNER.format(others=site.users - 1)
    with loading(site.responses):
        people(site.users, tokens=site.tokens)
        _learning(site, owner)
        totals()
        statistics(site)
        _house(site, owner)


@contextmanager
def loading(rows: int) -> Iterator[None]:
    """Inside, much is put into an empty database; the optimizer knows of it afterwards."""
    with patient(), connection.cursor() as cursor:
        cursor.execute("SET foreign_key_checks = 0, unique_checks = 0")  # of a connection that ends here
        if rows > LARGE:  # else every other row would be fetched from the disk
            cursor.execute("SET GLOBAL innodb_buffer_pool_size = 2 << 30, GLOBAL innodb_log_file_size = 1 << 30")
        yield
        analyze()


def analyze() -> None:
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f"ANALYZE TABLE {connection.ops.quote_name(table)}")
            cursor.fetchall()


def empty() -> None:
    """Take everything out again, except what migrations put there."""
    keep = {"django_migrations", "django_content_type", "auth_permission", "auth_group", "auth_group_permissions"}
    with patient(), connection.cursor() as cursor:
        cursor.execute("SET foreign_key_checks = 0")
        for table in set(connection.introspection.table_names()) - keep:
            cursor.execute(f"TRUNCATE {connection.ops.quote_name(table)}")


def insert(model: type[models.Model], source: str, /, **columns: str) -> None:
    """INSERT ... SELECT of SQL expressions by column; what is not named gets its field's default."""
    names, values, constants = [], [], []
    for field in model._meta.concrete_fields:
        given = columns.pop(str(field.column), None)
        if given is None and field.primary_key:
            continue
        names.append(connection.ops.quote_name(str(field.column)))
        values.append(given or "%s")
        if given is None:
            constants.append(_constant(field))
    assert not columns, f"{model._meta.db_table} has no {list(columns)}"
    with connection.cursor() as cursor:
        sql = f"INSERT INTO {model._meta.db_table} ({', '.join(names)}) SELECT {', '.join(values)} FROM {source}"
        cursor.execute(sql, constants)


def _constant(field: Any) -> Any:
    value = field.get_default()
    if value is None and not field.null:
        value = ""
    return field.get_db_prep_save(value, connection)


def numbers(count: int) -> str:
    """1 to `count` as `seq`; signed, since expressions here subtract."""
    return f"(SELECT CAST(seq AS SIGNED) AS seq FROM seq_1_to_{count}) AS numbers"


def people(count: int, *, tokens: int = 3) -> None:
    insert(
        User, numbers(count), id="seq", name="CONCAT('Ana ', seq)", username="CONCAT('ana', seq)",
        username_key="CONCAT('ana', seq)", email="CONCAT('ana', seq, '@example.org')", created_at=PAST,
        is_staff=f"seq = {STAFF}", is_superuser=f"seq = {STAFF}",
    )  # fmt: skip
    insert(
        RevokedToken, numbers(count * tokens), user_id=f"1 + MOD(seq, {count})", token_id="LPAD(HEX(seq), 32, '0')",
        expires_at="TIMESTAMPADD(MINUTE, 45 - MOD(seq, 100000), UTC_TIMESTAMP(6))",
    )  # fmt: skip


def questions(users: int, each: int) -> None:
    """`each` challenges of every user: those of user 1 come first."""
    insert(
        learning.Challenge, numbers(users * each), id="seq", user_id=f"1 + (seq - 1) DIV {each}", difficulty=LEVEL,
        theme=THEME, theme_key=THEME_KEY, question="CONCAT('¿Qué pasó en el año ', seq, '?')",
        options="'[\"uno\", \"dos\", \"tres\", \"cuatro\"]'", correct_letter="'A'", origin="'bank'", state="'active'",
        fingerprint="SHA2(seq, 256)", shuffle_key="MOD(seq * 2654435761, 2147483647)", created_at=PAST,
    )  # fmt: skip


def practice(owner: str, sessions: int, *, after: int, each: int, per_session: int) -> None:
    """Finished sessions, a day of the last year each in turn, whose numbers begin after `after`; of users who have
    `each` challenges by `questions`."""
    rows = f"(SELECT CAST(seq AS SIGNED) + {after} AS seq FROM seq_1_to_{sessions}) AS numbers"
    then = "TIMESTAMPADD(DAY, -MOD(seq, 365), UTC_TIMESTAMP(6))"
    when = {"created_at": then}
    theme = {
        "user_id": owner, "theme": f"CONCAT('Tema ', MOD(seq, {THEMES}))",
        "theme_key": f"CONCAT('tema ', MOD(seq, {THEMES}))",
        "game_mode": "ELT(1 + MOD(seq, 3), 'timed', 'normal', 'survival')",
    }  # fmt: skip
    insert(
        learning.IntensiveSession, rows, id=UUID, challenge_ids="'[]'", finished_at=then,
        result=RESULT, **theme, **when,
    )  # fmt: skip
    insert(
        learning.IntensiveResponse, f"{rows} JOIN (SELECT seq AS k FROM seq_0_to_{per_session - 1}) AS questions",
        session_id=UUID, user_id=owner, is_correct="MOD(seq, 3) > 0", response_time="5", day=f"DATE({then})",
        challenge_id=f"({owner} - 1) * {each} + 1 + MOD(seq * {per_session} + k, {each})", **when,
    )  # fmt: skip
    insert(
        metrics.SessionScore, rows, session_id=UUID, points="10 + MOD(seq, 90)", answered=f"{per_session}", correct="1",
        accuracy="50", time_spent="60", day=f"DATE({then})", **theme, **when,
    )  # fmt: skip


def _learning(site: Site, owner: str) -> None:
    theme = {"user_id": owner, "theme": THEME, "theme_key": THEME_KEY}
    insert(
        learning.ChallengeSchedule, numbers(site.users), id="seq", user_id=f"1 + MOD(seq DIV 2, {site.users - 1})",
        theme="CONCAT('Tema ', MOD(seq, 2))", theme_key="CONCAT('tema ', MOD(seq, 2))", difficulty=LEVEL,
        delivery_time="'09:00'", anchor="'2026-01-01'",
        next_delivery="TIMESTAMPADD(MINUTE, MOD(seq, 1440) - 10, UTC_TIMESTAMP(6))",
        make_at="IF(MOD(seq, 500) = 0, UTC_TIMESTAMP(6), NULL)", created_at=PAST,
    )  # fmt: skip
    completed = f"seq <= {site.responses}"
    insert(
        learning.Challenge, numbers(site.challenges), id="seq", difficulty=LEVEL,
        schedule_id=f"IF({completed}, NULL, 1 + MOD(seq, {site.users}))",
        question="CONCAT('¿Qué pasó en el año ', seq, '?')", options="'[\"uno\", \"dos\", \"tres\", \"cuatro\"]'",
        correct_letter="ELT(1 + MOD(seq, 4), 'A', 'B', 'C', 'D')", origin="'bank'",
        fingerprint="SHA2(seq DIV 3, 256)", shuffle_key="MOD(seq * 2654435761, 2147483647)",
        state=f"IF({completed}, 'completed', ELT(1 + MOD(seq DIV {SHARE}, 3), 'active', 'pending', 'upcoming'))",
        created_at=PAST, **theme,
    )  # fmt: skip
    insert(
        learning.Delivery, numbers(site.users * site.deliveries), schedule_id=f"1 + MOD(seq, {site.users})",
        due_at=f"TIMESTAMPADD(DAY, -1 - 40 * (seq DIV {site.users}), '2026-11-20 09:00')", challenge_id="seq",
        delivered_at=f"IF(MOD(seq, 1000) = 0 AND seq < {site.users}, NULL, '2026-11-20 09:00')",
    )  # fmt: skip
    answer = {
        "is_correct": "MOD(seq, 3) > 0", "response_time": "1 + MOD(seq, 30)", "created_at": PAST,
        "day": f"DATE({PAST})", "selected_letter": "'A'",
    }  # fmt: skip
    insert(learning.UserResponse, numbers(site.responses), challenge_id="seq", user_id=owner, **answer)
    insert(
        learning.IntensiveSession, numbers(site.sessions), id=UUID, game_mode=MODE, created_at=PAST,
        challenge_ids=f"JSON_ARRAY(seq * {SHARE}, seq * {SHARE} + {SHARE})",
        finished_at=f"IF(seq > {site.sessions - OPEN}, NULL, {PAST})",
        result=f"IF(seq > {site.sessions - OPEN}, NULL, {RESULT})",
        **theme,
    )  # fmt: skip
    others = site.users - 1
    whales = f"{SHARE} + {SHARE} * MOD(seq * {site.per_session} + k, {site.responses // SHARE})"
    their_own = f"MOD(seq, {others}) + {others} * MOD(seq DIV {others} + k, {site.responses // others})"
    questions = f"(SELECT seq AS k FROM seq_0_to_{site.per_session - 1}) AS questions"
    mine = f"challenges c ON c.id = IF({owner} = {WHALE}, {whales}, {their_own}) AND c.user_id = {owner}"
    insert(
        learning.IntensiveResponse, f"{numbers(site.sessions)} JOIN {questions} JOIN {mine}", session_id=UUID,
        challenge_id="c.id", user_id="c.user_id", **answer,
    )  # fmt: skip
    insert(
        metrics.SessionScore, numbers(site.sessions - OPEN), session_id=UUID,
        points="10 + MOD(seq, 90)", answered=f"{site.per_session}", correct="3", accuracy="60", time_spent="60",
        game_mode=MODE, day=f"DATE({PAST})", created_at=PAST, **theme,
    )  # fmt: skip
    reported = "JOIN challenges c ON c.id = seq * 3 + MOD(seq, 3)"
    insert(
        learning.QuestionReport, f"{numbers(site.responses * 3 // 10)} {reported}", user_id="c.user_id",
        challenge_id="c.id", reason="ELT(1 + MOD(seq, 3), 'unclear', 'wrong_key', 'other')",
        state="IF(MOD(seq, 20) = 0, 'open', 'rejected')", created_at=PAST.replace("seq", "c.id"),
    )  # fmt: skip
    insert(learning.RetiredQuestion, numbers(site.house), fingerprint="SHA2(CONCAT('r', seq), 256)", question="'¿Qué?'")


def totals() -> None:
    """Computed from the facts, so that rebuild_metrics finds nothing to put right."""
    score = "session_scores GROUP BY user_id"
    insert(
        metrics.UserMetrics, score, user_id="user_id", answered="SUM(answered)", correct="SUM(correct)", **SUMS
    )  # fmt: skip
    insert(
        metrics.ThemeTotal, f"{score}, theme_key", user_id="user_id", theme_key="theme_key", theme="MAX(theme)", **SUMS
    )  # fmt: skip
    insert(metrics.ModeTotal, f"{score}, game_mode", user_id="user_id", game_mode="game_mode", **SUMS)
    insert(metrics.DayTotal, f"{score}, day", user_id="user_id", day="day", **SUMS)
    both = " UNION ALL ".join(
        f"SELECT user_id, challenge_id, day, is_correct FROM {table}"
        for table in ("user_responses", "intensive_responses")
    )
    answers = f"({both}) AS a JOIN challenges c ON c.id = a.challenge_id GROUP BY a.user_id"
    where = {"user_id": "a.user_id", "theme_key": "c.theme_key", "level": "c.difficulty"} | ANSWERS
    insert(metrics.AnswerTotal, f"{answers}, c.theme_key, c.difficulty", **where)
    insert(
        metrics.AnswerDay, f"{answers}, a.day, c.theme_key, c.difficulty", day="a.day", theme="MAX(c.theme)", **where
    )  # fmt: skip
    insert(
        learning.ThemeShelf, "challenges GROUP BY user_id, theme_key, difficulty", user_id="user_id",
        theme="MAX(theme)", theme_key="theme_key", level="difficulty", questions="COUNT(*)",
        first_created="MIN(created_at)", last_created="MAX(created_at)",
    )  # fmt: skip
    insert(
        metrics.UserAchievement, "users JOIN seq_1_to_2", user_id="id",
        achievement_id="ELT(seq, 'first_session', 'perfect_accuracy')", points_earned="10",
    )  # fmt: skip


def statistics(site: Site) -> None:
    """Of every question that was answered; the last 400 answers of each table have not been looked at."""
    insert(
        learning.QuestionStatistics, numbers(site.responses // 3), fingerprint="SHA2(seq, 256)", example_id="3 * seq",
        origin="'bank'", copies="3", answered="MOD(seq * 7919, 5000)", correct="1",
        facility="IF(MOD(seq, 3), MOD(seq * 7919, 10000) / 10000, NULL)",
        discrimination="IF(MOD(seq, 4), MOD(seq * 104729, 20000) / 10000 - 1, NULL)",
        unchosen="IF(MOD(seq, 3), MOD(seq, 4), NULL)", reports="IF(MOD(seq, 50), 0, MOD(seq, 7))",
        agreed="IF(MOD(seq, 3), 2, 0)", trouble="MOD(seq * 7919, 30000) / 10000",
        due_at="IF(MOD(seq, 500), NULL, UTC_TIMESTAMP(6))", counted_at=PAST,
    )  # fmt: skip
    insert(learning.SourceStatistics, numbers(9), origin="'bank'", model="CONCAT('m-', seq)", questions="seq * 1000")
    for model in (learning.UserResponse, learning.IntensiveResponse):
        table = model._meta.db_table
        insert(
            learning.StatisticsCursor, f"(SELECT MAX(id) AS newest FROM {table}) AS answers", kind=f"'{table}'",
            last_id="newest - 400", seen_id="newest", seen_at="'2026-01-01'",
        )  # fmt: skip


def _house(site: Site, owner: str) -> None:
    from django.contrib.admin.models import LogEntry
    from django.contrib.sessions.models import Session

    insert(
        ops.ModelCall, numbers(site.users * site.calls), created_at=PAST, purpose="'questions'", user_id=owner,
        model="'m'", outcome="'ok'", seconds="1.5",
    )  # fmt: skip
    insert(
        ops.ModelBudget, numbers(site.house), day=f"TIMESTAMPADD(DAY, -(seq DIV {site.house // 400}), UTC_DATE())",
        payer=f"CONCAT('u:', MOD(seq, {site.house // 400}))", used="3",
    )  # fmt: skip
    sent = "MOD(seq, 500) > 0"
    insert(
        ops.OutboxMail, numbers(site.users * site.mails), user_id=owner, kind="'challenge_delivered'",
        message_id="CONCAT('<', seq, '@x>')", facts="JSON_OBJECT('theme', 'Arte', 'level', 'principiante')",
        state=f"IF({sent}, 'sent', 'waiting')", created_at=PAST, not_before=PAST, expires_at="'2099-01-01'",
        sent_at=f"IF({sent}, {PAST}, NULL)",
    )  # fmt: skip
    insert(Session, numbers(3000), session_key="CONCAT('s', seq)", session_data="'x'", expire_date=PAST)
    insert(
        LogEntry, numbers(site.house), action_time=PAST, user_id="2 + MOD(seq, 30)", action_flag="2",
        object_repr="'x'", object_id="seq", content_type_id="1 + MOD(seq, 9)",
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO imported_tables (id, source, kind, last_id, seen, imported, repaired, left_out, "
            "began_at) SELECT seq, 'src', CONCAT('k', seq), '', 0, 0, 0, 0, UTC_TIMESTAMP(6) FROM seq_1_to_9"
        )
    insert(
        learning.ImportedRow, numbers(9000), table_id="1 + MOD(seq, 9)", old_id="seq", new_id="seq",
        outcome="'imported'",
    )  # fmt: skip
