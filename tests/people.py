"""Learners as tests of a running server meet them."""

import secrets
from typing import Any

from tests.http import Client, Reply

PASSWORD = "una clave bien larga 9"


class Learner(Client):
    """A registered learner who is logged in by cookie."""

    id: int
    email: str

    def ok(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The JSON of an answer that must be a success."""
        reply: Reply = self.request(method, path, body, **headers)
        assert reply.status == 200, (method, path, reply.status, reply.content)
        return reply.json()

    def figures(self, name: str) -> Any:
        return self.ok("GET", f"/api/metrics/user/{self.id}/metrics/{name}")

    def key(self, live: Any, question_id: int) -> str:
        """The right letter, which no API tells: from the server's database."""
        code = f"from learning.models import Challenge as C; print(C.objects.get(pk={question_id}).correct_letter)"
        return str(live.manage("shell", "--verbosity", "0", "-c", code).stdout.strip())

    def answer(self, question_id: int, letter: str = "A", session: str = "") -> Any:
        body = {"questionId": question_id, "selectedAnswer": letter, "responseTime": 2.5}
        if not session:
            return self.ok("POST", "/api/challenges/save-response", body)
        return self.ok("POST", "/api/challenges/save-intensive-response", body | {"sessionId": session})


def register(base: str, **fields: Any) -> Learner:
    """A new learner, registered and logged in over HTTP."""
    name = f"ana_{secrets.token_hex(5)}"
    person = {"name": "Ana María", "username": name, "email": f"{name}@example.org", "password": PASSWORD} | fields
    learner = Learner(base)
    learner.email = person["email"]
    learner.ok("POST", "/api/auth/register", person)
    assert learner.ok("GET", "/api/auth/check-auth") == {"isAuthenticated": False}, "registering does not log in"
    learner.ok("POST", "/api/auth/login", {"email": person["email"], "password": person["password"]})
    learner.id = learner.ok("GET", "/api/auth/check-auth")["user"]["id"]
    return learner
