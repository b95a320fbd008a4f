"""The one door to the language model: any server that speaks OpenAI's chat completions.

What goes in is the caller's affair (never a name, an e-mail or an id); what comes back is untrusted text. Calls are
bounded in time, in tries and by budgets (ops.budget); only what may pass is retried (429, 5xx, time-outs), honouring
Retry-After; another model steps in when one is gone; a breaker keeps learners from waiting for a server that is down;
some threads of the server never wait for it (ops.seats).
Every failure is an `LLMError`, every call a row in `model_calls`.
"""

import contextvars
import logging
import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import orjson
from django.conf import settings
from django.db import DatabaseError
from django.utils.translation import gettext_lazy as _

from ops import budget, prometheus
from ops.breaker import Breaker
from ops.models import ModelCall
from ops.seats import seat

logger = logging.getLogger(__name__)

MAX_ANSWER_BYTES = 256 * 1024
RETRY_STATUSES = {408, 409, 425, 429, 500, 502, 503, 504}
GONE = {"model_not_found", "model_decommissioned", "model_not_active"}
FIRST_PAUSE = 0.5  # seconds before the first retry, doubling, with jitter
PARALLEL = 8  # calls of one batch that are under way at once
# The server is in trouble; an answer that is no good (malformed, refused) says nothing about the next one.
SERVER_FAULTS = {"timeout", "unreachable", "http_error", "rate_limited", "not_allowed", "model_gone"}


class LLMError(Exception):
    """The model gave no usable answer. `reason` is a stable word for logs and counters."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


class ModelGone(LLMError):
    """The server does not have this model (any more)."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is asked. `schema` is a JSON Schema with a title; `purpose` says what for, in the records."""

    messages: list[dict[str, str]]
    schema: dict[str, Any]
    max_tokens: int
    purpose: str = "other"
    temperature: float = 0.7


@dataclass(frozen=True, slots=True)
class Completion:
    text: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    seconds: float


@cache
def breaker() -> Breaker:
    """This process's breaker."""
    return Breaker("llm", failures=5, window=60, rest=settings.AI_BREAKER_SECONDS)


def is_configured() -> bool:
    return bool(settings.AI_BASE_URL)


def complete(
    messages: list[dict[str, str]],
    *,
    schema: dict[str, Any],
    max_tokens: int,
    purpose: str = "other",
    temperature: float = 0.7,
) -> Completion:
    """The model's answer to `messages`, asked for as JSON by `schema`. LLMError within AI_TIMEOUT seconds."""
    [answer] = complete_many([Prompt(messages, schema, max_tokens, purpose, temperature)])
    if isinstance(answer, LLMError):
        raise answer
    return answer


def complete_many(prompts: Sequence[Prompt], *, seconds: float | None = None) -> list[Completion | LLMError]:
    """The answers to several prompts, asked at the same time: an answer or an error for each, in order.

    All are over within `seconds` (AI_TIMEOUT when absent), tries included. Budgets and records are this thread's work;
    the others only wait for the network. `busy` for all when this process has too many waiting already.
    """
    with seat() as is_seated:
        if not is_seated:
            return [LLMError("busy") for _ in prompts]
        return _complete_many(prompts, time.monotonic() + (settings.AI_TIMEOUT if seconds is None else seconds))


def _complete_many(prompts: Sequence[Prompt], deadline: float) -> list[Completion | LLMError]:
    entered = [_enter() for _ in prompts]
    begun = time.monotonic()
    answers: list[Completion | LLMError] = [LLMError("unreached")] * len(prompts)
    going = [index for index, pass_ in enumerate(entered) if not isinstance(pass_, LLMError)]
    for index, answer in zip(going, _ask_all([prompts[index] for index in going], deadline), strict=True):
        answers[index] = answer
    calls = []
    for index, (prompt, pass_) in enumerate(zip(prompts, entered, strict=True)):
        if isinstance(pass_, LLMError):
            answers[index] = pass_
            continue
        answer = answers[index]
        _leave(answer, pass_)
        calls.append(_record(prompt, answer, time.monotonic() - begun))
    _write_down(calls)
    return answers


