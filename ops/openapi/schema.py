"""How a view becomes an operation of the OpenAPI document.

drf-spectacular reads paths, bodies and summaries from the views. What it cannot know is added here: every refusal with
its code, who may ask, the limit, the headers, and examples. All of it is read from what the views themselves work with.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent, get_doc

from ops.fields import Email, Text
from ops.openapi.examples import example_of_error, examples_of
from ops.openapi.refusals import Refusal, common_refusals, refusal_of
from ops.permissions import Anyone, SignedIn

HEADERS = {
    "X-Request-ID": ("The request's id in the server's log; one's own when it was sent and sane", "string"),
    "Server-Timing": ("Milliseconds in total, in the database and in the cache", "string"),
    "RateLimit-Limit": ("Calls that the budget allows in a window", "integer"),
    "RateLimit-Remaining": ("Calls that are left in this window", "integer"),
    "RateLimit-Reset": ("Seconds until the budget is whole again", "integer"),
    "RateLimit-Policy": ("The limit and its window in seconds, as `30;w=60`", "string"),
    "Retry-After": ("Seconds to wait", "integer"),
    "WWW-Authenticate": ("How to authenticate", "string"),
    "Set-Cookie": ("The cookie `token`, set or cleared", "string"),
    "ETag": ("The answer's fingerprint, for `If-None-Match`", "string"),
    "X-Cache": ("`HIT` when the answer was ready, else `MISS`", "string"),
    "Cache-Control": ("Who may keep the answer", "string"),
}
ALWAYS = ["X-Request-ID", "Server-Timing"]
LIMIT_HEADERS = ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "RateLimit-Policy"]
OF_STATUS = {401: ["WWW-Authenticate"], 429: [*LIMIT_HEADERS, "Retry-After"], 503: ["Retry-After"]}
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The `ETag` of the copy that the client has",
    "schema": {"type": "string"},
}
SUFFIXES = {
    "list": "list",
    "create": "create",
    "retrieve": "read",
    "partial_update": "change",
    "destroy": "delete",
    "destroy_named_so": "delete",
}
OTHER_SUFFIXES = {"get": "read", "put": "change", "delete": "delete"}
BEARER_OR_COOKIE: list[dict[str, list[str]]] = [{"bearer": []}, {"cookie": []}]


class Schema(AutoSchema):
    """REST_FRAMEWORK["DEFAULT_SCHEMA_CLASS"]."""

    view: Any

    @property
    def handler(self) -> Any:
        return getattr(self.view, getattr(self.view, "action", None) or self.method.lower())

    @property
    def place(self) -> str:
        """The path of today."""
        return self.view.instead or str(self.path)

    def get_operation_id(self) -> str:
        parts = [part for part in self.place.removeprefix("/api/").split("/") if not part.startswith("{")]
        words = ["metrics", parts[-1]] if parts[0] == "metrics" else parts
        several = [method for method in OTHER_SUFFIXES if hasattr(self.view, method)]
        if suffix := SUFFIXES.get(getattr(self.view, "action", None) or ""):
            words.append(suffix)
        elif not hasattr(self.view, "action") and (len(several) > 1 or self.method == "DELETE"):
            words.append(OTHER_SUFFIXES[self.method.lower()])
        if self.is_deprecated():
            words.append("old_path")
        return "_".join(words).replace("-", "_")

    def get_tags(self) -> list[str]:
        return [self.place.removeprefix("/api/").split("/")[0]]

    def get_description(self) -> str:  # type: ignore[override]  # as drf-spectacular has it
        """The handler's own docstring; a class's speaks to its programmers."""
        return get_doc(self.handler) or ""

    def is_deprecated(self) -> bool:
        return bool(self.view.instead)

    def get_auth(self) -> list[dict[str, list[str]]]:
        super().get_auth()  # which describes the schemes
        if not getattr(self.handler, "knows_user", True):
            return []
        return BEARER_OR_COOKIE if self.needs_user else [{}, *BEARER_OR_COOKIE]

    def _get_request_body(self, direction: Any = "request") -> Any:
        """Of a DELETE, too, where the handler says so: drf-spectacular would leave it out."""
        method = self.method
        if getattr(self.handler, "takes_body", False):
            self.method = "POST"
        try:
            return super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        finally:
            self.method = method

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        meta = super()._map_serializer_field(field, direction, bypass_extensions)  # type: ignore[no-untyped-call]
        if isinstance(field, Text | Email) and not field.allow_blank and "enum" not in meta:
            least = meta.setdefault("minLength", 1)
            if field.trim_whitespace and "format" not in meta:
                # What is trimmed must have something left, or as much as its least length asks for.
                meta.setdefault("pattern", r"\S" if least < 2 else rf"\S[\s\S]{{{least - 2},}}\S")
        return meta

    @property
    def needs_user(self) -> bool:
        return SignedIn in self.view.permission_classes

    def get_operation(self, *arguments: Any, **options: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*arguments, **options)
        if operation is None:
            return None
        if not operation.get("security"):
            operation["security"] = []
        operation["description"] = "\n\n".join(filter(None, [operation.get("description"), *self.rules()]))
        if getattr(self.handler, "not_modified", False):
            operation.setdefault("parameters", []).append(IF_NONE_MATCH)
            operation["responses"]["304"] = {"description": ""}
        for status, response in operation["responses"].items():
            response["description"] = response["description"] or SUCCESSES[status]
            more = getattr(self.handler, "answers_with", ())
            response["headers"] = self.headers([*LIMIT_HEADERS, *more], present=more)
        recorded = examples_of(self.place, self.method)
        refusals_by_status = self.refusals(operation)
        for status, refusals in refusals_by_status.items():
            operation["responses"][str(status)] = self.refused(status, refusals)
        for status, response in operation["responses"].items():
            for media in response.get("content", {}).values():
                if examples := media.pop("examples", {}) | named(recorded.get("responses", {}).get(status, {})):
                    media["examples"] = examples
        for status, refusals in refusals_by_status.items():
            if len(refusals) == 1 and str(status) not in recorded.get("responses", {}):
                response = operation["responses"][str(status)]
                operation["responses"][str(status)] = self.refer("responses", name_of(refusals[0]), response)
        if "requestBody" in operation and "request" in recorded:
            operation["requestBody"]["content"]["application/json"]["examples"] = named({"sent": recorded["request"]})
        return operation

    def rules(self) -> Iterator[str]:
        """What holds for this operation beside what it does."""
        if self.view.instead:
            yield f"The first generation's path of `{self.view.instead}`, which new clients should use."
        name = self.limit_class
        limit, window = settings.RATE_LIMITS[name]
        counted = "per address, and per account that is named" if name == "auth" else "per learner or visitor's address"
        free = getattr(self.handler, "free_calls", "")
        yield f"**Limit** `{name}`: {limit} calls in {in_words(window)} {counted}.{f' {free}' if free else ''}"

    @property
    def limit_class(self) -> str:
        return str(getattr(self.handler, "limit_class", "global"))

    def refusals(self, operation: dict[str, Any]) -> dict[int, list[Refusal]]:
        """Every refusal, by status."""
        found = [refusal_of(error) for error in getattr(self.handler, "refusals", ())]
        with_body = "requestBody" in operation
        checked = getattr(self.handler, "validates", with_body or self.has_query(operation))
        asks_for_user = self.needs_user or Anyone not in self.view.permission_classes
        found += common_refusals(
            body=with_body, checked=checked, user=asks_for_user, unsafe=self.method != "GET" and bool(self.get_auth())
        )
        by_status: dict[int, list[Refusal]] = {}
        for refusal in found:
            known = by_status.setdefault(refusal.status, [])
            if refusal.code not in [other.code for other in known]:
                known.append(refusal)
        return dict(sorted(by_status.items()))

    def has_query(self, operation: dict[str, Any]) -> bool:
        return any(parameter["in"] == "query" for parameter in operation.get("parameters", ()))

    def refused(self, status: int, refusals: list[Refusal]) -> dict[str, Any]:
        """The response of this status: one of these codes."""
        schemas = [self.refer("schemas", name_of(refusal) + "Error", refusal.schema()) for refusal in refusals]
        examples = {refusal.code: example_of_error(refusal.code) for refusal in refusals}
        return {
            "description": "\n\n".join(f"`{refusal.code}`: {refusal.sentence}" for refusal in refusals),
            "headers": self.headers(OF_STATUS.get(status, []), present=OF_STATUS.get(status, [])),
            "content": {
                "application/json": {
                    "schema": schemas[0] if len(schemas) == 1 else {"oneOf": schemas},
                    "examples": named({code: example for code, example in examples.items() if example}),
                }
            },
        }

    def headers(self, names: Iterable[str], *, present: Iterable[str] = ()) -> dict[str, Any]:
        """The headers of a response: these and those that all have. `present` are there without exception."""
        return {name: self.header(name, name in ("X-Request-ID", *present)) for name in [*ALWAYS, *names]}

    def header(self, name: str, present: bool) -> dict[str, str]:
        description, kind = HEADERS[name]
        header: dict[str, Any] = {"description": description, "schema": {"type": kind}}
        if present:
            header["required"] = True
        return self.refer("headers", name if present else f"{name}-perhaps", header)

    def refer(self, kind: str, name: str, schema: dict[str, Any]) -> dict[str, str]:
        """The reference to a component, which is made when it is not there."""
        component = ResolvedComponent(name, kind, schema, object=Refusal)  # type: ignore[no-untyped-call]
        self.registry.register_on_missing(component)
        reference: dict[str, str] = component.ref
        return reference


SUCCESSES = {"200": "Done.", "201": "Created.", "304": "The client's copy is current; no body."}


def named(values: dict[str, Any]) -> dict[str, Any]:
    return {name: {"value": value} for name, value in values.items()}


def name_of(refusal: Refusal) -> str:
    return "".join(word.capitalize() for word in refusal.code.removesuffix("_error").split("_"))


def in_words(seconds: int) -> str:
    for size, word in ((3600, "hour"), (60, "minute")):
        if seconds % size == 0:
            return f"{seconds // size} {word}{'s' if seconds > size else ''}"
    return f"{seconds} seconds"


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the document describes what accounts.authentication does: cookie or bearer, the same token."""

    target_class = settings.REST_FRAMEWORK["DEFAULT_AUTHENTICATION_CLASSES"][0]
    name = ["bearer", "cookie"]

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        return [
            {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "The token, in a header."},
            {"type": "apiKey", "in": "cookie", "name": "token", "description": "The token, as log-in sets it."},
        ]
