"""A REST client as the field's clients are: JSON, a cookie jar, nothing of Django's."""

import json
from dataclasses import dataclass, field
from typing import Any

import urllib3


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    content: bytes

    def json(self) -> Any:
        return json.loads(self.content)

    def __getitem__(self, name: str) -> str:
        """A header, in any case."""
        return {key.lower(): value for key, value in self.headers.items()}[name.lower()]


@dataclass
class Client:
    """Talks to `base`; keeps the cookie `token` as a browser would."""

    base: str
    cookie: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    pool: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(maxsize=8, retries=False))

    def request(self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, **headers: str) -> Reply:
        sent = {"Accept": "application/json"} | self.headers | {k.replace("_", "-"): v for k, v in headers.items()}
        if self.cookie:
            sent["Cookie"] = f"token={self.cookie}"
        if body is not None or raw is not None:
            sent.setdefault("Content-Type", "application/json")
        payload = raw if raw is not None else (None if body is None else json.dumps(body).encode())
        response = self.pool.request(method, self.base + path, body=payload, headers=sent, timeout=60.0, redirect=False)
        if cookie := response.headers.get("Set-Cookie", ""):
            self.cookie = cookie.partition("token=")[2].partition(";")[0].strip('"')
        return Reply(response.status, dict(response.headers), response.data)

    def get(self, path: str, **headers: str) -> Reply:
        return self.request("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Reply:
        return self.request("POST", path, {} if body is None else body, **headers)

    def put(self, path: str, body: Any, **headers: str) -> Reply:
        return self.request("PUT", path, body, **headers)

    def delete(self, path: str, body: Any = None, **headers: str) -> Reply:
        return self.request("DELETE", path, body, **headers)
