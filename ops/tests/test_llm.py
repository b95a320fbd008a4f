"""The one door to the model: bounded in tries, time and budgets, and shut while the server is broken."""

import contextlib
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from ops import budget, llm
from ops.models import ModelBudget, ModelCall
from tests import model_server as says

SCHEMA = {"title": "anything", "type": "object"}
MESSAGES = [{"role": "user", "content": "Hola 1"}]
FINE = says.completion('{"ok": true}')


def ask(**changes):
    return llm.complete(MESSAGES, **{"schema": SCHEMA, "max_tokens": 50} | changes)


def reason_of(**changes) -> str:
    with pytest.raises(llm.LLMError) as failure:
        ask(**changes)
    return failure.value.reason


@pytest.fixture(autouse=True)
def _payer(db):
    budget.set_payer("")


def test_what_goes_out_and_what_is_written_down(model, settings, learner):
    settings.AI_API_KEY, settings.AI_PRICE_INPUT, settings.AI_PRICE_OUTPUT = "gsk_secret", 0.1, 0.5
    model.reset(lambda payload, number: FINE)
    with budget.paid_by(learner.pk):
        answer = ask(purpose="tutor")
    assert answer.text == '{"ok": true}' and answer.model == "test-model"
    call = ModelCall.objects.get()
    assert (call.purpose, call.outcome, call.user_id, call.model) == ("tutor", "ok", learner.pk, "test-model")
    assert (call.prompt_tokens, call.completion_tokens, float(call.cost)) == (100, 50, 0.000035)
    assert call.seconds > 0


def test_calls_stay_in_the_sums_when_their_user_goes(model, learner):
    with budget.paid_by(learner.pk):
        ask()
    learner.delete()
    assert ModelCall.objects.get().user_id is None


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again_a_few_times(model, settings, status):
    settings.AI_RETRIES = 2
    model.reset(lambda payload, number: says.error(status, **{"Retry-After": "0"}))
    assert reason_of() == ("rate_limited" if status == 429 else "http_error")
    assert len(model.calls) == 3


@pytest.mark.parametrize("status", [400, 401, 402, 403, 422])
def test_what_will_not_pass_is_not_tried_again(model, status):
    model.reset(lambda payload, number: says.error(status))
    reason_of()
    assert len(model.calls) == 1


def test_retry_after_is_honoured(model):
    model.reset(says.first(says.error(429, **{"Retry-After": "1"}), then=lambda payload, number: FINE))
    started = time.monotonic()
    ask()
    assert time.monotonic() - started >= 1


def test_a_server_that_drips_does_not_hold_a_thread_for_ever(settings):
    """A byte now and then keeps every read within its time-out; the whole is bounded all the same."""
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        with listener.accept()[0] as peer, contextlib.suppress(OSError):
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
            for _ in range(200):
                peer.sendall(b" ")
                time.sleep(0.05)

    thread = threading.Thread(target=drip)
    thread.start()
    settings.AI_BASE_URL = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    settings.AI_TIMEOUT, settings.AI_RETRIES = 1.0, 0
    llm.breaker.cache_clear()
    started = time.monotonic()
    assert reason_of() == "timeout"
    assert time.monotonic() - started < 4
    thread.join()
    listener.close()


def test_an_endless_answer_is_cut(model):
    model.reset(lambda payload, number: says.completion("x" * (llm.MAX_ANSWER_BYTES + 1)))
    assert reason_of() == "timeout"


def test_another_model_steps_in_for_one_that_is_gone(model, settings, caplog):
    settings.AI_MODEL, settings.AI_FALLBACK_MODELS = "old", ["new"]

    def behave(payload, number):
        return says.error(404, "model_not_found") if payload["model"] == "old" else FINE

    model.reset(behave)
    assert ask().text
    assert [record.model for record in caplog.records if record.getMessage() == "language model is gone"] == ["old"]
    settings.AI_FALLBACK_MODELS = []
    assert reason_of() == "model_gone"


class TestBudget:
    def test_a_user_an_address_and_the_site_have_one_each(self, model, settings, learner):
        settings.AI_CALLS_PER_USER, settings.AI_CALLS_PER_ADDRESS, settings.AI_CALLS_PER_SITE = 2, 1, 4
        with budget.paid_by(learner.pk):
            ask(), ask()
            assert reason_of() == "budget"
        budget.set_payer("ip:1.2.3.4")
        ask()
        assert reason_of() == "budget"
        budget.set_payer("ip:1.2.3.5")
        ask()
        budget.set_payer("ip:1.2.3.6")
        assert reason_of() == "budget", "the site's"
        assert len(model.calls) == 4
        assert not ModelBudget.objects.filter(payer__contains="1.2.3").exists(), "nobody's address is kept"

    def test_a_failed_call_gives_its_reservation_back(self, model, settings, learner):
        settings.AI_CALLS_PER_USER = 1
        model.reset(says.first(says.error(422), then=lambda payload, number: FINE))
        with budget.paid_by(learner.pk):
            assert reason_of() == "http_error"
            ask()
            assert reason_of() == "budget"

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("fails", [False, True])
    def test_fifty_at_once_never_exceed_a_budget_of_ten(self, model, settings, make_user, fails):
        settings.AI_CALLS_PER_USER, settings.AI_SEATS = 10, 50
        user = make_user()
        slow_answer = says.error(422) if fails else FINE
        model.reset(says.slow(0.3, then=lambda payload, number: slow_answer))

        def call(_):
            try:
                with budget.paid_by(user.pk):
                    ask()
                return "ok"
            except llm.LLMError as exc:
                return exc.reason
            finally:
                connection.close()

        with ThreadPoolExecutor(50) as pool:
            outcomes = list(pool.map(call, range(50)))
        used = ModelBudget.objects.get(payer=f"u:{user.pk}").used
        if fails:
            assert used == 0 and len(model.calls) >= 10
        else:
            assert (outcomes.count("ok"), outcomes.count("budget")) == (10, 40)
            assert (len(model.calls), used) == (10, 10)
        assert ModelBudget.objects.get(payer="site").used == used


