"""Record the examples of the API document from a really running server: `python -m tests.record_examples`.

A learner makes the whole journey; what was asked and what was answered is kept, in Spanish, as the server speaks when
nobody asks for English. What differs with every run (times, ids of sessions and requests) is written as constants.
"""

import json
import os
import re
import sys
from collections.abc import Iterator
from typing import Any

import tests.environment  # noqa: F401  before anything of Django's
from ops.openapi.examples import FILE
from tests.http import Client, Reply
from tests.live import Live

PERSON = {"name": "Ana María", "username": "ana", "email": "ana@example.org", "password": "una clave bien larga"}
LOGIN = {name: PERSON[name] for name in ("email", "password")}
NOTES = (
    "La mitocondria es el orgánulo que produce la energía de la célula. El ribosoma es el orgánulo que fabrica las "
    "proteínas. El núcleo es el orgánulo que guarda el ADN. La membrana separa la célula del exterior."
)
UNKNOWN_SESSION = "00000000-0000-4000-8000-000000000000"
CONSTANTS = [
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "2026-03-02T09:00:00Z"),
    (re.compile(r"\d{4}-\d\d-\d\d"), "2026-03-02"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "3f2c1b7a-5d4e-4c3b-8a29-1f0e9d8c7b6a"),
    (re.compile(r"[0-9a-f]{32}"), "8d5f0c3b2a19487e9c6d1b0a7f4e3d2c"),
    (re.compile(r"(?<=cursor=)[^&]+"), "cD0yMDI2"),
    (re.compile(r"http://127\.0\.0\.1:\d+"), "https://api.persenaut.example"),
]


