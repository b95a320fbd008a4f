"""Mozilla Observatory's score of what a running server answers, computed here by its rules.

The rules are those of the algorithm of 2026; the server believes that a proxy in front of it speaks TLS.
"""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import pytest
import urllib3

from tests.live import Live

BONUS_FROM = 90  # below, nothing is added


@dataclass
class Page:
    """What was seen of one page. Header names are in lower case; `cookies` are Set-Cookie values."""

    headers: dict[str, str]
    cookies: list[str] = field(default_factory=list)
    redirects: bool = True
    scripts: list[dict[str, str]] = field(default_factory=list)


def score(page: Page) -> int:
    """Everything that is taken away; then, if that leaves enough, everything that is added."""
    rules = [csp, cookies, cors, redirect, referrer, hsts, integrity, nosniff, framing, corp, coop, coep]
    points = [rule(page) for rule in rules]
    base = 100 + sum(point for point in points if point < 0)
    return max(0, base + sum(point for point in points if point > 0) if base >= BONUS_FROM else base)


def csp(page: Page) -> int:
    policy = page.headers.get("content-security-policy")
    if not policy:
        return -25
    directives = parsed_policy(policy)
    default = directives.get("default-src", {"*"})
    scripts, styles = directives.get("script-src", default), directives.get("style-src", default)
    anywhere = {"data:", "*", "http:", "https:"}
    if is_inline(scripts) or scripts & anywhere or directives.get("object-src", default) & anywhere:
        return -20
    if "'unsafe-eval'" in scripts:
        return -10
    if is_inline(styles):
        return 0
    return 10 if default == {"'none'"} else 5


def parsed_policy(policy: str) -> dict[str, set[str]]:
    parts = [part.split() for part in policy.split(";") if part.strip()]
    return {name: set(values) for name, *values in parts}


def is_inline(sources: set[str]) -> bool:
    named = any(source.startswith(("'nonce-", "'sha")) for source in sources)
    return "'unsafe-inline'" in sources and not named


def cookies(page: Page) -> int:
    points = 5 if page.cookies else 0
    for cookie in page.cookies:
        name = cookie.partition("=")[0].strip().lower()
        flags = {flag.strip().partition("=")[0].lower() for flag in cookie.split(";")[1:]}
        is_session = any(word in name for word in ("token", "sess", "auth")) and "csrf" not in name
        if "secure" not in flags:
            points = min(points, -40 if is_session else -20)
        if "httponly" not in flags and is_session:
            points = min(points, -30)
        if "samesite" not in flags:
            points = min(points, -20 if "csrf" in name else 0)
    return points


def cors(page: Page) -> int:
    """`page` was asked for with an Origin that nobody knows."""
    allowed = page.headers.get("access-control-allow-origin")
    return -50 if allowed and page.headers.get("access-control-allow-credentials") == "true" else 0


def redirect(page: Page) -> int:
    return 0 if page.redirects else -20


def referrer(page: Page) -> int:
    policy = page.headers.get("referrer-policy", "")
    if policy in ("no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"):
        return 5
    return -5 if policy in ("unsafe-url", "origin", "origin-when-cross-origin", "no-referrer-when-downgrade") else 0


def hsts(page: Page) -> int:
    value = page.headers.get("strict-transport-security")
    if value is None:
        return -20
    age = next((int(part.partition("=")[2]) for part in value.split(";") if "max-age" in part), 0)
    return 0 if age >= 15_768_000 else -10


def integrity(page: Page) -> int:
    external = [script for script in page.scripts if "//" in script.get("src", "")]
    if any(script["src"].startswith("http://") and "integrity" not in script for script in external):
        return -50
    if any("integrity" not in script for script in external):
        return -5
    return 5 if external else 0


def nosniff(page: Page) -> int:
    return 0 if page.headers.get("x-content-type-options") == "nosniff" else -5


def framing(page: Page) -> int:
    directives = parsed_policy(page.headers.get("content-security-policy", ""))
    if directives.get("frame-ancestors", {"*"}) <= {"'none'", "'self'"}:
        return 5
    return 0 if page.headers.get("x-frame-options", "").upper() in ("DENY", "SAMEORIGIN") else -20


