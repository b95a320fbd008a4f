"""The whole journey over HTTP, through a really running gunicorn, as a client in the field makes it."""

from collections.abc import Iterator

import pytest

from tests import model_server as says
from tests.http import Client
from tests.live import Live
from tests.model_server import ModelServer
from tests.people import PASSWORD, register

pytestmark = pytest.mark.live

NOTES = (
    "La mitocondria es el orgánulo que produce la energía de la célula. El ribosoma es el orgánulo que fabrica las "
    "proteínas. El núcleo es el orgánulo que guarda el ADN. La membrana separa la célula del exterior. "
    "Robert Hooke observó las primeras células en 1665 con un microscopio."
)


@pytest.fixture(scope="module")
def with_model(_model_server: ModelServer) -> Iterator[Live]:
    """A running server that has a language model, whose patience is short."""
    settings = {"AI_TIMEOUT": "2.5", "AI_RETRIES": "2", "AI_BREAKER_SECONDS": "0.05"}
    with Live(redis_db=6, AI_BASE_URL=_model_server.url, **settings) as server:
        yield server


def test_from_sign_up_to_true_metrics(live):
    ana = register(live.url)
    assert ana.figures("overall") == {}
    assert ana.figures("sessions") == ana.figures("themes") == ana.figures("achievements") == []

    made = ana.ok("POST", "/api/challenges/generate", {"theme": "Historia", "level": "Básico", "userId": str(ana.id)})
    assert made["success"] and made["message"] == "Pregunta generada y guardada correctamente"
    assert [option["letter"] for option in made["question"]["options"]] == list("ABCD")
    key = ana.key(live, made["savedQuestionId"])
    graded = ana.answer(made["savedQuestionId"], key.lower())
    assert graded["isCorrect"] and graded["correctAnswer"] == key and graded["explanation"]

    started = ana.ok("POST", "/api/intensive-review/start", {"theme": "historia", "gameMode": "time_attack"})
    assert started["gameMode"] == "timed" and 1 <= len(started["challenges"]) <= 10
    right = 0
    for question in started["challenges"]:
        right += ana.answer(question["id"], "B", started["sessionId"])["isCorrect"]
    closing = {"sessionId": started["sessionId"], "correctAnswers": [], "incorrectAnswers": [], "gameMode": "timed"}
    result = ana.ok("POST", "/api/intensive-review/save-results", closing)
    assert result["accuracy"] == pytest.approx(100 * right / len(started["challenges"]), abs=0.005)
    assert "first_session" in [earned["achievement_id"] for earned in result["achievements"]]
    assert ana.ok("POST", "/api/intensive-review/save-results", closing) == result

    overall = ana.figures("overall")
    assert (overall["total_sessions"], overall["total_points"]) == (1, result["points"])
    assert (overall["total_correct_answers"], overall["average_accuracy"]) == (right, result["accuracy"])
    [session] = ana.figures("sessions")
    assert session["session_id"] == started["sessionId"] and session["points_earned"] == result["points"]
    [theme] = ana.figures("themes")
    assert (theme["theme"], theme["total_sessions"], theme["total_points"]) == ("historia", 1, result["points"])
    [day] = ana.figures("timeline")
    assert (day["sessions_count"], day["daily_points"]) == (1, result["points"])
    [mode] = ana.figures("game-modes")
    assert (mode["game_mode"], mode["average_points"]) == ("timed", result["points"])
    assert {row["achievement_id"] for row in ana.figures("achievements")} == {
        earned["achievement_id"] for earned in result["achievements"]
    }


@pytest.mark.parametrize(("mode", "at_most"), [("timed", 10), ("normal", 10), ("survival", 15)])
def test_a_session_in_each_mode(live, mode, at_most):
    ana = register(live.url)
    started = ana.ok("POST", "/api/intensive-review/start", {"theme": "Química", "gameMode": mode})
    assert len(started["challenges"]) == at_most
    assert len({question["id"] for question in started["challenges"]}) == at_most
    for question in started["challenges"][:3]:
        key = ana.key(live, question["id"])
        assert ana.answer(question["id"], key, started["sessionId"])["isCorrect"]
    result = ana.ok("POST", "/api/intensive-review/save-results", {"sessionId": started["sessionId"], "gameMode": mode})
    assert result["accuracy"] == 100
    assert result["points"] >= 30 + 50
    earned = {one["achievement_id"] for one in result["achievements"]}
    assert ("survival_master" in earned) == (mode == "survival")


