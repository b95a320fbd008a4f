"""What becomes of each kind of row of the first generation."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from benchmarks.old_database import PASSWORD, PASSWORD_HASH, options, question, raw
from learning.models import (
    Challenge,
    ChallengeSchedule,
    ImportedTable,
    IntensiveResponse,
    IntensiveSession,
    ThemeShelf,
    UserResponse,
)
from metrics.models import SessionScore, UserAchievement, UserMetrics

pytestmark = [pytest.mark.django_db, pytest.mark.live]

NOON = datetime(2024, 5, 1, 12)  # by the old server's clock: 10:00 UTC in Madrid


@pytest.fixture
def ana(old):
    return add_user(old, 1)


def add_user(old, number, **fields):
    row = {
        "id": number, "name": f"Ana {number}", "username": f"ana{number}", "email": f"ana{number}@example.org",
        "password_hash": PASSWORD_HASH, "created_at": datetime(2024, 1, 1),
    } | fields  # fmt: skip
    old.insert("users", row)
    return row


def add_answer(old, number, question_id, selected="B", right=1, user_id=1, **fields):
    old.insert("user_responses", {
        "id": number, "user_id": user_id, "question_id": question_id, "selected_answer": selected, "is_correct": right,
        "response_time": 3.5, "created_at": NOON + timedelta(minutes=number),
    } | fields)  # fmt: skip


def add_session(old, session_id, user_id=1, **fields):
    old.insert("intensive_sessions", {
        "id": str(session_id), "user_id": user_id, "theme": "Historia", "total_questions": 4, "correct_answers": 3,
        "time_used": 80, "game_mode": "normal", "created_at": NOON, "completed_at": NOON + timedelta(minutes=5),
    } | fields)  # fmt: skip


def add_session_answer(old, number, session_id, question_id, selected="B", right=1, **fields):
    old.insert("intensive_responses", {
        "id": number, "session_id": str(session_id), "question_id": question_id, "selected_answer": selected,
        "is_correct": right, "response_time": 3.5, "created_at": NOON,
    } | fields)  # fmt: skip


def add_score(old, number, session_id, points=80, user_id=1, **fields):
    old.insert("session_scores", {
        "id": number, "user_id": user_id, "session_id": session_id and str(session_id), "points_earned": points,
        "accuracy": 75, "time_spent": 80, "game_mode": "normal", "theme": "Historia",
        "created_at": datetime(2024, 5, 1, 10, 5),
    } | fields)  # fmt: skip


# --- Users -----------------------------------------------------------------------------------------------------------


def test_users_log_in_with_their_old_password_and_find_their_history(old, ana, run_import, visitor):
    old.insert("questions", question(5, 1, theme="Programación 🐍"), question(6, 1, theme="Historia"))
    add_answer(old, 1, 5)
    session = uuid4()
    add_session(old, session)
    add_session_answer(old, 1, session, 6)
    add_score(old, 1, session, points=90)
    old.insert("user_achievements", {"id": 3, "user_id": 1, "achievement_id": "first_session", "points_earned": 50,
                                     "achieved_at": NOON})  # fmt: skip
    assert run_import().code == 0
    user = User.objects.get(email="ana1@example.org")
    assert user.password.startswith("bcrypt$$2b$")

    login = visitor.post("/api/auth/login", {"email": "ANA1@example.org", "password": PASSWORD})
    assert login.status_code == 200
    user.refresh_from_db()
    assert user.password.startswith("argon2$"), "kept by today's hash from now on"
    figures = visitor.get(f"/api/metrics/user/{user.pk}/metrics/overall").json()
    assert (figures["total_points"], figures["total_sessions"], figures["average_accuracy"]) == (90, 1, 75.0)
    assert [row["theme"] for row in visitor.get(f"/api/metrics/user/{user.pk}/metrics/themes").json()] == ["Historia"]
    (achievement,) = visitor.get(f"/api/metrics/user/{user.pk}/metrics/achievements").json()
    assert achievement["achievement_id"] == "first_session"
    themes = visitor.get(f"/api/themes/user/{user.pk}").json()["themes"]
    assert {(row["theme"], row["total_questions"], row["correct_answers"]) for row in themes} == {
        ("Programación 🐍", 1, 1),
        ("Historia", 1, 1),
    }


def test_a_wrong_password_opens_nothing(old, ana, run_import, visitor):
    run_import()
    reply = visitor.post("/api/auth/login", {"email": ana["email"], "password": PASSWORD + "x"})
    assert reply.status_code == 401


def test_usernames_against_our_rules_are_changed_and_never_take_anothers(old, run_import, make_user):
    make_user(username="Marta", email="someone@example.org")
    names = {
        1: "Zoe",
        2: "ZOE",
        3: "José Ñandú 🎓",
        4: "x",
        5: None,
        6: "Jose_Nandu_3",
        7: "y" * 80,
        8: "marta",
        9: " z ",
    }
    for number, name in names.items():
        add_user(old, number, username=name)
    run = run_import()
    now = {user.email: user.username for user in User.objects.all()}
    assert [now[f"ana{number}@example.org"] for number in range(1, 10)] == [
        "Zoe", "ZOE_2", "Jose_Nandu_3", "x_4", "user_5", "Jose_Nandu_3_6", "y" * 48 + "_7", "marta_8", "z_9",
    ]  # fmt: skip
    assert all(user.username_key == user.username.lower() for user in User.objects.all())
    changed = {case["id"]: case for case in run.cases if case["code"] == "username_changed"}
    assert set(changed) == {"2", "3", "4", "5", "6", "7", "8", "9"}
    assert (changed["3"]["username"], changed["3"]["new_username"]) == ("José Ñandú 🎓", "Jose_Nandu_3")


def test_addresses_are_lower_case_and_each_is_one_users(old, run_import, make_user):
    make_user(username="taken", email="taken@example.org")
    addresses = {1: " Ana@Example.ORG ", 2: "ANA@example.org", 3: "taken@example.org", 4: None, 5: "no address"}
    for number, address in addresses.items():
        add_user(old, number, email=address)
    run = run_import()
    now = {user.username: user for user in User.objects.all()}
    assert now["ana1"].email == "ana@example.org" and now["ana1"].wants_email
    source = ImportedTable.objects.first().source
    assert now["ana2"].email == f"user-2@{source}.first-generation.invalid" and not now["ana2"].wants_email
    assert now["ana3"].email == f"user-3@{source}.first-generation.invalid"
    assert now["ana5"].email == "no address" and not now["ana5"].wants_email
    assert [run.codes("users", number) for number in addresses] == [
        set(), {"email_taken"}, {"email_taken"}, {"email_missing"}, {"email_unusual"},
    ]  # fmt: skip


def test_a_password_that_we_cannot_check_is_unusable_and_listed(old, run_import):
    for number, hashed in enumerate((None, "", "plain text", "$2b$10$tooshort", PASSWORD_HASH.replace("2b", "2a")), 1):
        add_user(old, number, password_hash=hashed)
    run = run_import()
    usable = [user.has_usable_password() for user in User.objects.order_by("pk")]
    assert usable == [False, False, False, False, True]
    assert User.objects.get(username="ana5").check_password(PASSWORD)
    assert [bool(run.codes("users", number)) for number in range(1, 6)] == [True, True, True, True, False]


# --- Times -----------------------------------------------------------------------------------------------------------


def test_times_of_the_old_servers_clock_become_moments(old, ana, run_import):
    times = {
        1: (datetime(2024, 1, 15, 12), datetime(2024, 1, 15, 11, tzinfo=UTC), set()),
        2: (datetime(2024, 7, 15, 12), datetime(2024, 7, 15, 10, tzinfo=UTC), set()),
        3: (datetime(2024, 10, 27, 2, 30), datetime(2024, 10, 27, 0, 30, tzinfo=UTC), {"time_twice"}),  # the first
        4: (datetime(2024, 3, 31, 2, 30), datetime(2024, 3, 31, 1, 30, tzinfo=UTC), {"time_skipped"}),  # 03:30
        5: (datetime(9999, 12, 31), datetime(2024, 1, 1, tzinfo=UTC), {"time_impossible", "time_unknown"}),
        6: (None, datetime(2024, 1, 1, tzinfo=UTC), {"time_unknown"}),
        7: (datetime(2024, 6, 30, 0, 30), datetime(2024, 6, 29, 22, 30, tzinfo=UTC), set()),
    }
    for number, (local, _moment, _codes) in times.items():
        old.insert("questions", question(number, 1, created_at=local))
    run = run_import()
    found = {row.question: row.created_at for row in Challenge.objects.all()}
    for number, (_local, moment, codes) in times.items():
        assert found[f"¿Cuál es el número {number}?"] == moment
        assert run.codes("questions", number) == codes


def test_a_timestamp_says_when_whatever_the_clock_showed(old, run_import):
    for number, moment in enumerate((datetime(2024, 10, 27, 0, 30), datetime(2024, 10, 27, 1, 30)), 1):
        add_user(old, number, created_at=moment)  # both 02:30 in Madrid
    run = run_import()
    assert [user.created_at.hour for user in User.objects.order_by("pk")] == [0, 1]
    assert run.cases == []


def test_users_keep_the_old_servers_clock(old, ana, run_import, settings):
    old.insert("questions", question(5, 1))
    add_answer(old, 1, 5, created_at=datetime(2024, 5, 2, 0, 30))  # still the first of May in UTC
    run_import()
    user = User.objects.get()
    assert user.time_zone == "Europe/Madrid"
    assert UserResponse.objects.get().day == date(2024, 5, 2)


def test_the_zone_of_this_server_is_not_written_down(old, ana, run_import, settings):
    settings.DEFAULT_TIME_ZONE = "Europe/Madrid"
    run_import()
    assert User.objects.get().time_zone == ""


# --- Questions -------------------------------------------------------------------------------------------------------


def test_questions_are_repaired_or_left_out_with_a_reason(old, ana, run_import):
    rows = {
        1: {},
        2: {"correct_answer": "b)"},
        3: {"correct_answer": None, "raw_response": raw(3)},
        4: {"options": "", "raw_response": raw(4)},
        5: {"correct_answer": None},
        6: {"options": options("a", "b", "c")},
        7: {"options": None, "correct_answer": None, "raw_response": raw(1)},
        8: {"level": "imposible", "theme": "t" * 150, "display_status": "lost"},
        9: {"theme": "  ", "level": "EASY", "display_status": "answered"},
        10: {"user_id": 99},
        11: {"user_id": None},
    }
    for number, fields in rows.items():
        old.insert("questions", question(number, fields.pop("user_id", 1), **fields))
    run = run_import()
    assert run.left_out("questions") == {
        "5": "key_missing", "6": "options_not_four", "7": "raw_of_another", "10": "user_missing", "11": "user_missing",
    }  # fmt: skip
    assert run.codes("questions", 3) == {"key_from_raw"} and run.codes("questions", 4) == {"options_from_raw"}
    assert run.codes("questions", 8) == {"level_unknown", "theme_cut", "state_unknown"}
    assert run.codes("questions", 9) == {"theme_missing"}
    found = {row.question: row for row in Challenge.objects.all()}
    assert len(found) == 6 and {row.correct_letter for row in found.values()} == {"B"}
    assert found["¿Cuál es el número 4?"].answer == "el 4"
    odd, other = found["¿Cuál es el número 8?"], found["¿Cuál es el número 9?"]
    assert (odd.level, len(odd.theme), odd.state) == ("intermedio", 100, "active")
    assert (other.level, other.theme, other.state, other.origin) == ("principiante", "Sin tema", "completed", "import")
    assert other.options[3] == "el 11 🎯"


def test_a_question_that_was_asked_again_is_kept_as_a_repetition(old, ana, run_import):
    text = "¿Cuál es?"
    for number, said in enumerate((text, "  ¿CUÁL es?  ", text), 1):
        old.insert("questions", question(number, 1, question=said))
    run_import("--batch", "2")
    assert sorted(Challenge.objects.values_list("repeat", flat=True)) == [0, 1, 2]
    assert Challenge.objects.values("fingerprint").distinct().count() == 1


def test_shelves_count_what_was_imported(old, ana, run_import):
    old.insert(
        "questions",
        question(1, 1, theme="Física"),
        question(2, 1, theme="fisica ", created_at=NOON),
        question(3, 1, theme="FÍSICA", level="avanzado"),
        question(4, 1, theme="Física", options="[]"),
    )
    run_import()
    shelves = {row.level: row for row in ThemeShelf.objects.all()}
    assert {level: row.questions for level, row in shelves.items()} == {"intermedio": 2, "avanzado": 1}
    assert shelves["intermedio"].theme == "fisica" and shelves["intermedio"].last_created.year == 2024
    assert shelves["intermedio"].first_created.year == 2023


# --- Answers ---------------------------------------------------------------------------------------------------------


def test_answers_are_graded_by_the_key(old, ana, run_import):
    old.insert("questions", *(question(number, 1) for number in range(1, 9)))
    add_answer(old, 1, 1, "b", 1)
    add_answer(old, 2, 2, "B", 0)
    add_answer(old, 3, 3, "C", 1)
    add_answer(old, 4, 4, None, 1)
    add_answer(old, 5, 5, None, None)
    add_answer(old, 6, 6, "el 6", 0, response_time=-2)
    add_answer(old, 7, 7, "B", None, response_time=None)
    run = run_import()
    found = {row.challenge.question[-2]: row for row in UserResponse.objects.select_related("challenge")}
    assert {number: (row.selected_letter, row.is_correct) for number, row in found.items()} == {
        "1": ("B", True), "2": ("B", True), "3": ("C", False), "4": ("", True), "5": ("", False), "6": ("B", True),
        "7": ("B", True),
    }  # fmt: skip
    assert [run.codes("user_responses", number) for number in range(1, 8)] == [
        set(), {"graded_again"}, {"graded_again"}, {"choice_unknown"}, {"grade_unknown"},
        {"graded_again", "seconds_impossible"}, set(),
    ]  # fmt: skip
    assert found["1"].response_time == Decimal("3.5") and found["6"].response_time == 0
    assert Challenge.objects.filter(state="completed").count() == 7


def test_later_answers_are_further_attempts_and_the_first_is_shown(old, ana, run_import, visitor):
    old.insert("questions", question(5, 1))
    for number, letter in enumerate("ABD", 1):
        add_answer(old, number, 5, letter, letter == "B")
    assert run_import("--batch", "2").cases == []
    answers = UserResponse.objects.order_by("attempt").values_list("attempt", "selected_letter", "is_correct")
    assert list(answers) == [(1, "A", False), (2, "B", True), (3, "D", False)]

    visitor.post("/api/auth/login", {"email": ana["email"], "password": PASSWORD})
    challenge = Challenge.objects.get()
    (listed,) = visitor.get("/api/challenges").json()["results"]
    shown = visitor.get(f"/api/challenges/{challenge.pk}").json()
    assert listed["selected_answer"] == shown["selected_answer"] == "A"
    body = {"questionId": challenge.pk, "selectedAnswer": "B", "responseTime": 1}
    again = visitor.post("/api/challenges/save-response", body).json()
    first = UserResponse.objects.get(attempt=1)
    assert (again["isCorrect"], again["savedResponseId"]) == (False, first.pk)
    assert UserResponse.objects.count() == 3


def test_answers_that_belong_to_nothing_are_listed(old, ana, run_import):
    add_user(old, 2)
    old.insert("questions", question(5, 1), question(6, 1, correct_answer=None), question(7, 2))
    add_answer(old, 1, 5)
    add_answer(old, 2, 6)
    add_answer(old, 3, 99)
    add_answer(old, 4, 5, user_id=99)
    add_answer(old, 5, 7)
    add_answer(old, 6, None)
    run = run_import()
    assert run.left_out("user_responses") == {
        "2": "question_left_out", "3": "question_missing", "4": "user_missing", "5": "question_of_another",
        "6": "question_missing",
    }  # fmt: skip
    assert UserResponse.objects.count() == 1
    assert "user_responses: 1 left out: is about a question of another user (question_of_another)" in run.said


# --- Sessions --------------------------------------------------------------------------------------------------------


@pytest.fixture
def played(old, ana):
    """Ana's questions 1 to 6 and a finished session that gave out the first four."""
    old.insert("questions", *(question(number, 1) for number in range(1, 7)))
    session = uuid4()
    add_session(old, session)
    for number in range(1, 5):
        old.insert("session_challenges", {"id": number, "session_id": str(session), "challenge_id": number})
    return session