def list_models() -> list[str]:
    """The names of the models that the server offers; LLMError when it does not say."""
    status, _headers, body = _request("GET", "/models", None, time.monotonic() + settings.AI_TIMEOUT)
    if status != 200:
        raise _failure(status, body)
    try:
        return sorted(str(model["id"]) for model in orjson.loads(body)["data"])
    except (ValueError, KeyError, TypeError) as exc:
        raise LLMError("malformed") from exc


def ailment() -> Any:
    """For the health page: one sentence while the breaker is not closed, else ""."""
    return _("El modelo de lenguaje no responde.") if is_configured() and breaker().state != "closed" else ""


def _enter() -> "list[Any] | LLMError":
    """The reservation of one call that may go out, or why it may not."""
    if not is_configured():
        return LLMError("not_configured")
    if not breaker().allows():
        return LLMError("breaker_open")
    taken = budget.reserve()
    if taken is None:
        breaker().abandoned()
        return LLMError("budget")
    return taken


def _leave(answer: Completion | LLMError, taken: list[Any]) -> None:
    """Settle: what failed is given back, and the breaker hears how it went."""
    if isinstance(answer, LLMError):
        budget.give_back(taken)
        if answer.reason in SERVER_FAULTS:
            breaker().failed(at_once=answer.reason == "not_allowed", reason=answer.reason)
            return
    breaker().succeeded()


def _record(prompt: Prompt, answer: Completion | LLMError, seconds: float) -> ModelCall:
    call = ModelCall(purpose=prompt.purpose, user_id=budget.paying_user(), seconds=round(seconds, 3))
    if isinstance(answer, LLMError):
        call.model, call.outcome = settings.AI_MODEL[:100], answer.reason
    else:
        call.model, call.outcome, call.seconds = answer.model[:100], "ok", round(answer.seconds, 3)
        call.prompt_tokens, call.completion_tokens = answer.prompt_tokens, answer.completion_tokens
        prices = settings.AI_PRICE_INPUT * answer.prompt_tokens + settings.AI_PRICE_OUTPUT * answer.completion_tokens
        call.cost = Decimal(str(round(prices / 1_000_000, 6)))
    return call


def _write_down(calls: list[ModelCall]) -> None:
    for call in calls:
        prometheus.model_called(
            call.outcome,
            call.seconds,
            prompt_tokens=call.prompt_tokens,
            completion_tokens=call.completion_tokens,
            cost=float(call.cost),
        )
    try:
        ModelCall.objects.bulk_create(calls)
    except DatabaseError:  # a record less is no reason to lose an answer
        logger.exception("model calls not recorded", extra={"component": "llm", "count": len(calls)})


def _ask_all(prompts: list[Prompt], deadline: float) -> list[Completion | LLMError]:
    if len(prompts) < 2:
        return [_ask_models(prompt, deadline) for prompt in prompts]
    with ThreadPoolExecutor(min(PARALLEL, len(prompts)), thread_name_prefix="llm") as pool:
        # Each in a copy of our context, so that its log lines carry the request's id.
        tasks = [pool.submit(contextvars.copy_context().run, _ask_models, prompt, deadline) for prompt in prompts]
        return [task.result() for task in tasks]


def _ask_models(prompt: Prompt, deadline: float) -> Completion | LLMError:
    """The answer of the first model that is there."""
    models = [settings.AI_MODEL, *settings.AI_FALLBACK_MODELS]
    for model in models:
        payload = {
            "model": model,
            "messages": prompt.messages,
            "max_tokens": prompt.max_tokens,
            "temperature": prompt.temperature,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": prompt.schema["title"], "strict": True, "schema": prompt.schema},
            },
        }
        try:
            return _ask(payload, deadline)
        except ModelGone:
            logger.warning("language model is gone", extra={"model": model, "component": "llm"})
        except LLMError as exc:
            return exc
    return LLMError("model_gone", ", ".join(models))