class Recorder:
    """Plays a journey against a running server; `recorded` is what ops.openapi.examples reads."""

    def __init__(self, live: Live, name: str = "ana") -> None:
        self.live = live
        self.learner, self.visitor = Client(live.url), Client(live.url)
        self.person = PERSON | {"username": name, "email": f"{name}@example.org"}
        self.recorded: dict[str, Any] = {"operations": {}, "errors": {}}

    def ask(
        self, method: str, route: str, body: Any = None, *, by: Client | None = None, name: str = "", **at: Any
    ) -> Any:
        """Ask `route` (as the document has it, with {names} from `at`; `query` is what follows) and keep the answer."""
        query = at.pop("query", "")
        reply = (by or self.learner).request(method, route.format(**at) + query, body)
        operation = self.recorded["operations"].setdefault(f"{method} {route}", {"responses": {}})
        answer = constant(reply.content.decode()) if reply.content else None
        if reply.status < 400 and body is not None:
            operation.setdefault("request", constant(json.dumps(body)))
        if answer is not None:
            kept = operation["responses"].setdefault(str(reply.status), {})
            kept.setdefault(name or (answer["code"] if reply.status >= 400 else "answer"), answer)
        if reply.status >= 400:
            self.error(reply)
        return reply.json() if reply.content else None

    def error(self, reply: Reply) -> None:
        self.recorded["errors"].setdefault(reply.json()["code"], constant(reply.content.decode()))

    def play(self) -> None:
        ask, person = self.ask, self.person
        login = {name: person[name] for name in ("email", "password")}
        ask("POST", "/api/auth/register", person)
        ask("POST", "/api/auth/register", person)
        ask("POST", "/api/auth/register", {"name": "A"})
        ask("POST", "/api/auth/login", login | {"password": "otra"}, by=self.visitor)
        ask("GET", "/api/auth/check-auth", by=self.visitor, name="visitor")
        ask("POST", "/api/auth/login", login)
        me = ask("GET", "/api/auth/check-auth", name="learner")["user"]["id"]
        ask("POST", "/api/auth/forgot-password", {"email": "nadie@example.org"})
        ask("POST", "/api/auth/reset-password", {"token": "1-x-y", "newPassword": "otra clave bien larga"})
        ask("GET", "/api/user/profile")
        change = {name: person[name] for name in ("name", "username", "email")}
        ask("PUT", "/api/user/profile", change | {"timeZone": "Europe/Madrid", "emailNotifications": False})
        ask("PUT", "/api/user/profile", change | {"timeZone": "Marte"})
        other = {"username": f"{person['username']}_2", "email": f"2{person['email']}"}
        ask("POST", "/api/auth/register", person | other, by=self.visitor)
        ask("PUT", "/api/user/profile", change | other)
        ask("PUT", "/api/user/change-password", {"currentPassword": "otra", "newPassword": "otra clave larga 7"})
        same = person["password"]
        ask("PUT", "/api/user/change-password", {"currentPassword": same, "newPassword": same})
        self.challenges(me)
        self.sessions(me)
        self.schedules()
        self.figures(me)
        ask("PUT", "/api/user/change-password", {"currentPassword": same, "newPassword": "otra clave larga 7"})
        self.refused()
        self.end(me)

    def challenges(self, me: int) -> None:
        ask = self.ask
        order = {"theme": "Historia", "level": "principiante", "previousQuestions": []}
        schedule = {"preferences": {"deliveryTime": "09:00", "frequency": "daily", "isActive": True}}
        made = ask("POST", "/api/challenges/generate", order | schedule, name="learner")
        ask("POST", "/api/challenges/generate", order, by=self.visitor, name="visitor")
        ask("POST", "/api/challenges/generate", {"theme": "Historia"})
        ask("POST", "/api/challenges/generate", {"theme": "Tauromaquia", "level": "avanzado"})
        ask("POST", "/api/challenges/groq", order, by=self.visitor)
        notes = {
            "notes": NOTES,
            "theme": "La célula",
            "level": "intermedio",
            "preferences": {"scheduleType": "immediate"},
        }
        from_notes = ask("POST", "/api/challenges/from-notes", notes)
        ask("POST", "/api/challenges/from-notes", notes | {"notes": "Nada de nada."})
        answer = {"questionId": made["savedQuestionId"], "selectedAnswer": "B", "responseTime": 4.2}
        ask("POST", "/api/challenges/save-response", answer)
        ask("POST", "/api/challenges/save-response", answer | {"questionId": 987654321})
        ask("POST", "/api/challenges/save-response", answer | {"selectedAnswer": "E"})
        ask("POST", "/api/challenges/pending", {"userId": me})
        ask("POST", "/api/challenges/start", {"challengeId": from_notes["savedQuestionId"]})
        ask("POST", "/api/challenges/start", {"challengeId": 987654321})
        ask("GET", "/api/challenges", query="?limit=2")
        ask("GET", "/api/challenges", query="?limit=dos")
        ask("GET", "/api/challenges/{id}", id=made["savedQuestionId"])
        wrong = {"reason": "unclear", "comment": "No se entiende."}
        ask("POST", "/api/challenges/{id}/report", wrong, id=made["savedQuestionId"])
        ask("DELETE", "/api/challenges/{id}", id=from_notes["savedQuestionId"])
        ask("GET", "/api/challenges/{id}", id=from_notes["savedQuestionId"])

    def sessions(self, me: int) -> None:
        ask = self.ask
        started = ask("POST", "/api/intensive-review/start", {"theme": "Historia", "gameMode": "timed"})
        ask("POST", "/api/intensive-review/start", {"theme": "Tauromaquia", "gameMode": "timed"})
        session = started["sessionId"]
        for letter, question in zip("ABCD", started["challenges"], strict=False):
            answer = {"questionId": question["id"], "selectedAnswer": letter, "responseTime": 3.1}
            ask("POST", "/api/challenges/save-intensive-response", answer | {"sessionId": session})
        ask("POST", "/api/challenges/save-intensive-response", answer | {"sessionId": UNKNOWN_SESSION})
        more = {"sessionId": session, "theme": "Historia", "usedChallengeIds": []}
        ask("POST", "/api/intensive-review/continue-survival", more)
        ask("POST", "/api/intensive-review/save-results", {"sessionId": session, "gameMode": "timed"})
        ask("POST", "/api/intensive-review/save-results", {"sessionId": UNKNOWN_SESSION})
        late = {"questionId": started["challenges"][-1]["id"], "selectedAnswer": "A", "responseTime": 1}
        ask("POST", "/api/challenges/save-intensive-response", late | {"sessionId": session})
        survival = ask("POST", "/api/intensive-review/start", {"theme": "Historia", "gameMode": "survival"})
        used = [question["id"] for question in survival["challenges"]]
        more |= {"sessionId": survival["sessionId"], "usedChallengeIds": used}
        ask("POST", "/api/intensive-review/continue-survival", more)
        ask("GET", "/api/intensive-review/user-themes/{user_id}", user_id=me)

    def schedules(self) -> None:
        ask = self.ask
        order = {"theme": "Química", "level": "avanzado", "deliveryTime": "07:30", "frequency": "weekly"}
        schedule = ask("POST", "/api/schedules", order)
        ask("POST", "/api/schedules", order)
        ask("GET", "/api/schedules")
        ask("GET", "/api/schedules/{id}", id=schedule["id"])
        ask("PATCH", "/api/schedules/{id}", {"isActive": False}, id=schedule["id"])
        ask("DELETE", "/api/schedules/{id}", id=schedule["id"])
        ask("GET", "/api/schedules/{id}", id=schedule["id"])

    def figures(self, me: int) -> None:
        ask = self.ask
        for name in ("overall", "sessions", "achievements", "themes", "timeline", "game-modes"):
            ask("GET", f"/api/metrics/user/{{user_id}}/metrics/{name}", user_id=me)
        ask("GET", "/api/metrics/user/{user_id}/metrics/timeline", user_id=me, query="?days=0")
        ask("POST", "/api/tutor/advice", {"timeRange": "week"})
        ask("POST", "/api/tutor/advice", {"timeRange": "siempre"})
        ask("GET", "/api/themes/user/{user_id}", user_id=me)
        ask("DELETE", "/api/themes/{theme}", theme="Nada")
        ask("DELETE", "/api/themes/{theme}", theme="Historia")
        ask("POST", "/api/challenges/generate", {"theme": "Arte", "level": "principiante"}, name="learner")
        ask("POST", "/api/themes/delete-multiple", {"themes": []})
        ask("POST", "/api/themes/delete-multiple", {"themes": ["Arte"]})

    def refused(self) -> None:
        """What any operation can be refused for, once each."""
        path = "/api/challenges/generate"
        self.error(self.visitor.get("/api/user/profile"))
        form = {"Content_Type": "application/x-www-form-urlencoded"}
        for raw, headers in (
            (b"{", {}),
            (b"theme=Arte", form),
            (b'{"theme": "' + b"x" * 300_000 + b'"}', {}),
            (iter([b"{}"]), {}),
            (b"{}", {"Origin": "https://elsewhere.example"}),
        ):
            # A connection of its own for each: the server closes it on a body that it will not read.
            once = Client(self.learner.base, cookie=self.learner.cookie)
            self.error(once.request("POST", path, raw=raw, **headers))

    def end(self, me: int) -> None:
        # The token of the mailed link, which no API tells.
        make = "from accounts.reset import make_reset_token as make; from accounts.models import User"
        code = f"{make}; print(make(User.objects.get(pk={me})))"
        token = self.live.manage("shell", "--verbosity", "0", "-c", code).stdout.strip()
        self.ask("POST", "/api/auth/reset-password", {"token": token, "newPassword": "una clave nueva y larga"})
        again = {"email": self.person["email"], "password": "una clave nueva y larga"}
        self.ask("POST", "/api/auth/login", again)
        self.ask("DELETE", "/api/user/account", {"password": "otra"})
        self.ask("DELETE", "/api/user/account", {"password": again["password"]})
        self.ask("POST", "/api/auth/logout")