def test_a_session_with_its_questions_and_answers(old, played, run_import):
    for number in range(1, 5):
        add_session_answer(old, number, played, number, "B" if number > 1 else "A", 1)
    add_session_answer(old, 5, played, 2, "D", 0)
    add_session_answer(old, 6, played, 5)  # never given out, says the old service, but answered
    add_score(old, 1, played)
    run = run_import("--batch", "3")
    session = IntensiveSession.objects.get()
    assert session.pk == played and session.created_at == datetime(2024, 5, 1, 10, tzinfo=UTC)
    given = Challenge.objects.in_bulk(session.challenge_ids)
    assert [given[pk].question[-2] for pk in session.challenge_ids] == ["1", "2", "3", "4", "5"]
    answers = IntensiveResponse.objects.order_by("pk")
    assert [(row.challenge.question[-2], row.is_correct) for row in answers] == [
        ("1", False), ("2", True), ("3", True), ("4", True), ("5", True),
    ]  # fmt: skip
    assert all(row.is_graded_here for row in answers)
    assert run.left_out("intensive_responses") == {"5": "answered_again"}
    assert run.codes("intensive_responses", 1) == {"graded_again"}


def test_the_first_score_counts_with_what_the_learner_was_shown(old, played, run_import):
    for number in range(1, 5):
        add_session_answer(old, number, played, number, "B" if number > 2 else "A", 1)
    add_score(old, 1, played, points=90, accuracy=100)
    add_score(old, 2, played, points=90, accuracy=100)
    add_score(old, 3, played, points=500)
    run = run_import("--batch", "1")
    score = SessionScore.objects.get()
    assert (score.points, score.accuracy, score.time_spent, score.day) == (90, 100, 80, date(2024, 5, 1))
    assert (score.answered, score.correct) == (4, 2), "counted from the answers, by the key"
    assert run.left_out("session_scores") == {"2": "scored_again", "3": "scored_again"}
    session = IntensiveSession.objects.get()
    assert session.result == {"points": 90, "accuracy": 100.0, "time_spent": 80, "achievements": []}
    assert session.finished_at == datetime(2024, 5, 1, 10, 5, tzinfo=UTC)
    totals = UserMetrics.objects.get()
    assert (totals.points, totals.sessions, totals.correct) == (90, 1, 2)