def _ask(payload: dict[str, Any], deadline: float) -> Completion:
    """One model's answer, with retries until the deadline."""
    failure = LLMError("timeout")
    for attempt in range(settings.AI_RETRIES + 1):
        started = time.monotonic()
        if started >= deadline:
            break
        status, headers, body = _request("POST", "/chat/completions", orjson.dumps(payload), deadline)
        if status == 200:
            return _completion(body, payload["model"], time.monotonic() - started)
        failure = _failure(status, body)
        if status == 400 and "response_format" in payload and b"response_format" in body:
            # A server without structured output: the prompt describes the JSON as well.
            payload = {key: value for key, value in payload.items() if key != "response_format"}
            continue
        if status not in RETRY_STATUSES and status != 0:
            break
        pause = _pause(attempt, headers)
        if time.monotonic() + pause >= deadline or attempt == settings.AI_RETRIES:
            break
        time.sleep(pause)
    logger.warning("language model failed", extra={"reason": failure.reason, "component": "llm"})
    raise failure


def _request(method: str, path: str, sent: bytes | None, deadline: float) -> tuple[int, dict[str, str], bytes]:
    """(status, headers, body); status 0 when the server could not be reached or did not answer in time."""
    import urllib3

    left = max(0.1, deadline - time.monotonic())
    try:
        response = _pool().request(
            method,
            f"{settings.AI_BASE_URL}{path}",
            body=sent,
            headers=_headers(),
            timeout=urllib3.Timeout(connect=min(settings.AI_CONNECT_TIMEOUT, left), read=left),
            preload_content=False,
            retries=False,
        )
        try:
            return response.status, dict(response.headers), _read(response, deadline)
        finally:
            response.release_conn()
    except urllib3.exceptions.NewConnectionError:  # which urllib3 counts among the time-outs
        return 0, {}, b"unreachable"
    except urllib3.exceptions.TimeoutError:
        return 0, {}, b"timeout"
    except urllib3.exceptions.HTTPError:
        return 0, {}, b"unreachable"


def _read(response: Any, deadline: float) -> bytes:
    """The body, bounded in size and by the deadline: a server that drips must not hold a thread for ever."""
    import urllib3

    chunks, size = [], 0
    while chunk := response.read1(16 * 1024):  # what has come, where `read` would wait for all of it
        chunks.append(chunk)
        size += len(chunk)
        if size > MAX_ANSWER_BYTES or time.monotonic() > deadline:
            response.close()
            raise urllib3.exceptions.TimeoutError
    return b"".join(chunks)


def _headers() -> dict[str, str]:
    headers = {"Content-Type": "application/json", "User-Agent": "persenaut"}
    if settings.AI_API_KEY:
        headers["Authorization"] = f"Bearer {settings.AI_API_KEY}"
    return headers


def _completion(body: bytes, model: str, seconds: float) -> Completion:
    try:
        answer = orjson.loads(body)
        choice = answer["choices"][0]
        text = choice["message"]["content"]
        usage = answer.get("usage") or {}
        said_model = str(answer.get("model") or model)
        tokens = int(usage.get("prompt_tokens") or 0), int(usage.get("completion_tokens") or 0)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as exc:
        raise LLMError("malformed") from exc
    if choice.get("finish_reason") == "length":
        raise LLMError("truncated")
    if not isinstance(text, str) or not text.strip():
        raise LLMError("refused")
    return Completion(text, said_model, *tokens, seconds)


def _failure(status: int, body: bytes) -> LLMError:
    if status == 0:
        return LLMError(body.decode())
    try:
        error = orjson.loads(body)["error"]
        code = str(error.get("code") or error.get("type") or "")
    except (ValueError, KeyError, TypeError, AttributeError):
        code = ""
    if code in GONE or (status == 404 and "model" in code):
        return ModelGone(code)
    if status in (401, 402, 403):
        return LLMError("not_allowed", f"{status} {code[:40]}")
    return LLMError("rate_limited" if status == 429 else "http_error", f"{status} {code[:40]}")


def _pause(attempt: int, headers: dict[str, str]) -> float:
    """Seconds before the next try: what the server asks for, else doubling with jitter."""
    asked = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    try:
        return max(0.0, float(asked))
    except ValueError:
        return float(FIRST_PAUSE * 2**attempt * random.uniform(0.5, 1.0))


@cache
def _pool() -> Any:
    """One pool of connections for the process; made on the first call, since most requests never need it."""
    import urllib3

    return urllib3.PoolManager(maxsize=16, block=False)