class TestBreaker:
    """In real time, against a real server that misbehaves."""

    @pytest.fixture(autouse=True)
    def _quick(self, model, settings):
        settings.AI_RETRIES, settings.AI_BREAKER_SECONDS = 0, 0.6
        llm.breaker.cache_clear()

    def test_five_failures_open_it_one_trial_closes_it(self, model, caplog):
        model.reset(lambda payload, number: says.error(500))
        assert [reason_of() for _ in range(7)] == ["http_error"] * 5 + ["breaker_open"] * 2
        assert len(model.calls) == 5 and llm.breaker().state == "open"
        time.sleep(0.7)
        assert llm.breaker().state == "half-open"
        assert reason_of() == "http_error", "the trial"
        assert reason_of() == "breaker_open", "it failed: open again"
        time.sleep(0.7)
        model.reset(lambda payload, number: FINE)
        ask()
        assert llm.breaker().state == "closed"
        changes = [record.getMessage() for record in caplog.records if record.getMessage().startswith("breaker")]
        assert changes == ["breaker opened", "breaker closed"]

    def test_half_open_lets_one_caller_through(self, model):
        model.reset(lambda payload, number: says.error(401))
        assert [reason_of(), reason_of()] == ["not_allowed", "breaker_open"], "a refused key opens it at once"
        time.sleep(0.7)
        model.reset(says.slow(0.3, then=lambda payload, number: FINE))
        answers = llm.complete_many([llm.Prompt(MESSAGES, SCHEMA, 50)] * 4)
        reasons = [answer.reason for answer in answers if isinstance(answer, llm.LLMError)]
        assert reasons == ["breaker_open"] * 3 and len(model.calls) == 1

    def test_an_answer_that_is_no_good_says_nothing_of_the_server(self, model):
        model.reset(lambda payload, number: says.completion(""))
        assert [reason_of() for _ in range(8)] == ["refused"] * 8

    def test_failures_long_ago_do_not_count(self, model, monkeypatch):
        model.reset(lambda payload, number: says.error(500))
        for _ in range(4):
            reason_of()
        later = time.monotonic() + 61
        monkeypatch.setattr("ops.breaker.time.monotonic", lambda: later)
        monkeypatch.setattr("ops.llm.time.monotonic", lambda: later)
        assert reason_of() == "http_error" and llm.breaker().state == "closed"


def test_several_prompts_are_asked_at_the_same_time(model):
    model.reset(says.slow(0.4, then=lambda payload, number: says.completion(payload["messages"][0]["content"])))
    prompts = [llm.Prompt([{"role": "user", "content": str(number)}], SCHEMA, 50) for number in range(6)]
    started = time.monotonic()
    answers = llm.complete_many(prompts)
    assert [answer.text for answer in answers] == [str(number) for number in range(6)]
    assert time.monotonic() - started < 2, "one after the other would take 2.4 s"
    assert ModelCall.objects.count() == 6


class TestCheckCommand:
    def run(self, capsys) -> str:
        call_command("llm_check")
        return capsys.readouterr().out

    def test_all_is_well(self, model, settings, capsys):
        settings.AI_MODEL = "test-model"
        model.reset(lambda payload, number: FINE)
        said = self.run(capsys)
        assert "another, test-model" in said and "The language model works." in said
        assert "openai/gpt-oss-120b is configured and not among them" in said

    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            (says.error(401), "refuses the key"),
            (says.error(404, "model_not_found"), "none of the models"),
            (says.completion("Hello!"), "does not return the JSON"),
            ((200, {}, b"<html>"), "no chat completion"),
        ],
    )
    def test_says_in_words_what_is_wrong(self, model, answer, words):
        model.reset(lambda payload, number: answer)
        with pytest.raises(CommandError, match=words):
            call_command("llm_check")

    def test_nothing_configured_or_nobody_there(self, settings):
        with pytest.raises(CommandError, match="GROQ_API_KEY"):
            call_command("llm_check")
        settings.AI_BASE_URL, settings.AI_RETRIES = "http://127.0.0.1:9/v1", 0
        with pytest.raises(CommandError, match="cannot be reached"):
            call_command("llm_check")


def test_the_health_page_says_when_the_breaker_is_open(model, settings, client):
    settings.AI_BREAKER_SECONDS = 60
    llm.breaker.cache_clear()
    assert client.get("/health").json()["checks"]["model"]["status"] == "healthy"
    model.reset(lambda payload, number: says.error(401))
    reason_of()
    time.sleep(1.1)  # an answer of the page serves others for a second
    report = client.get("/health").json()
    assert (report["status"], report["checks"]["model"]["status"]) == ("degraded", "degraded")
    assert client.get("/readyz").status_code == 200
    llm.breaker.cache_clear()
