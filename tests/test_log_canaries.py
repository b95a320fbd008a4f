"""What must never be logged is planted everywhere a client can put it; then every log file is read."""

import time

import pytest

from tests import model_server as says
from tests.http import Client
from tests.live import Live

pytestmark = pytest.mark.live

PASSWORD = "canario-clave-7319"
NEW_PASSWORD = "canario-nueva-4426"
EMAIL = "canario.correo@example.org"
NOTES = "Canario de apuntes 5521: la mitocondria es el orgánulo que produce la energía de la célula."
API_KEY = "gsk_canario0123456789abcdefghij"


def test_no_log_holds_a_password_a_token_a_key_notes_or_an_address(_model_server):
    _model_server.reset(says.slow(0, then=lambda payload, number: says.error(401, "bad key " + API_KEY)))
    with Live(AI_BASE_URL=_model_server.url, AI_API_KEY=API_KEY, LOG_LEVEL="debug", redis_db=8) as server:
        client = Client(server.url, headers={"User-Agent": f"app {EMAIL}", "Referer": f"http://x/?token={API_KEY}"})
        person = {"name": "Canario", "username": "canario", "email": EMAIL, "password": PASSWORD}
        for body in (person, person, person | {"email": "no"}):
            client.post("/api/auth/register", body)
        client.post("/api/auth/login", {"email": EMAIL, "password": PASSWORD + "x"})
        client.post("/api/auth/login", {"email": EMAIL, "password": PASSWORD})
        token = client.cookie
        client.get(f"/api/user/profile?password={PASSWORD}&email={EMAIL}")
        client.get(f"/api/{token}")
        client.get("/api/user/profile", Authorization=f"Bearer {token}x")
        client.post("/api/challenges/from-notes", {"notes": NOTES, "theme": "Célula", "level": "easy"})
        client.post("/api/challenges/from-notes", {"notes": NOTES * 100, "theme": "Célula", "level": "easy"})
        client.request("POST", "/api/auth/login", raw=f'{{"password": "{PASSWORD}"'.encode())
        client.put("/api/user/change-password", {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD})
        client.delete(f"/api/themes/{EMAIL}")
        client.delete("/api/user/account", {"password": NEW_PASSWORD})
        time.sleep(0.3)
    texts = [path.read_text(errors="replace") for path in server.log_dir.iterdir() if path.is_file()]
    text = "\n".join([*texts, server.output()])
    assert '"route":"api/auth/login"' in text, "the log was written"
    for canary in (PASSWORD, NEW_PASSWORD, EMAIL, "Canario de apuntes", API_KEY, token, token.split(".")[1]):
        assert canary not in text, [line for line in text.splitlines() if canary in line][:3]
