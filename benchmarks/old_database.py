"""A database as the first generation left it, made up: for tests and for the benchmark of the import.

    old = FirstGeneration.create(server_url, "old")      an empty one, beside what is there
    old.fill(users=1000, dirt=0.05)                      learners with a history; 5 % of them have something odd

The same arguments make the same rows. `dirt=1.0` gives every active learner something odd, each kind in turn.
"""

import json
import random
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

import MySQLdb

ZONE = ZoneInfo("Europe/Madrid")
PASSWORD = "la clave de antes"
PASSWORD_HASH = "$2b$04$abcdefghijklmnopqrstuuGKQJ094.rfs3zxPRD3yXg4c9niZqe1O"  # of PASSWORD; cheap, for tests
THEMES = ["Historia", "Física cuántica", "Programación 🐍", "Música", "C/C++", "Año 1000", "historia "]
LEVELS = ["principiante", "intermedio", "avanzado", "Básico", "medium"]
MODES = ["timed", "survival", "normal", "time_attack"]
FIRST = datetime(2023, 1, 1, 12, tzinfo=UTC)
AT_ONCE = 500  # users written together

TABLES = {
    "users": """
        id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(255), username VARCHAR(255), email VARCHAR(255),
        password_hash VARCHAR(255), created_at TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP""",
    "questions": """
        id INT AUTO_INCREMENT PRIMARY KEY, theme VARCHAR(255), level VARCHAR(50), question TEXT, options TEXT,
        correct_answer VARCHAR(255), raw_response TEXT, user_id INT, delivery_time TIME, frequency VARCHAR(20),
        is_active TINYINT(1) DEFAULT 0, display_status VARCHAR(20), last_delivered DATETIME, next_delivery DATETIME,
        created_at DATETIME, KEY (user_id)""",
    "user_responses": """
        id INT AUTO_INCREMENT PRIMARY KEY, user_id INT, question_id INT, selected_answer VARCHAR(255),
        is_correct TINYINT(1), response_time FLOAT, created_at DATETIME, KEY (user_id)""",
    "intensive_sessions": """
        id VARCHAR(36) PRIMARY KEY, user_id INT, theme VARCHAR(255), total_questions INT, correct_answers INT,
        time_used INT, game_mode VARCHAR(20), created_at DATETIME, completed_at DATETIME, KEY (user_id)""",
    "session_challenges": """
        id INT AUTO_INCREMENT PRIMARY KEY, session_id VARCHAR(36), challenge_id INT, correct TINYINT(1),
        created_at DATETIME, KEY (session_id)""",
    "intensive_responses": """
        id INT AUTO_INCREMENT PRIMARY KEY, session_id VARCHAR(36), question_id INT, selected_answer VARCHAR(255),
        is_correct TINYINT(1), response_time FLOAT, created_at DATETIME, KEY (session_id)""",
    "session_scores": """
        id INT AUTO_INCREMENT PRIMARY KEY, user_id INT, session_id VARCHAR(36), points_earned INT,
        accuracy DECIMAL(5,2), time_spent INT, game_mode VARCHAR(20), theme VARCHAR(255),
        created_at TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP""",
    "user_metrics": """
        id INT AUTO_INCREMENT PRIMARY KEY, user_id INT, total_points INT, total_sessions INT,
        total_correct_answers INT, total_time_spent INT, average_accuracy DECIMAL(8,2), updated_at DATETIME,
        KEY (user_id)""",
    "user_achievements": """
        id INT AUTO_INCREMENT PRIMARY KEY, user_id INT, achievement_id VARCHAR(50), achievement_name VARCHAR(255),
        achievement_description TEXT, points_earned INT, achieved_at DATETIME""",
}
POINTS = {"first_session": 50, "perfect_accuracy": 100, "dedicated_learner": 150, "point_master": 50}


def local(moment: datetime) -> datetime:
    """As the old server's clock showed it: what DATETIME columns hold."""
    return moment.astimezone(ZONE).replace(tzinfo=None)