def constant(text: str) -> Any:
    """The JSON of `text`, with constants for what differs with every run."""
    for pattern, value in CONSTANTS:
        text = pattern.sub(value, text)
    return json.loads(text)


def record() -> dict[str, Any]:
    with Live(redis_db=8) as server:
        recorder = Recorder(server)
        recorder.play()
    with Live(redis_db=8, RATE_LIMIT_AUTH="5/15m") as server:
        client = Client(server.url)
        refused = [client.post("/api/auth/login", LOGIN) for _ in range(6)][-1]
        recorder.error(refused)
    recorder.recorded["errors"] |= unreachable_database()
    return recorder.recorded


def unreachable_database() -> dict[str, Any]:
    server = Live(redis_db=8)
    server.env["DATABASE_URL"] = f"sqlite:///{server.log_dir}/no/such/folder.sqlite3"
    with server:
        reply = Client(server.url).post("/api/auth/login", LOGIN)
        assert reply.status == 503, reply
        return {reply.json()["code"]: constant(reply.content.decode())}


def shape(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """(path, kind) of every part; the items of a list are taken together."""
    if isinstance(value, dict):
        yield path, "object"
        for name, inner in value.items():
            yield from shape(inner, f"{path}.{name}")
    elif isinstance(value, list):
        yield path, "list"
        for inner in value:
            yield from shape(inner, f"{path}[]")
    else:
        yield path, "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


def main() -> int:
    os.environ.pop("DATABASE_URL", None)  # the ids of a fresh SQLite are small and the same each time
    os.environ.pop("REDIS_URL", None)
    FILE.write_text(json.dumps(record(), ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