def test_survival_goes_on_five_at_a_time_until_the_first_mistake(live):
    ana = register(live.url)
    started = ana.ok("POST", "/api/intensive-review/start", {"theme": "Arte", "gameMode": "survival"})
    had = [question["id"] for question in started["challenges"]]
    more = {"sessionId": started["sessionId"], "theme": "Arte", "usedChallengeIds": had}
    new = [q["id"] for q in ana.ok("POST", "/api/intensive-review/continue-survival", more)["newChallenges"]]
    assert len(new) == 5 and not set(new) & set(had)
    key = ana.key(live, new[0])
    assert ana.answer(new[0], key, started["sessionId"])["isCorrect"], "a question given out later counts too"
    ana.answer(new[1], "A" if ana.key(live, new[1]) != "A" else "B", started["sessionId"])
    ended = ana.post("/api/intensive-review/continue-survival", more)
    assert (ended.status, ended.json()["error"]) == (404, "No hay más retos disponibles")


def test_questions_from_notes_without_a_model(live):
    ana = register(live.url)
    body = {"notes": NOTES, "theme": "La célula", "level": "medium", "preferences": {"scheduleType": "immediate"}}
    made = ana.ok("POST", "/api/challenges/from-notes", body)
    assert made["message"] == "Reto generado desde apuntes correctamente"
    assert "____" in made["question"]["questionText"]
    options = {option["text"] for option in made["question"]["options"]}
    assert len(options) == 4 and all(option.lower() in NOTES.lower() for option in options)
    assert ana.answer(made["savedQuestionId"], "A")["success"]

    later = body | {"preferences": {"scheduleType": "scheduled", "deliveryDate": "2099-05-31", "deliveryTime": "08:30"}}
    scheduled = ana.ok("POST", "/api/generate-from-notes", later)
    assert scheduled["message"] == "Reto generado desde apuntes y guardado correctamente"
    past = body | {"preferences": {"scheduleType": "scheduled", "deliveryDate": "2020-01-01"}}
    refused = ana.post("/api/challenges/from-notes", past)
    assert refused.status == 400 and refused.json()["details"][0]["path"] == "preferences.deliveryDate"


def test_a_visitor_may_try_but_nothing_is_stored(live):
    visitor = Client(live.url)
    made = visitor.post("/api/challenges/generate", {"theme": "Música", "level": "easy"}).json()
    assert made["message"] == "Pregunta generada correctamente" and made["savedQuestionId"] is None
    assert made["question"]["correctAnswer"] in "ABCD"
    text = visitor.post("/api/groq", {"theme": "Música", "level": "easy"}).json()["response"]
    first, blank, *options, blank_again, last = text.split("\n")
    assert first.startswith("Pregunta: ") and (blank, blank_again) == ("", "")
    assert [line[:3] for line in options] == ["A) ", "B) ", "C) ", "D) "]
    assert last.startswith("Respuesta correcta: ") and last[-1] in "ABCD"