def in_utc(moment: datetime) -> datetime:
    """What TIMESTAMP columns take in a session in UTC."""
    return moment.astimezone(UTC).replace(tzinfo=None)


class FirstGeneration:
    """One such database."""

    def __init__(self, url: str) -> None:
        self.url = url
        parts = urlsplit(url)
        self._connection = MySQLdb.connect(
            host=parts.hostname, port=parts.port or 3306, user=parts.username, password=parts.password or "",
            database=parts.path.strip("/"), charset="utf8mb4", autocommit=False,
        )  # fmt: skip
        self.execute("SET time_zone = '+00:00'")

    @classmethod
    def create(cls, server_url: str, name: str) -> "FirstGeneration":
        """A new database with empty tables, on the server of this URL."""
        parts = urlsplit(server_url)
        server = MySQLdb.connect(
            host=parts.hostname, port=parts.port or 3306, user=parts.username, password=parts.password or ""
        )
        server.cursor().execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
        server.close()
        old = cls(urlunsplit(parts._replace(path=f"/{name}")))
        for table, columns in TABLES.items():
            old.execute(f"CREATE TABLE {table} ({columns}) ENGINE=InnoDB")
        return old

    def close(self) -> None:
        self._connection.close()

    def execute(self, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        cursor = self._connection.cursor()
        cursor.execute(sql, parameters)
        rows = list(cursor.fetchall())
        self._connection.commit()
        return rows

    def insert(self, table: str, *rows: dict[str, Any]) -> None:
        """Rows with the same columns."""
        if not rows:
            return
        columns = list(rows[0])
        places = ", ".join(["%s"] * len(columns))
        cursor = self._connection.cursor()
        cursor.executemany(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})",
            [tuple(row[column] for column in columns) for row in rows],
        )
        self._connection.commit()

    def fill(self, users: int, *, dirt: float = 0.05, seed: int = 1) -> int:
        """Learners 1 to `users` with their history; how many rows that are."""
        writer = _Writer(seed, dirt)
        written = 0
        for number in range(1, users + 1):
            writer.live(number)
            if number % AT_ONCE == 0 or number == users:
                for table, rows in writer.rows.items():
                    self.insert(table, *rows)
                    written += len(rows)
                    rows.clear()
        return written


def question(number: int, user_id: int | None, **fields: Any) -> dict[str, Any]:
    """A proper row of `questions`: its key is B."""
    row: dict[str, Any] = {
        "id": number,
        "theme": "Historia",
        "level": "intermedio",
        "question": f"¿Cuál es el número {number}?",
        "options": options(*texts(number)),
        "correct_answer": "B",
        "raw_response": None,
        "user_id": user_id,
        "delivery_time": "09:00:00",
        "frequency": "daily",
        "is_active": 0,
        "display_status": "active",
        "last_delivered": None,
        "next_delivery": None,
        "created_at": local(FIRST),
    }
    return row | fields


def texts(number: int) -> list[str]:
    return [f"el {number - 1}", f"el {number}", f"el {number + 1}", f"el {number + 2} 🎯"]


def options(*said: str) -> str:
    pairs = zip("ABCDEF", said, strict=False)
    return json.dumps([{"letter": name, "text": text} for name, text in pairs], ensure_ascii=False)


def raw(number: int, key: str = "B") -> str:
    """What the old model wrote of `question(number)`."""
    lines = "\n".join(f"{name}) {text}" for name, text in zip("ABCD", texts(number), strict=True))
    return f"**Pregunta:** ¿Cuál es el número {number}?\n\n{lines}\n\n**Respuesta correcta:** {key}"