def test_the_sessions_own_row_counts_where_it_knows_of_more_answers(old, played, run_import):
    add_session_answer(old, 1, played, 1)
    add_score(old, 1, played)
    run_import()
    score = SessionScore.objects.get()
    assert (score.answered, score.correct) == (4, 3)


def test_impossible_scores_are_put_into_their_bounds(old, played, run_import):
    add_score(old, 1, played, points=-7, accuracy=None, time_spent=10**8, game_mode="zen")
    add_score(old, 2, uuid4(), points=30, accuracy=130)
    add_score(old, 3, None, points=40)
    add_score(old, 4, None, points=50)
    run = run_import()
    scores = {row.points: row for row in SessionScore.objects.all()}
    assert (scores[0].accuracy, scores[0].time_spent, scores[0].game_mode) == (75, 86400, "normal")
    assert run.codes("session_scores", 1) == {
        "points_impossible", "accuracy_impossible", "seconds_impossible", "mode_unknown",
    }  # fmt: skip
    # A session that is gone keeps its points, as here when a theme is deleted.
    assert set(scores) == {0, 30, 40, 50} and run.codes("session_scores", 2) == {
        "session_missing",
        "accuracy_impossible",
    }
    assert UserMetrics.objects.get().points == 120


def test_a_finished_session_without_a_score_gets_one_by_todays_rules(old, played, run_import):
    add_session(old, open_ := uuid4(), completed_at=None)
    for number in range(1, 5):
        add_session_answer(old, number, played, number, "B", 1)
    run = run_import()
    score = SessionScore.objects.get()
    assert (score.session_id, score.points, score.accuracy, score.correct) == (played, 90, 100, 4)
    assert run.codes("sessions_without_score", played) == {"score_computed"}
    assert IntensiveSession.objects.get(pk=played).result["points"] == 90
    assert IntensiveSession.objects.get(pk=open_).result is None, "what was never finished stays open"


