"""Lists in pages."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.views import APIView


class Pages(CursorPagination):
    """`limit` rows at a time. More than the most there can be counts as the most: old clients ask for "all"."""

    page_size = 20
    page_size_query_param = "limit"
    page_size_query_description = "How many; more than 100 counts as 100"
    max_page_size = 100
    cursor_query_description = "Where to go on, from `next` or `previous`"

    def get_page_size(self, request: Request) -> int:
        given = request.query_params.get("limit")
        if given is None:
            return self.page_size
        digits = given.lstrip("0")
        if not (digits.isascii() and digits.isdigit()):
            raise ValidationError({"limit": [_("Usa un número entero a partir de 1.")]})
        return min(int(digits[:4]), self.max_page_size)

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        parameters: list[dict[str, Any]] = super().get_schema_operation_parameters(view)
        for parameter in parameters:
            if parameter["name"] == "limit":
                parameter["schema"] = {"type": "integer", "minimum": 1, "default": self.page_size}
        return parameters
