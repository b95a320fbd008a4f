"""What tests of every app build on."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client, TestCase

from accounts.models import User
from accounts.tokens import TokenUser, make_token, user_of
from ops import budget, llm
from tests.live import Live
from tests.model_server import ModelServer


class Api:
    """Django's test client for JSON. What a request leaves for after its commit runs before its response is seen, as it
    does on a server."""

    def __init__(self, user: User | None = None) -> None:
        self.client = Client(raise_request_exception=False)
        self.user = user
        self.headers = {"Authorization": f"Bearer {make_token(user)}"} if user else {}

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        sent = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        data = "" if body is None else json.dumps(body)
        content_type = "application/json" if body is not None else "application/octet-stream"
        with TestCase.captureOnCommitCallbacks(execute=True):
            return self.client.generic(method, path, data, content_type, headers=sent)

    def get(self, path: str, **headers: str) -> Any:
        return self.request("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.request("POST", path, {} if body is None else body, **headers)

    def put(self, path: str, body: Any, **headers: str) -> Any:
        return self.request("PUT", path, body, **headers)

    def delete(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.request("DELETE", path, body, **headers)


@pytest.fixture(autouse=True)
def _empty_caches() -> None:
    for alias in ("default", "limits"):
        caches[alias].clear()
    budget.set_payer("")  # a request's payer outlives it in this thread


@pytest.fixture(autouse=True)
def _generous_limits(request: pytest.FixtureRequest, settings: Any) -> None:
    """Limits are for the tests that are about limits: those ask for the fixture `real_limits`."""
    if "real_limits" not in request.fixturenames:
        settings.RATE_LIMITS = {name: (10**6, window) for name, (_, window) in settings.RATE_LIMITS.items()}


@pytest.fixture
def real_limits() -> None:
    """The limits of the contract."""


@pytest.fixture
def make_user(db: None) -> Callable[..., User]:
    """A user that is valid as it stands. Without a password (hashing one takes a while) unless one is given."""
    numbers = iter(range(1, 10**6))

    def make(*, password: str | None = None, **fields: Any) -> User:
        number = next(numbers)
        defaults = {"name": f"Ana {number}", "username": f"ana{number}", "email": f"ana{number}@example.org"}
        return User.objects.create_user(password=password, **defaults | fields)

    return make


@pytest.fixture
def visitor(db: None) -> Api:
    return Api()


@pytest.fixture
def learner(make_user: Callable[..., User]) -> User:
    return make_user()


@pytest.fixture
def api(learner: User) -> Api:
    """The API as `learner` uses it."""
    return Api(learner)


@pytest.fixture
def asking(learner: User) -> TokenUser:
    """The learner as services see them."""
    user = user_of(make_token(learner))
    assert user is not None
    return user


@pytest.fixture(scope="session")
def _model_server() -> Iterator[ModelServer]:
    server = ModelServer()
    yield server
    server.close()


@pytest.fixture
def model(_model_server: ModelServer, settings: Any) -> ModelServer:
    """A language model server, well-behaved until told otherwise, that this process is configured to use."""
    _model_server.reset()
    llm.breaker.cache_clear()
    settings.AI_BASE_URL = _model_server.url
    settings.AI_TIMEOUT = 5.0
    return _model_server


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A tests.browser.Browser."""
    from tests.browser import Browser  # what only few tests need is not loaded for all

    chromium = Browser()
    yield chromium
    chromium.close()


@pytest.fixture(scope="session")
def live(_model_server: ModelServer) -> Iterator[Live]:
    """A really running server without a language model."""
    with Live() as server:
        yield server