def test_a_session_whose_id_is_no_uuid_gets_one_and_keeps_its_rows(old, played, run_import):
    add_session(old, "session 7", theme=None, game_mode="time_attack")
    add_session_answer(old, 1, "session 7", 1)
    add_score(old, 1, "session 7", points=60, theme="Historia")
    run = run_import()
    session = IntensiveSession.objects.exclude(pk=played).get()
    assert isinstance(session.pk, UUID) and session.game_mode == "timed"
    assert SessionScore.objects.get(session_id=session.pk).points == 60 and session.responses.count() == 1
    assert run.codes("intensive_sessions", "session 7") == {"session_renamed", "theme_missing"}


def test_orphans_of_sessions_are_listed(old, played, run_import):
    add_user(old, 2)
    old.insert("questions", question(50, 2))
    add_session(old, lost := uuid4(), user_id=99)
    add_session_answer(old, 1, lost, 1)
    add_session_answer(old, 2, uuid4(), 1)
    add_session_answer(old, 3, played, 50)
    add_session_answer(old, 4, played, 99)
    add_score(old, 1, lost, user_id=99)
    old.insert("session_challenges", *(
        {"id": 10 + place, "session_id": session, "challenge_id": challenge}
        for place, (session, challenge) in enumerate([(str(played), 1), (str(lost), 1), (str(played), 99), (None, 1)])
    ))  # fmt: skip
    run = run_import()
    assert run.left_out("intensive_sessions") == {str(lost): "user_missing"}
    assert run.left_out("intensive_responses") == {
        "1": "session_missing", "2": "session_missing", "3": "question_of_another", "4": "question_missing",
    }  # fmt: skip
    assert run.left_out("session_scores") == {"1": "user_missing"}
    assert run.left_out("session_challenges") == {
        "10": "question_given_twice", "11": "session_missing", "12": "question_missing", "13": "session_missing",
    }  # fmt: skip


