"""The one door to the language model: any server that speaks OpenAI's chat completions.

What goes in is the caller's affair (never a name, an e-mail or an id); what comes back is untrusted text. Calls are
bounded in time and in tries, retry only what may pass (429, 5xx, time-outs), honour Retry-After, and fall back to
another model when one is gone. Every failure is an `LLMError`.
"""

import logging
import random
import time
from dataclasses import dataclass
from typing import Any

import orjson
from django.conf import settings

logger = logging.getLogger(__name__)

MAX_ANSWER_BYTES = 256 * 1024
RETRY_STATUSES = {408, 409, 425, 429, 500, 502, 503, 504}
GONE = {"model_not_found", "model_decommissioned", "model_not_active"}
FIRST_PAUSE = 0.5  # seconds before the first retry, doubling, with jitter


class LLMError(Exception):
    """The model gave no usable answer. `reason` is a stable word for logs and counters."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


class ModelGone(LLMError):
    """The server does not have this model (any more)."""


@dataclass(frozen=True, slots=True)
class Completion:
    text: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    seconds: float


def is_configured() -> bool:
    return bool(settings.AI_BASE_URL)


def complete(
    messages: list[dict[str, str]], *, schema: dict[str, Any], max_tokens: int, temperature: float = 0.7
) -> Completion:
    """The model's answer to `messages`, asked for as JSON by `schema` (a JSON Schema with a title).

    Raises LLMError within AI_TIMEOUT seconds, tries included.
    """
    if not is_configured():
        raise LLMError("not_configured")
    deadline = time.monotonic() + settings.AI_TIMEOUT
    models = [settings.AI_MODEL, *settings.AI_FALLBACK_MODELS]
    for model in models:
        payload = {
            "model": model,
            "messages": messages,
            "max_tokens": max_tokens,
            "temperature": temperature,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": schema["title"], "strict": True, "schema": schema},
            },
        }
        try:
            return _ask(payload, deadline)
        except ModelGone:
            logger.warning("language model is gone", extra={"model": model, "component": "llm"})
    raise LLMError("model_gone", ", ".join(models))


def _ask(payload: dict[str, Any], deadline: float) -> Completion:
    """One model's answer, with retries until the deadline."""
    failure = LLMError("timeout")
    for attempt in range(settings.AI_RETRIES + 1):
        started = time.monotonic()
        if started >= deadline:
            break
        status, headers, body = _post(payload, deadline)
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


def _post(payload: dict[str, Any], deadline: float) -> tuple[int, dict[str, str], bytes]:
    """(status, headers, body); status 0 when the server could not be reached or did not answer in time."""
    import urllib3

    left = max(0.1, deadline - time.monotonic())
    try:
        response = _pool().request(
            "POST",
            f"{settings.AI_BASE_URL}/chat/completions",
            body=orjson.dumps(payload),
            headers=_headers(),
            timeout=urllib3.Timeout(connect=min(settings.AI_CONNECT_TIMEOUT, left), read=left),
            preload_content=False,
            retries=False,
        )
        try:
            return response.status, dict(response.headers), _read(response, deadline)
        finally:
            response.release_conn()
    except urllib3.exceptions.TimeoutError:
        return 0, {}, b"timeout"
    except urllib3.exceptions.HTTPError:
        return 0, {}, b"unreachable"


def _read(response: Any, deadline: float) -> bytes:
    """The body, bounded in size and by the deadline: a server that drips must not hold a thread for ever."""
    import urllib3

    chunks, size = [], 0
    for chunk in response.stream(16 * 1024):
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
        return FIRST_PAUSE * 2**attempt * random.uniform(0.5, 1.0)


_pools: dict[str, Any] = {}


def _pool() -> Any:
    """One pool of connections for the process; made on the first call, since most requests never need it."""
    import urllib3

    if "pool" not in _pools:
        _pools["pool"] = urllib3.PoolManager(maxsize=16, block=False)
    return _pools["pool"]