class _Writer:
    """Makes rows up."""

    def __init__(self, seed: int, dirt: float) -> None:
        self.random = random.Random(seed)
        self.dirt = dirt
        self.rows: dict[str, list[dict[str, Any]]] = {table: [] for table in TABLES}
        self.ids = dict.fromkeys(TABLES, 0)
        self.dirty = 0

    def add(self, table: str, **fields: Any) -> dict[str, Any]:
        if table != "intensive_sessions":
            self.ids[table] += 1
            fields = {"id": self.ids[table], **fields}
        self.rows[table].append(fields)
        return fields

    def live(self, number: int) -> None:
        """One learner: a third of them never came back, a tenth are eager."""
        began = FIRST + timedelta(minutes=number)
        user = self.add(
            "users", name=f"Ana {number} 🦉", username=f"ana_{number}", email=f"Ana{number}@Example.org",
            password_hash=PASSWORD_HASH, created_at=in_utc(began),
        )  # fmt: skip
        zeal = self.random.random()
        if zeal < 0.35 and self.dirt < 1:
            self.count_up(user, [])
            return
        many, sessions, each = (8, 4, 6) if zeal > 0.9 else (3, 1, 4)
        questions = [self.ask(user, began, n) for n in range(max(many, each))]
        answers = [self.answer(user, one, began) for one in questions[:many]]
        scores = [self.play(user, questions[:each], began + timedelta(days=n)) for n in range(sessions)]
        achieved = [self.achieve(user, which, began) for which in list(POINTS)[: 1 + (sessions > 1)]]
        metrics = self.count_up(user, scores)
        if self.random.random() < self.dirt:
            kinds = list(DIRT)
            kinds[self.dirty % len(kinds)](self, user, questions, answers, scores, achieved, metrics)
            self.dirty += 1

    def ask(self, user: dict[str, Any], began: datetime, place: int) -> dict[str, Any]:
        number = self.ids["questions"] + 1
        key = self.random.choice("ABCD")
        said = texts(number)
        said[1], said["ABCD".index(key)] = said["ABCD".index(key)], said[1]
        standing = place == 0 and self.random.random() < 0.6
        row = question(
            number, user["id"], theme=THEMES[(user["id"] + place // 4) % len(THEMES)],
            level=LEVELS[(user["id"] + place) % len(LEVELS)], options=options(*said), correct_answer=key,
            raw_response=raw(number), is_active=int(standing),
            frequency=self.random.choice(["daily", "weekly", "monthly"]),
            delivery_time=f"{self.random.randint(6, 22):02}:30:00",
            display_status="pending" if place == 1 else "active",
            last_delivered=local(began + timedelta(days=2)) if place == 1 else None,
            next_delivery=local(began + timedelta(days=3)) if standing else None,
            created_at=local(began + timedelta(hours=place)),
        )  # fmt: skip
        del row["id"]
        return self.add("questions", **row)

    def answer(self, user: dict[str, Any], asked: dict[str, Any], began: datetime) -> dict[str, Any]:
        chosen = asked["correct_answer"] if self.random.random() < 0.7 else self.random.choice("ABCD")
        return self.add(
            "user_responses", user_id=user["id"], question_id=asked["id"], selected_answer=chosen,
            is_correct=int(chosen == asked["correct_answer"]), response_time=round(self.random.uniform(2, 60), 2),
            created_at=local(began + timedelta(days=5, minutes=self.random.randrange(600_000))),
        )  # fmt: skip

    def play(self, user: dict[str, Any], asked: list[dict[str, Any]], when: datetime) -> dict[str, Any]:
        """A session with its questions, answers and score; the row of the score."""
        session = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        mode = self.random.choice(MODES)
        when += timedelta(minutes=self.random.randrange(600_000))
        right = 0
        for place, one in enumerate(asked):
            chosen = one["correct_answer"] if self.random.random() < 0.75 else self.random.choice("ABCD")
            right += chosen == one["correct_answer"]
            moment = local(when + timedelta(seconds=20 * place))
            claim = {"session_id": session, "created_at": moment}
            self.add(
                "session_challenges", challenge_id=one["id"], correct=int(chosen == one["correct_answer"]), **claim
            )
            self.add(
                "intensive_responses", question_id=one["id"], selected_answer=chosen,
                is_correct=int(chosen == one["correct_answer"]), response_time=12.5, **claim,
            )  # fmt: skip
        taken, ended = 20 * len(asked), when + timedelta(seconds=20 * len(asked))
        self.add(
            "intensive_sessions", id=session, user_id=user["id"], theme=asked[0]["theme"], total_questions=len(asked),
            correct_answers=right, time_used=taken, game_mode=mode, created_at=local(when), completed_at=local(ended),
        )  # fmt: skip
        accuracy = round(100 * right / len(asked), 2)
        return self.add(
            "session_scores", user_id=user["id"], session_id=session, points_earned=10 * right + 50 * (accuracy >= 80),
            accuracy=accuracy, time_spent=taken, game_mode=mode, theme=asked[0]["theme"], created_at=in_utc(ended),
        )  # fmt: skip

    def achieve(self, user: dict[str, Any], which: str, when: datetime) -> dict[str, Any]:
        return self.add(
            "user_achievements", user_id=user["id"], achievement_id=which, achievement_name=f"🚀 {which}",
            achievement_description="...", points_earned=POINTS[which], achieved_at=local(when + timedelta(days=9)),
        )  # fmt: skip

    def count_up(self, user: dict[str, Any], scores: list[dict[str, Any]]) -> dict[str, Any]:
        """The row of totals, with the old service's wrong average."""
        return self.add(
            "user_metrics", user_id=user["id"], total_points=sum(row["points_earned"] for row in scores),
            total_sessions=len(scores), total_correct_answers=4 * len(scores),
            total_time_spent=sum(row["time_spent"] for row in scores),
            average_accuracy=sum(row["accuracy"] for row in scores), updated_at=local(FIRST),
        )  # fmt: skip


# --- What is odd in real databases: one of these at a time ------------------------------------------------------------

Oddity = Callable[..., Any]
DIRT: list[Oddity] = []


def oddity(make: Oddity) -> Oddity:
    DIRT.append(make)
    return make


def again(writer: _Writer, table: str, row: dict[str, Any], **changed: Any) -> None:
    """Another row like this one."""
    writer.add(table, **{key: value for key, value in row.items() if key != "id"} | changed)


@oddity
def no_key(w, user, questions, answers, scores, achieved, metrics):
    questions[0] |= {"correct_answer": None, "raw_response": "No he podido generar la pregunta."}


@oddity
def key_in_the_text(w, user, questions, answers, scores, achieved, metrics):
    questions[0] |= {"correct_answer": None, "raw_response": raw(questions[0]["id"])}


@oddity
def options_in_the_text(w, user, questions, answers, scores, achieved, metrics):
    number = questions[0]["id"]
    questions[0] |= {"options": "[", "correct_answer": "b", "raw_response": raw(number)}


@oddity
def three_options(w, user, questions, answers, scores, achieved, metrics):
    questions[1] |= {"options": options("uno", "dos", "tres"), "raw_response": None}


@oddity
def options_as_texts(w, user, questions, answers, scores, achieved, metrics):
    questions[0] |= {"options": '["A) uno", "B) dos", "C) tres 🙂", "D) cuatro"]', "correct_answer": " c) "}


@oddity
def no_options(w, user, questions, answers, scores, achieved, metrics):
    questions[0] |= {"options": None, "raw_response": ""}


@oddity
def odd_level(w, user, questions, answers, scores, achieved, metrics):
    questions[0]["level"] = "nivel experto absoluto"
    questions[1]["level"] = None


@oddity
def answered_again(w, user, questions, answers, scores, achieved, metrics):
    again(w, "user_responses", answers[0], selected_answer="A")
    again(w, "user_responses", answers[0], selected_answer="d", is_correct=1)


@oddity
def graded_wrong(w, user, questions, answers, scores, achieved, metrics):
    answers[0]["is_correct"] = 1 - answers[0]["is_correct"]
    answers[1] |= {"selected_answer": None, "response_time": -3}


@oddity
def orphans(w, user, questions, answers, scores, achieved, metrics):
    again(w, "user_responses", answers[0], question_id=99_999_999)
    again(w, "user_responses", answers[0], user_id=99_999_999)
    again(w, "questions", questions[0], user_id=99_999_999)
    again(w, "session_scores", scores[0], user_id=99_999_999, session_id=str(uuid.UUID(int=user["id"])))
    again(w, "user_achievements", achieved[0], user_id=None)
    w.add("intensive_responses", session_id="no-such-session", question_id=questions[0]["id"], selected_answer="A",
          is_correct=1, response_time=1, created_at=answers[0]["created_at"])  # fmt: skip


@oddity
def scored_again(w, user, questions, answers, scores, achieved, metrics):
    again(w, "session_scores", scores[0], points_earned=999)
    again(w, "session_scores", scores[0])


@oddity
def never_scored(w, user, questions, answers, scores, achieved, metrics):
    w.rows["session_scores"].remove(scores[0])


@oddity
def achieved_again(w, user, questions, answers, scores, achieved, metrics):
    again(w, "user_achievements", achieved[0])
    again(w, "user_achievements", achieved[0], achievement_id="night_owl")


@oddity
def metrics_again(w, user, questions, answers, scores, achieved, metrics):
    again(w, "user_metrics", metrics, total_points=1)


@oddity
def odd_name(w, user, questions, answers, scores, achieved, metrics):
    user |= {"username": f"José Ñandú {user['id']} 🎓", "name": "J"}


@oddity
def same_name(w, user, questions, answers, scores, achieved, metrics):
    user |= {"username": "ANA_1", "email": "ANA1@example.org"}


@oddity
def no_password(w, user, questions, answers, scores, achieved, metrics):
    user |= {"password_hash": "", "created_at": None}


@oddity
def several_orders(w, user, questions, answers, scores, achieved, metrics):
    for one in questions[:3]:
        one |= {"is_active": 1, "theme": "Música", "level": "avanzado", "frequency": "weekly"}
    questions[2] |= {"delivery_time": None, "frequency": "hourly"}


@oddity
def asked_again(w, user, questions, answers, scores, achieved, metrics):
    again(w, "questions", questions[0], created_at=questions[0]["created_at"] + timedelta(days=1))
    again(w, "questions", questions[0], question=f"  {questions[0]['question'].upper()} ")


@oddity
def answers_of_sessions_again(w, user, questions, answers, scores, achieved, metrics):
    row = next(row for row in w.rows["intensive_responses"] if row["session_id"] == scores[0]["session_id"])
    again(w, "intensive_responses", row, selected_answer="D", is_correct=1)
    link = next(row for row in w.rows["session_challenges"] if row["session_id"] == scores[0]["session_id"])
    again(w, "session_challenges", link)


@oddity
def times_of_the_clock_change(w, user, questions, answers, scores, achieved, metrics):
    answers[0]["created_at"] = datetime(2023, 10, 29, 2, 30)  # shown twice
    answers[1]["created_at"] = datetime(2024, 3, 31, 2, 30)  # never shown
    answers[2]["created_at"] = datetime(9999, 12, 31)


@oddity
def strangers_question(w, user, questions, answers, scores, achieved, metrics):
    again(w, "user_responses", answers[0], user_id=1)


@oddity
def odd_session(w, user, questions, answers, scores, achieved, metrics):
    row = next(row for row in w.rows["intensive_sessions"] if row["id"] == scores[0]["session_id"])
    row |= {"id": f"session {user['id']}", "theme": "", "game_mode": "zen", "total_questions": 20}
    for table in ("session_challenges", "intensive_responses", "session_scores"):
        for one in w.rows[table]:
            if one["session_id"] == scores[0]["session_id"] and one is not scores[0]:
                one["session_id"] = row["id"]
    scores[0] |= {"session_id": row["id"], "accuracy": None, "points_earned": -5, "time_spent": 10**9}