def test_achievements_once_each_and_only_those_there_are(old, ana, run_import):
    for number, which in enumerate(["first_session", "first_session", "night_owl", "point_master", None], 1):
        points = None if which == "point_master" else 50
        old.insert("user_achievements", {"id": number, "user_id": 1, "achievement_id": which, "points_earned": points,
                                         "achieved_at": NOON})  # fmt: skip
    run = run_import("--batch", "1")
    assert set(UserAchievement.objects.values_list("achievement_id", "points_earned")) == {
        ("first_session", 50),
        ("point_master", 50),
    }
    assert run.left_out("user_achievements") == {
        "2": "achieved_again", "3": "achievement_unknown", "5": "achievement_unknown",
    }  # fmt: skip


def test_old_totals_are_compared_not_believed(old, played, run_import):
    add_score(old, 1, played, points=80, accuracy=75)
    wrong = {"total_points": 80, "total_sessions": 3, "total_correct_answers": 3, "total_time_spent": 80}
    for number in (1, 2):
        old.insert("user_metrics", {"id": number, "user_id": 1, **wrong, "average_accuracy": 37.5})
    run = run_import("--batch", "1")
    assert run.codes("user_metrics", 1) == {"total_sessions_differs", "average_accuracy_differs"}
    assert run.left_out("user_metrics") == {"2": "totals_again"}
    details = {case["code"]: case["detail"] for case in run.cases if case["id"] == "1"}
    assert details["average_accuracy_differs"] == "37.50, counted 75.00"
    assert "(average_accuracy_differs), by 37.50 on average" in run.said


