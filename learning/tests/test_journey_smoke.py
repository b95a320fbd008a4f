import pytest

from tests.http import Client


@pytest.mark.live
def test_live_server_answers(live):
    client = Client(live.url)
    assert client.get("/api/auth/check-auth").json() == {"isAuthenticated": False}


def test_generate_with_the_model(api, model):
    reply = api.post("/api/challenges/generate", {"theme": "Física", "level": "hard"})
    assert reply.status_code == 200, reply.content
    assert len(model.calls) == 1
