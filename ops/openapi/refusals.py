"""The refusals that an operation can answer with, and how the document describes them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from persenaut.errors import DomainError, NotFound, PayloadTooLarge


@dataclass(frozen=True, slots=True)
class Refusal:
    status: int
    code: str
    sentence: str
    details: Any = None  # the schema of `details`, where there are any
    more: tuple[str, ...] = ()  # further texts of the body

    def schema(self) -> dict[str, Any]:
        text = {"type": "string"}
        properties: dict[str, Any] = {
            "error": text | {"description": "A sentence for people"},
            "code": {"type": "string", "const": self.code},
            "requestId": text | {"description": "The request's id in the server's log"},
        }
        required = ["error", "code", "requestId", *self.more]
        properties |= dict.fromkeys(self.more, text)
        if self.details:
            properties["details"] = self.details
        if self.code in WITH_DETAILS:
            required.append("details")
        return {"type": "object", "description": self.sentence, "properties": properties, "required": required}


FIELDS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"path": {"type": "string"}, "msg": {"type": "string"}},
        "required": ["path", "msg"],
    },
}
WITH_DETAILS = {"validation_error", "no_question_source"}
DETAILS: dict[str, Any] = {
    "not_found": {"type": "string"},
    "no_question_source": {
        "type": "object",
        "properties": {"themes": {"type": "array", "items": {"type": "string"}}},
        "required": ["themes"],
    },
}
SENTENCES = {
    "not_found": "There is no such thing, or it is somebody else's.",
    "wrong_password": "The password is wrong.",
    "no_question_source": "Nobody can make a question on this theme: not the model, not the question bank.",
}

VALIDATION = Refusal(400, "validation_error", "Some fields are not as they should be; details name them.", FIELDS)
MALFORMED = Refusal(400, "malformed_json", "The body is not a JSON object.")
NOT_AUTHENTICATED = Refusal(401, "not_authenticated", "There is no token, or it is no good any more.")
ORIGIN_REFUSED = Refusal(403, "origin_refused", "Authenticated by cookie, from a page of another site.")
LENGTH_REQUIRED = Refusal(411, "length_required", "The body came in chunks.")
TOO_LARGE = Refusal(413, PayloadTooLarge.code, "The body is too large.")
MEDIA_TYPE = Refusal(415, "unsupported_media_type", "The body is not application/json.")
RATE_LIMITED = Refusal(429, "rate_limited", "The budget is used up.", more=("message", "retryAfter"))
SERVER_ERROR = Refusal(500, "server_error", "A fault of ours; it is in the log.")
DATABASE = Refusal(503, "database_unavailable", "The database cannot be reached; nothing was stored.")


def common_refusals(*, body: bool, checked: bool, user: bool, unsafe: bool) -> Iterator[Refusal]:
    """What refuses before and after a handler: `body`, it takes one; `checked`, a body or query can be wrong; `user`, a
    token is asked for; `unsafe`, another site's page must not ask."""
    if checked:
        yield VALIDATION
    if body:
        yield from (MALFORMED, LENGTH_REQUIRED, TOO_LARGE, MEDIA_TYPE)
    if user:
        yield NOT_AUTHENTICATED
    if unsafe:
        yield ORIGIN_REFUSED
    yield from (RATE_LIMITED, SERVER_ERROR, DATABASE)


def refusal_of(error: type[DomainError]) -> Refusal:
    """A refusal of our own, as its class has it."""
    code = NotFound.code if issubclass(error, NotFound) else error.code
    sentence = SENTENCES.get(code) or str(error.message)
    return Refusal(error.status, code, sentence, DETAILS.get(code))