# --- Standing orders -------------------------------------------------------------------------------------------------


def test_a_standing_order_becomes_a_schedule_and_its_question_the_next(old, ana, run_import):
    tomorrow = (timezone.now() + timedelta(days=1)).replace(tzinfo=None)
    old.insert(
        "questions",
        question(1, 1, display_status="pending", last_delivered=NOON),
        question(2, 1, is_active=1, display_status="active", frequency="weekly", delivery_time="07:30:00",
                 next_delivery=tomorrow),
    )  # fmt: skip
    run_import()
    schedule = ChallengeSchedule.objects.get()
    assert (schedule.theme, schedule.level, schedule.frequency) == ("Historia", "intermedio", "weekly")
    local = schedule.next_delivery.astimezone(User.objects.get().zone)
    assert (local.hour, local.minute, local.date()) == (7, 30, schedule.anchor)
    assert schedule.next_delivery > timezone.now() and schedule.make_at is None and schedule.is_active
    states = {row.question[-2]: (row.state, row.schedule_id) for row in Challenge.objects.all()}
    assert states == {"1": ("pending", schedule.pk), "2": ("upcoming", schedule.pk)}
    assert Challenge.objects.get(state="pending").delivered_at == datetime(2024, 5, 1, 10, tzinfo=UTC)