def test_themes_with_any_character_are_listed_and_deleted(with_model, _model_server):
    _model_server.reset()
    ana = register(with_model.url)
    for theme in ("100%", "C/C++", "Año ñandú", "a?b#c"):
        ana.ok("POST", "/api/reto", {"theme": theme, "difficulty": "hard"})
    listed = ana.ok("GET", f"/api/themes/user/{ana.id}")["themes"]
    assert {(row["theme"], row["level"], row["total_questions"]) for row in listed} == {
        (theme, "avanzado", 1) for theme in ("100%", "C/C++", "Año ñandú", "a?b#c")
    }
    assert ana.ok("GET", f"/api/intensive-review/user-themes/{ana.id}")["themes"] == [
        "100%", "a?b#c", "Año ñandú", "C/C++",
    ]  # fmt: skip
    gone = ana.ok("DELETE", "/api/themes/100%25")
    assert (gone["message"], gone["deletedQuestions"]) == ('Tema "100%" eliminado completamente', 1)
    gone = ana.ok("DELETE", "/api/themes/C%2FC%2B%2B/avanzado")
    assert gone["message"] == 'Tema "C/C++" (avanzado) eliminado correctamente'
    missing = ana.post("/api/themes/delete-multiple", {"themes": ["a?b#c", "Nada"]})
    assert (missing.status, missing.json()["error"]) == (404, 'Tema "Nada" no encontrado')
    gone = ana.ok("POST", "/api/themes/delete-multiple", {"themes": ["a?b#c", "año  ÑANDÚ"]})
    assert (gone["message"], gone["deletedQuestions"]) == ("2 temas eliminados correctamente", 2)
    assert ana.ok("GET", f"/api/themes/user/{ana.id}")["themes"] == []
    for path, sentence in {
        "/api/themes/Nada": 'Tema "Nada" no encontrado',
        "/api/themes/Nada/alto": 'Tema "Nada" en nivel "alto" no encontrado',
    }.items():
        assert ana.delete(path).json()["error"] == sentence


def test_points_stay_when_a_theme_goes(live):
    ana = register(live.url)
    started = ana.ok("POST", "/api/intensive-review/start", {"theme": "Física", "gameMode": "normal"})
    ana.answer(started["challenges"][0]["id"], ana.key(live, started["challenges"][0]["id"]), started["sessionId"])
    ana.ok("POST", "/api/intensive-review/save-results", {"sessionId": started["sessionId"], "gameMode": "normal"})
    before = ana.figures("overall")
    gone = ana.ok("DELETE", "/api/themes/f%C3%ADsica")
    assert (gone["deletedQuestions"], gone["deletedSessions"]) == (10, 1)
    assert ana.figures("overall")["total_points"] == before["total_points"] == 60
    assert "0 users' totals differ" in live.manage("rebuild_metrics", "--check", "--user", str(ana.id)).stdout


def test_profile_password_and_deletion(live):
    ana = register(live.url)
    profile = ana.ok("GET", "/api/user/profile")
    assert profile["email"] == ana.email
    changed = ana.ok("PUT", "/api/user/profile", profile | {"name": "Ana B", "timeZone": "America/Lima"})
    assert (changed["message"], changed["name"]) == ("Perfil actualizado correctamente", "Ana B")
    assert ana.ok("GET", "/api/auth/check-auth")["user"]["name"] == "Ana B", "current, not as at login"

    elsewhere = Client(live.url)
    elsewhere.post("/api/auth/login", {"email": ana.email.upper(), "password": PASSWORD})
    new = PASSWORD + "0"
    ana.ok("PUT", "/api/user/change-password", {"currentPassword": PASSWORD, "newPassword": new})
    assert ana.ok("GET", "/api/auth/check-auth")["isAuthenticated"], "the fresh cookie counts"
    assert elsewhere.get("/api/user/profile").json()["error"] == "Token inválido"

    wrong = ana.delete("/api/user/account", {"password": PASSWORD})
    assert (wrong.status, wrong.json()["error"]) == (400, "Contraseña incorrecta")
    token = ana.cookie
    ana.ok("DELETE", "/api/user/account", {"password": new})
    assert ana.cookie == ""
    assert Client(live.url, cookie=token).get("/api/user/profile").status == 401
    assert ana.post("/api/auth/login", {"email": ana.email, "password": new}).status == 401


