from typing import Any

import orjson
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ops import llm

SCHEMA = {
    "title": "check",
    "type": "object",
    "additionalProperties": False,
    "required": ["ok"],
    "properties": {"ok": {"type": "boolean"}},
}
MEANING = {
    "not_configured": "No model is configured: set GROQ_API_KEY, or AI_BASE_URL (and AI_API_KEY if it asks for one).",
    "unreachable": "The server cannot be reached: check AI_BASE_URL, the network and its certificate.",
    "timeout": "The server did not answer within AI_TIMEOUT seconds.",
    "not_allowed": "The server refuses the key (401, 402 or 403): check AI_API_KEY and the account behind it.",
    "rate_limited": "The server says that too many calls were made (429): wait, or raise the limit of the account.",
    "model_gone": "The server has none of the models: set AI_MODEL to one of those listed above.",
    "http_error": "The server answers with an error.",
    "malformed": "The server answers something that is no chat completion: is AI_BASE_URL right (it ends in /v1)?",
    "truncated": "The model did not finish within the tokens it was given: it may need a larger one for its thoughts.",
    "refused": "The model gave an empty answer.",
    "budget": "Today's budget of calls is used up: AI_CALLS_PER_SITE.",
    "breaker_open": "The breaker is open.",
}


class Command(BaseCommand):
    help = "Ask the configured language model for its list of models and one tiny answer; say in words what is wrong."

    def handle(self, **options: Any) -> None:
        if not llm.is_configured():
            raise CommandError(MEANING["not_configured"])
        self.stdout.write(f"server     {settings.AI_BASE_URL}")
        try:
            models = llm.list_models()
        except llm.LLMError as exc:
            self.stdout.write(f"models     not listed ({exc})")
        else:
            self.stdout.write(f"models     {', '.join(models) or 'none listed'}")
            for model in [settings.AI_MODEL, *settings.AI_FALLBACK_MODELS]:
                if models and model not in models:
                    self.stdout.write(f"           {model} is configured and not among them")
        messages = [{"role": "user", "content": 'Return exactly this JSON and nothing else: {"ok": true}'}]
        try:
            answer = llm.complete(messages, schema=SCHEMA, max_tokens=300, purpose="check", temperature=0.0)
        except llm.LLMError as exc:
            raise CommandError(f"{MEANING.get(exc.reason, 'The call failed.')} ({exc})") from exc
        self.stdout.write(f"answered   {answer.model} in {answer.seconds:.2f} s, {answer.completion_tokens} tokens")
        if not _is_ok(answer.text):
            raise CommandError(f"The model does not return the JSON that was asked for, but: {answer.text[:200]!r}")
        self.stdout.write(self.style.SUCCESS("The language model works."))


def _is_ok(text: str) -> bool:
    try:
        return bool(orjson.loads(text[text.find("{") : text.rfind("}") + 1]).get("ok") is True)
    except (orjson.JSONDecodeError, AttributeError):
        return False