def corp(page: Page) -> int:
    return 10 if page.headers.get("cross-origin-resource-policy") in ("same-origin", "same-site") else 0


def coop(page: Page) -> int:
    return 10 if page.headers.get("cross-origin-opener-policy") == "same-origin" else 0


def coep(page: Page) -> int:
    return 10 if page.headers.get("cross-origin-embedder-policy") in ("require-corp", "credentialless") else 0


# --- The rules themselves, on sets whose score is known ---

HELMET = {
    "content-security-policy": "default-src 'self'; style-src 'self' 'unsafe-inline';"
    " script-src 'self' 'unsafe-inline'; img-src 'self' data: https:",
    "strict-transport-security": "max-age=31536000; includeSubDomains; preload",
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "x-xss-protection": "0",
}
DJANGO = {
    "strict-transport-security": "max-age=31536000",
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
BEST = DJANGO | {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
}
STRICT = "default-src 'none'; frame-ancestors 'none'; img-src 'self'; style-src 'self'; script-src 'self' 'nonce-r4nd'"
LOOSE = "default-src 'none'; frame-ancestors 'none'; img-src data:; style-src 'self' 'unsafe-inline'; script-src 'self'"
GOOD = ["token=x; Secure; HttpOnly; SameSite=Strict; Path=/"]
EVAL, DATA = (STRICT.replace("'self' 'nonce-r4nd'", f"'self' {source}") for source in ("'unsafe-eval'", "data:"))


@pytest.mark.parametrize(
    ("page", "points"),
    [
        (Page(HELMET), 80),
        (Page(HELMET, redirects=False), 60),
        (Page(DJANGO), 75),
        (Page(BEST), 150),
        (Page(BEST, GOOD), 155),
        (Page(BEST | {"content-security-policy": STRICT}, GOOD), 155),
        (Page(BEST | {"content-security-policy": LOOSE}, GOOD), 145),
        (Page(BEST | {"cross-origin-resource-policy": "same-site"}), 150),
        (Page(BEST | {"cross-origin-resource-policy": "cross-origin"}), 140),
        # What must be noticed:
        (Page(BEST, ["token=x; HttpOnly; SameSite=Strict"]), 60),
        (Page(BEST, ["token=x; Secure; SameSite=Strict"]), 70),
        (Page(BEST, ["token=x; Secure; HttpOnly"]), 150),
        (Page(BEST | {"access-control-allow-origin": "https://evil.example",
                      "access-control-allow-credentials": "true"}), 50),
        (Page(BEST | {"content-security-policy": EVAL}), 130),
        (Page(BEST | {"content-security-policy": DATA}), 80),
        (Page(BEST, scripts=[{"src": "http://cdn.example.org/x.js"}]), 50),
        (Page(BEST, scripts=[{"src": "https://cdn.example.org/x.js", "integrity": "sha384-x"}]), 155),
        (Page({}, redirects=False), 10),
    ],
)  # fmt: skip
def test_the_rules_give_known_sets_their_known_score(page, points):
    assert score(page) == points


# --- What our server answers ---


class Scripts(HTMLParser):
    """The scripts, inline styles and event handlers of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.scripts: list[dict[str, str]] = []
        self.inline: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "script":
            self.scripts.append(given)
        if tag == "style" or (tag == "script" and "src" not in given and given.get("type") != "application/json"):
            self.inline.append(tag)
        self.inline += [name for name in given if name == "style" or name.startswith("on")]


class Visitor:
    """Asks as a browser behind a proxy that speaks TLS."""

    def __init__(self, url: str) -> None:
        self.url, self.pool, self.jar = url, urllib3.PoolManager(retries=False), {}

    def ask(self, method: str, path: str, *, tls: bool = True, **options: Any) -> urllib3.BaseHTTPResponse:
        headers = {"Origin": "https://evil.example"} | options.pop("headers", {})
        headers |= {"Cookie": "; ".join(f"{name}={value}" for name, value in self.jar.items())} if self.jar else {}
        headers |= {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"} if tls else {}
        response = self.pool.request(method, self.url + path, headers=headers, redirect=False, timeout=30, **options)
        for cookie in response.headers.getlist("Set-Cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.jar[name] = value
        return response

    def page(self, path: str, response: urllib3.BaseHTTPResponse) -> Page:
        plain = self.ask("GET", path, tls=False)
        text = response.data.decode() if response.headers["Content-Type"].startswith("text/html") else ""
        return Page(
            headers={name.lower(): value for name, value in response.headers.items()},
            cookies=response.headers.getlist("Set-Cookie"),
            redirects=plain.status == 301 and plain.headers["Location"].startswith("https://"),
            scripts=Scripts(text).scripts,
        )


@pytest.fixture(scope="module")
def server():
    with Live(HTTPS="true", TRUSTED_PROXY_COUNT="1") as running:
        running.manage(
            "shell", "-c",
            "from accounts.models import User;"
            "user = User(name='Ada', username='ada', email='ada@example.org', is_staff=True, is_superuser=True);"
            "user.set_password('Clave-segura-1'); user.save()",
        )  # fmt: skip
        yield running


@pytest.fixture
def visitor(server):
    return Visitor(server.url)


def log_in(visitor: Visitor) -> urllib3.BaseHTTPResponse:
    own = visitor.url.replace("http://", "https://")
    return visitor.ask("POST", "/api/auth/login", headers={"Origin": own},
                       json={"email": "ada@example.org", "password": "Clave-segura-1"})  # fmt: skip


@pytest.mark.live
def test_the_api_scores_150_and_with_its_cookie_155(visitor):
    login = log_in(visitor)
    assert login.status == 200 and visitor.jar["token"]
    assert score(visitor.page("/api/auth/login", login)) >= 155
    for path, status in (("/api/user/profile", 200), ("/api/auth/check-auth", 200), ("/api/no/such", 404)):
        answer = visitor.ask("GET", path)
        assert answer.status == status
        assert score(visitor.page(path, answer)) >= 150, path
    refused = Visitor(visitor.url).ask("GET", "/api/user/profile")
    assert refused.status == 401 and score(visitor.page("/api/user/profile", refused)) >= 150


@pytest.mark.live
@pytest.mark.parametrize(
    "path", ["/", "/admin/login/", "/api-docs", "/api-docs/redoc", "/api-docs/openapi.json", "/no/such/page"]
)
def test_pages_score_145(visitor, path):
    assert score(visitor.page(path, visitor.ask("GET", path))) >= 145


@pytest.mark.live
def test_the_admin_scores_145_with_its_session(visitor):
    own = visitor.url.replace("http://", "https://")
    form = visitor.ask("GET", "/admin/login/").data.decode()
    token = form.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    fields = {"username": "ada@example.org", "password": "Clave-segura-1", "csrfmiddlewaretoken": token}
    headers = {"Origin": own, "Referer": f"{own}/admin/login/"}
    entered = visitor.ask("POST", "/admin/login/?next=/admin/", headers=headers, fields=fields, encode_multipart=False)
    assert entered.status == 302 and "sessionid" in visitor.jar
    assert {"Secure", "HttpOnly", "SameSite=Strict"} <= set(entered.headers["Set-Cookie"].replace(",", ";").split("; "))
    index = visitor.ask("GET", "/admin/")
    assert index.status == 200
    assert score(visitor.page("/admin/", index)) >= 145
    assert Scripts(index.data.decode()).inline == []


@pytest.mark.live
def test_the_documentation_needs_no_inline_script_and_no_other_host(visitor):
    page = visitor.ask("GET", "/api-docs")
    found = Scripts(page.data.decode())
    assert found.inline == [] and len(found.scripts) == 2
    assert all(script["src"].startswith("/static/") for script in found.scripts)
    assert all(visitor.ask("GET", script["src"]).status == 200 for script in found.scripts)
    policy = parsed_policy(page.headers["Content-Security-Policy"])
    for sources in policy.values():
        assert not sources & {"'unsafe-inline'", "'unsafe-eval'", "*", "https:", "http:"}
        assert not any("." in source for source in sources)  # no other host
