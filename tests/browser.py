"""Pages of a running server as people see them: in headless Chromium, by Playwright, looked over by axe-core.

`Browser.look` opens one page and returns what is wrong with it as sentences, [] for nothing. With SCREENSHOTS=folder in
the environment it leaves a picture of each page there.
"""

import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, StorageState, sync_playwright

AXE = Path(__file__).parent / "npm/node_modules/axe-core/axe.min.js"
SECONDS = 30  # for anything that is waited for: a busy machine is slow, not wrong
DESKTOP, PHONE = 1280, 390  # pixels
HEIGHTS = {DESKTOP: 900, PHONE: 844}
# Nothing of its own to look up or to fetch; and no name but ours has an address.
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run", "--disable-quic", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]  # fmt: skip
LISTEN = """addEventListener("securitypolicyviolation", (event) =>
  violated(`${event.effectiveDirective} forbids ${event.blockedURI} (${event.sourceFile}:${event.lineNumber})`));"""
PROTRUDING = """() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return [];
  const wide = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > room + 1);
  return wide.slice(0, 5).map((one) => one.outerHTML.slice(0, 120));
}"""
FINDINGS = """axe.run(%s, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(
  ({violations}) => violations.filter(({impact}) => ["serious", "critical"].includes(impact)).map(({id, help, nodes}) =>
    `${id}: ${help}: ${nodes.slice(0, 6).map(({html, target}) => `${target} ${html.slice(0, 160)}`).join(" | ")}`))"""

State = StorageState  # the cookies of somebody who has logged in


@dataclass
class Eyes:
    """Notes what a page does that it should not."""

    base: str
    path: str
    status: int  # of the page itself
    seen: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.expose_function("violated", lambda what: self.note("policy", what))
        page.add_init_script(LISTEN)
        page.on("console", self.console)
        page.on("pageerror", lambda error: self.note("script error", error))
        page.on("requestfailed", lambda request: self.note("failed", f"{request.url} {request.failure}"))
        page.on("request", lambda request: self.asked(request.url))
        page.on("websocket", lambda socket: self.asked(socket.url))

    def note(self, kind: str, what: Any) -> None:
        self.seen.append(f"{kind}: {what}")

    def console(self, message: Any) -> None:
        if self.status >= 400 and message.location["url"] == self.base + self.path:
            return  # Chromium says so of a page that is meant to be an error
        if message.type in ("error", "warning"):
            self.note(f"console {message.type}", f"{message.text} ({message.location['url']})")

    def asked(self, url: str) -> None:
        if urlsplit(url).scheme not in ("data", "blob") and not url.startswith(f"{self.base}/"):
            self.note("another host", url)


class Browser:
    """One Chromium. Each look has a context of its own: no cookie and no cache of another."""

    def __init__(self) -> None:
        # In a thread of its own: Playwright keeps an event loop there, beside which Django's ORM refuses to work.
        self._thread = ThreadPoolExecutor(1)
        self._thread.submit(self._start).result()

    def _start(self) -> None:
        self._playwright = sync_playwright().start()
        self._chromium = self._playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)

    def close(self) -> None:
        self._thread.submit(self._chromium.close).result()
        self._thread.submit(self._playwright.stop).result()
        self._thread.shutdown()

    def look(self, *arguments: Any, **options: Any) -> list[str]:
        """What is wrong with a page; see `_look` for what can be asked."""
        return self._thread.submit(self._look, *arguments, **options).result()

    def log_in(self, base: str, login: str, password: str) -> State:
        """Log in to the admin."""
        return self._thread.submit(self._log_in, base, login, password).result()

    def _look(
        self, base: str, path: str, *, width: int = DESKTOP, ready: str = "body", state: State | None = None,
        act: Callable[[Page], object] | None = None, status: int = 200, language: str = "es", dark: bool = False,
        scripts: bool = True, not_ours: tuple[str, ...] = (), picture: str = "",
    ) -> list[str]:  # fmt: skip
        """Open `path` as somebody with `state`, wait for the selector `ready`, do `act`, and look it over.

        `not_ours` are selectors of what axe should pass over, `picture` is the name of the file to keep.
        """
        eyes = Eyes(base, path, status)
        context = self._chromium.new_context(
            viewport={"width": width, "height": HEIGHTS[width]}, storage_state=state, locale=language,
            color_scheme="dark" if dark else "light", java_script_enabled=scripts, reduced_motion="reduce",
        )  # fmt: skip
        context.set_default_timeout(SECONDS * 1000)
        try:
            page = context.new_page()
            eyes.watch(page)
            answer = page.goto(base + path)
            if answer is None or answer.status != status:
                eyes.note("status", answer and answer.status)
            page.wait_for_selector(ready)
            if act:
                act(page)
            if scripts:
                page.evaluate("document.fonts.ready.then(() => 0)")
            for one in page.evaluate(PROTRUDING):
                eyes.note("wider than the window", one)
            if picture and (folder := os.environ.get("SCREENSHOTS")):
                page.screenshot(path=Path(folder) / f"{picture}-{width}.png", full_page=True)
            seen = list(eyes.seen)  # axe is not the page, and is a script
            return seen + [f"axe: {finding}" for finding in (self._axe(page, not_ours) if scripts else [])]
        finally:
            context.close()

    def _axe(self, page: Page, not_ours: tuple[str, ...]) -> list[str]:
        # By DevTools: the policy of our pages lets nobody add a script.
        tools = page.context.new_cdp_session(page)
        tools.send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})
        run = FINDINGS % {"exclude": [[selector] for selector in not_ours]}
        answer = tools.send("Runtime.evaluate", {"expression": run, "awaitPromise": True, "returnByValue": True})
        assert "exceptionDetails" not in answer, answer
        findings: list[str] = answer["result"]["value"]
        return findings

    def _log_in(self, base: str, login: str, password: str) -> State:
        context = self._chromium.new_context()
        context.set_default_timeout(SECONDS * 1000)
        try:
            page = context.new_page()
            page.goto(f"{base}/admin/login/?next=/admin/")
            page.fill("[name=username]", login)
            page.fill("[name=password]", password)
            page.press("[name=password]", "Enter")
            page.wait_for_url(f"{base}/admin/")
            return context.storage_state()
        finally:
            context.close()
