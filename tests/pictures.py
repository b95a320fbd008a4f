"""Takes the pictures of the README anew: `.venv/bin/python -m tests.pictures`, after `./test` has installed a browser.

They show the demonstration (`./run --demo`), are 1280 pixels wide, and about 100 kB each.
"""

from tests.browser import DESKTOP, HEIGHTS, SECONDS, Browser
from tests.live import ROOT, Live

PICTURES = ROOT / "docs" / "pictures"
# (file, path, what is there when the page is complete, whether staff look at it)
PAGES = [
    ("admin.png", "/admin/learners/{learner}/", "#chart-themes svg", True),
    ("documentation.png", "/api-docs", ".opblock", False),
]
FIND = "from accounts.models import User; print(User.objects.get(username='demo_learner').pk)"


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with Live() as server:
        password = server.manage("demo", "--verbosity", "0").stdout.split()[-1]
        learner = server.manage("shell", "--verbosity", "0", "-c", FIND).stdout.strip()
        browser = Browser()
        try:
            staff = browser.log_in(server.url, "staff@demo.example", password)
            for file, path, ready, is_staff in PAGES:
                url = server.url + path.format(learner=learner)
                keep(browser._thread.submit(shot, browser, url, ready, staff if is_staff else None).result(), file)
        finally:
            browser.close()


def shot(browser: Browser, url: str, ready: str, state: object) -> bytes:
    view = {"width": DESKTOP, "height": HEIGHTS[DESKTOP]}
    context = browser._chromium.new_context(viewport=view, storage_state=state, locale="en")
    try:
        page = context.new_page()
        page.goto(url)
        page.wait_for_selector(ready, timeout=SECONDS * 1000)
        page.wait_for_timeout(500)
        return page.screenshot()
    finally:
        context.close()


def keep(png: bytes, file: str) -> None:
    (PICTURES / file).write_bytes(png)


if __name__ == "__main__":
    main()