class TestWithModel:
    """What a model server does, and what the learner sees of it."""

    @pytest.fixture
    def ana(self, with_model):
        return register(with_model.url)

    def generate(self, ana, theme="Derecho romano", level="intermedio"):
        return ana.post("/api/challenges/generate", {"theme": theme, "level": level})

    def test_good(self, ana, _model_server):
        _model_server.reset()
        made = self.generate(ana).json()
        assert made["question"]["questionText"].startswith("¿Cuál es la respuesta a la pregunta número")
        asked = _model_server.calls[0]
        text = str(asked["messages"])
        assert "Derecho romano" in text and "intermedio" in text
        assert ana.email not in text and "Ana" not in text, "nobody's name or address goes to the model"
        assert asked["response_format"]["type"] == "json_schema"

    @pytest.mark.parametrize(
        "behaviour",
        [
            says.first(says.error(429, **{"Retry-After": "0"})),
            says.first(says.error(500), says.error(503)),
            says.first(says.error(400, "response_format is not supported")),
            says.first(says.error(404, "model_not_found")),
        ],
        ids=["429 then good", "500, 503, then good", "no structured output", "model gone, fallback good"],
    )
    def test_recovers(self, ana, _model_server, behaviour):
        _model_server.reset(behaviour)
        assert self.generate(ana).status == 200
        assert len(_model_server.calls) >= 2

    @pytest.mark.parametrize(
        "answer",
        [
            says.completion("Lo siento, no puedo ayudar con eso."),
            says.completion('{"questions": [{"question": "¿Cuál', finish="length"),
            says.completion('{"questions": [{"question": "¿Cuál'),
            says.completion(""),
            (200, {}, b"<html>proxy</html>"),
            says.questions(says.question(1, distractors=["a", "a", "b"])),
            says.questions(says.question(1, distractors=["a", "b"])),
            says.questions(says.question(1, answer="A ", distractors=["a", "b", "c"])),
            says.questions(says.question(1, question="¿Sí?")),
            says.questions(says.question(1, answer="x" * 500)),
            says.questions("no soy una pregunta", None, 7),
            says.error(401),
        ],
        ids=["refuses", "truncated", "malformed", "empty", "html", "alike", "three", "case", "short", "long", "strange",
             "no key"],
    )  # fmt: skip
    def test_is_refused_and_the_client_is_told_what_to_do(self, ana, _model_server, answer):
        _model_server.reset(says.writes(lambda payload, number: answer))
        refused = self.generate(ana)
        assert refused.status == 503 and refused.json()["code"] == "no_question_source"
        assert "GROQ_API_KEY" in refused.json()["error"] and "Historia" in refused.json()["error"]
        assert refused["Retry-After"]
        assert ana.ok("GET", "/api/challenges")["results"] == [], "nothing is stored"

    def test_too_slow_is_given_up_in_time_and_the_bank_steps_in(self, ana, _model_server):
        _model_server.reset(says.slow(30))
        made = self.generate(ana, theme="Historia")
        assert made.status == 200
        total = float(made["Server-Timing"].split("total;dur=")[1].split(",")[0])
        assert total < 5000

    def test_never_asks_the_same_again(self, ana, _model_server):
        _model_server.reset(says.writes(lambda payload, number: says.questions(says.question(1))))
        assert self.generate(ana).status == 200
        again = self.generate(ana)
        assert again.json()["code"] == "no_question_source"
        assert "número 1 " in str(_model_server.calls[-1]["messages"]), "the model is told what was asked before"

    def test_notes_travel_as_data(self, ana, _model_server):
        _model_server.reset()
        made = ana.post("/api/challenges/from-notes", {"notes": NOTES, "theme": "Célula", "level": "easy"})
        assert made.status == 200
        *_, notes_message = _model_server.calls[0]["messages"]
        assert NOTES in notes_message["content"]
        assert not any(NOTES in message["content"] for message in _model_server.calls[0]["messages"][:-1])

    def test_a_session_without_stored_questions_is_made_at_once(self, ana, _model_server):
        _model_server.reset(says.slow(0.5))
        started = ana.post("/api/intensive-review/start", {"theme": "Derecho romano", "gameMode": "timed"})
        assert len(started.json()["challenges"]) == 10
        assert len(_model_server.calls) == 5, "two calls that write at once, three that solve at once"
        assert float(started["Server-Timing"].split("total;dur=")[1].split(",")[0]) < 2000
