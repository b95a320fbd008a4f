"""Fields of the bodies that clients send: JSON's own types, and nothing that merely looks like them.

DRF's take the number 5 for the text "5" and the text "off" for false. What is taken here is what the document says.
"""

import math
import re
from datetime import date, time
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

MAX_ID = 2**63 - 1
MAX_SECONDS = 86_400  # no answer takes longer than a day
NO_TEXT = _("Envía un texto.")
CLOCK = r"^([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"
UUID_FORM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?", re.ASCII)


def text_of(data: Any) -> str:
    """`data`, which must be a text; ValidationError otherwise."""
    if not isinstance(data, str):
        raise serializers.ValidationError(NO_TEXT, code="invalid")
    return data


class Text(serializers.CharField):
    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(text_of(data))


class Email(serializers.EmailField):
    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(text_of(data))


class Password(Text):
    """Never trimmed: a space may be part of it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=128, trim_whitespace=False, style={"input_type": "password"}, **kwargs)


class Choice(serializers.ChoiceField):
    def to_internal_value(self, data: Any) -> str:
        return str(super().to_internal_value(text_of(data)))


@extend_schema_field({"oneOf": [{"type": "boolean"}, {"type": "integer", "enum": [0, 1]}]})
class Flag(serializers.BooleanField):
    """true or false, which some clients keep as 1 and 0."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool | int | float) or data not in (0, 1):
            self.fail("invalid", input=data)
        return bool(data)


@extend_schema_field({"type": "string", "pattern": CLOCK, "description": "HH:MM or HH:MM:SS, by the user's clock"})
class Clock(serializers.TimeField):
    def to_internal_value(self, value: Any) -> time:
        said = text_of(value)
        if not re.fullmatch(CLOCK.strip("^$"), said, re.ASCII):
            self.fail("invalid", format="HH:MM[:SS]")
        hour, minute, second = [*map(int, said.split(":")), 0][:3]
        return time(hour, minute, second)


class Day(serializers.DateField):
    def to_internal_value(self, value: Any) -> date:
        return super().to_internal_value(text_of(value))


class Uuid(serializers.UUIDField):
    def to_internal_value(self, data: Any) -> UUID:
        if not UUID_FORM.fullmatch(text_of(data)):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


@extend_schema_field(
    {
        "oneOf": [
            {"type": "integer", "minimum": 1, "maximum": MAX_ID},
            {"type": "string", "pattern": "^[1-9][0-9]{0,17}$", "description": "as some old clients send it"},
        ]
    }
)
class Id(serializers.IntegerField):
    """A row's id; old clients send it as text now and then."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=MAX_ID, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        whole = isinstance(data, float) and data.is_integer()
        digits = isinstance(data, str) and data.isascii() and data.isdigit() and not data.startswith("0")
        if isinstance(data, bool) or not (isinstance(data, int) or whole or digits):
            self.fail("invalid")
        return super().to_internal_value(int(data))


class Seconds(serializers.FloatField):
    """Seconds; how a learner's clock measured them is theirs to say, within reason."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=MAX_SECONDS, **kwargs)

    def to_internal_value(self, data: Any) -> float:
        numeric = isinstance(data, int | float) and not isinstance(data, bool)
        if not numeric and not (isinstance(data, str) and NUMBER.fullmatch(data)):
            self.fail("invalid")
        value = super().to_internal_value(data)
        if not math.isfinite(value):
            self.fail("invalid")
        return round(value, 3)


@extend_schema_field({"type": ["integer", "string"]})
class UserId(serializers.Field[Any, Any, Any, Any]):
    """The `userId` that old clients send; `ops.api.own_id` looks at it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, allow_null=True, help_text="One's own id, as old clients send it", **kwargs)

    def to_internal_value(self, data: Any) -> int | str:
        if isinstance(data, bool) or not isinstance(data, int | str):
            raise serializers.ValidationError(_("Envía un identificador."), code="invalid")
        return data