def test_what_fell_due_long_ago_comes_at_its_next_day_and_is_not_owed(old, ana, run_import):
    old.insert("questions", question(2, 1, is_active=1, frequency="monthly", next_delivery=datetime(2024, 1, 31, 9)))
    run_import()
    schedule = ChallengeSchedule.objects.get()
    assert schedule.anchor == date(2024, 1, 31)
    assert timezone.now() < schedule.next_delivery < timezone.now() + timedelta(days=32)


def test_of_several_orders_for_one_theme_the_latest_stays(old, ana, run_import):
    old.insert(
        "questions",
        question(1, 1, is_active=1, theme="Música", delivery_time="06:00:00"),
        question(2, 1, is_active=1, theme="musica ", delivery_time="07:00:00"),
        question(3, 1, is_active=1, theme="MÚSICA", delivery_time=None, frequency="hourly"),
        question(4, 1, is_active=1, theme="Arte", frequency=None),
    )
    run = run_import("--batch", "1")
    orders = {row.theme: (row.delivery_time.hour, row.frequency) for row in ChallengeSchedule.objects.all()}
    assert orders == {"MÚSICA": (9, "daily"), "Arte": (9, "daily")}
    assert run.left_out("standing_orders") == {"1": "order_given_again", "2": "order_given_again"}
    assert run.codes("standing_orders", 3) == {"hour_unknown", "frequency_unknown"}
    states = {row.question[-2]: row.state for row in Challenge.objects.all()}
    assert states == {"1": "active", "2": "active", "3": "upcoming", "4": "upcoming"}, "the others can be answered"


def test_an_order_outlives_its_question(old, ana, run_import):
    old.insert(
        "questions",
        question(1, 1, is_active=1, theme="Arte", correct_answer=None),  # cannot be asked
        question(2, 1, is_active=1, theme="Historia"),  # was answered
    )
    add_answer(old, 1, 2)
    run_import()
    assert {row.theme for row in ChallengeSchedule.objects.all()} == {"Arte", "Historia"}
    assert all(row.make_at is not None for row in ChallengeSchedule.objects.all()), "the next is to be made"
    assert Challenge.objects.get().state == "completed"


def test_what_was_imported_is_delivered(old, ana, run_import):
    old.insert("questions", question(2, 1, is_active=1))
    run_import()
    ChallengeSchedule.objects.update(next_delivery=timezone.now() - timedelta(minutes=1))
    call_command("deliver_challenges", verbosity=0)
    assert Challenge.objects.filter(question="¿Cuál es el número 2?").get().state == "pending"
