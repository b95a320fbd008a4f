"""The front door in a browser: a stranger plays a question of the demo, by keyboard too, and hears what goes wrong."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser import DESKTOP, PHONE, SECONDS
from tests.live import Live

pytestmark = [pytest.mark.live, pytest.mark.once]

expect.set_options(timeout=SECONDS * 1000)
ASK, OPTIONS = "#demo .choices button", "#question button"


def asked(page: Page, press: str = "") -> dict[str, str]:
    """Ask for a question, by the key `press` or the mouse: what the server sent, once the page shows it."""
    with page.expect_response("**/api/challenges/generate") as caught:
        page.press(ASK, press) if press else page.click(ASK)
    question = caught.value.json()["question"]
    expect(page.locator("#question legend")).to_have_text(question["questionText"])
    assert page.locator(OPTIONS).count() == len(question["options"]) == 4
    return question


@pytest.mark.parametrize(
    ("language", "right", "wrong"), [("es", "¡Correcto!", "No: la buena"), ("en", "Correct!", "No: ")]
)
def test_a_stranger_plays_and_is_graded(browser, live, language, right, wrong):
    def play(page: Page) -> None:
        page.select_option("[name=theme]", index=3)
        key = asked(page)["correctAnswer"]
        page.click(f"{OPTIONS}[value={key}]")
        expect(page.locator("#verdict")).to_contain_text(right)
        expect(page.locator("#verdict")).to_contain_text("1 ")
        expect(page.locator(f"{OPTIONS}.right")).to_have_attribute("value", key)

        second = asked(page)
        key = second["correctAnswer"]
        other = next(option["letter"] for option in second["options"] if option["letter"] != key)
        page.click(f"{OPTIONS}[value={other}]")
        expect(page.locator("#verdict")).to_contain_text(wrong)
        expect(page.locator(f"{OPTIONS}.right")).to_have_attribute("value", key)
        expect(page.locator(f"{OPTIONS}.wrong")).to_have_attribute("value", other)
        told = page.locator("#verdict").text_content()
        page.click(f"{OPTIONS}[value={key}]", force=True)  # one answer a question
        expect(page.locator("#verdict")).to_have_text(told or "")

    picture = f"front-played-{language}"
    assert browser.look(live.url, "/", ready=ASK, act=play, language=language, picture=picture) == []
    assert browser.look(live.url, "/", ready=ASK, act=play, language=language, dark=True, width=PHONE) == []


def test_the_keyboard_is_enough(browser, live):
    def play(page: Page) -> None:
        focused = "document.activeElement.matches(%r)"
        for _ in range(20):
            page.keyboard.press("Tab")
            if page.evaluate(focused % ASK):
                break
        assert page.evaluate(focused % ASK)
        key = asked(page, "Enter")["correctAnswer"]
        page.wait_for_function(focused % OPTIONS)
        for _ in "ABCD"[: "ABCD".index(key)]:
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator("#verdict[role=status]")).to_contain_text("¡Correcto!")
        assert page.evaluate(focused % f"{OPTIONS}.right"), "the place in the page is lost"

    assert browser.look(live.url, "/", ready=ASK, act=play) == []


def test_who_asks_too_often_is_told_how_long_to_wait(browser):
    def press(page: Page) -> None:
        asked(page)
        with page.expect_response("**/api/challenges/generate") as refused:
            page.click(ASK)
        assert refused.value.status == 429
        seconds = int(refused.value.headers["retry-after"])
        wait = f"{seconds} s" if seconds < 90 else f"{-(-seconds // 60)} min"
        expect(page.locator("#verdict")).to_contain_text(f"Podrás pedir otra dentro de {wait}.")

    with Live(RATE_LIMIT_AI="1/1h") as server:
        seen = browser.look(server.url, "/", ready=ASK, act=press, width=PHONE, picture="front-refused")
    assert [one for one in seen if "429" not in one] == []  # Chromium writes each answer above 399 on its console


def test_a_server_that_is_gone_is_told(browser, live):
    def press(page: Page) -> None:
        page.context.set_offline(True)
        page.click(ASK)
        expect(page.locator("#verdict")).to_contain_text("No hay conexión con el servidor.")

    seen = browser.look(live.url, "/", ready=ASK, act=press)
    assert [one for one in seen if "ERR_INTERNET_DISCONNECTED" not in one] == []


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_it_can_be_read_without_javascript(browser, live, width):
    def read(page: Page) -> None:
        expect(page.locator("noscript pre")).to_contain_text("/api/challenges/groq")
        expect(page.locator("form")).to_be_hidden()
        links = page.locator(".doors a").evaluate_all("links => links.map((link) => link.getAttribute('href'))")
        assert links == ["/api-docs", "/api-docs/redoc", "/admin/", "/health"]

    assert browser.look(live.url, "/", act=read, scripts=False, width=width, picture="front-without-scripts") == []


@pytest.mark.parametrize(("path", "asked", "heading"), [
    ("/", "en-GB,en;q=0.8", "Learning by questions"), ("/", "fr", "Aprender a base de preguntas"),
    ("/?lang=es", "en", "Aprender a base de preguntas"), ("/?lang=en", "es", "Learning by questions"),
    ("/?lang=xx", "en", "Learning by questions"),
])  # fmt: skip
def test_it_speaks_the_language_that_is_asked_for(client, path, asked, heading):
    answer = client.get(path, headers={"Accept-Language": asked})
    assert f"<h1>{heading}</h1>" in answer.text
    assert f'<html lang="{answer["Content-Language"]}">' in answer.text
    assert "Accept-Language" in answer["Vary"]


def test_a_copy_in_the_browser_keeps_the_policy_it_came_with(client):
    first = client.get("/")
    again = client.get("/", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    assert "Content-Security-Policy" not in again  # it would replace that of the copy


def test_other_paths_are_answered_in_json(client):
    answer = client.get("/no-such-page")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"
