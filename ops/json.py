"""JSON in and out of the API."""

from decimal import Decimal
from typing import Any

import orjson
from django.conf import settings
from django.http import HttpResponse
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from persenaut.errors import PayloadTooLarge


class JsonParser(BaseParser):
    """A JSON object, no larger than MAX_BODY_BYTES."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> dict[str, Any]:
        length = int(parser_context["request"].META.get("CONTENT_LENGTH") or 0)
        if length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise PayloadTooLarge
        try:
            data = orjson.loads(stream.read())
        except (orjson.JSONDecodeError, OSError) as exc:
            raise ParseError from exc
        if not isinstance(data, dict):
            raise ParseError
        return data


class JsonRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None  # JSON is UTF-8; a charset parameter means nothing on it

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        return b"" if data is None else dumps(data)


def dumps(data: Any) -> bytes:
    """JSON as this API writes it: decimals are numbers, lazy texts are text, times are in UTC with a Z."""
    return orjson.dumps(data, default=_jsonable, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)


def json_bytes(payload: bytes, status: int = 200) -> HttpResponse:
    """A response whose body is finished."""
    return HttpResponse(payload, content_type="application/json", status=status)


def _jsonable(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)
