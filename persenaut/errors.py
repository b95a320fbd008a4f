"""The one error body of the API, `{error, code, details, requestId}`, and every way to it.

A refusal of our own is a `DomainError`; DRF's and Django's errors are translated; what is not known here stays a
500 with a traceback in the log and a plain sentence for the client.
"""

import sys
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions as drf
from rest_framework.response import Response

from ops.logs import log_error, request_id

DATABASE_RETRY_AFTER = 2  # seconds


class DomainError(Exception):
    """A refusal with a stable code for programs and a sentence for people. Subclass it; raise it in services."""

    status = 400
    code = "invalid"
    message: Any = gettext_lazy("La petición no es válida.")
    retry_after: int | None = None  # seconds

    def __init__(self, message: Any = None, *, details: Any = None) -> None:
        super().__init__(self.code)
        self.message = message or self.message
        self.details = details
        self.more: dict[str, Any] = {}  # further fields of the body


class NotFound(DomainError):
    status = 404
    code = "not_found"
    message = gettext_lazy("No encontrado.")


class PayloadTooLarge(DomainError):
    status = 413
    code = "payload_too_large"
    message = gettext_lazy("La petición es demasiado grande.")


class MissingFields(DomainError):
    """A body without what it needs, where the contract gives the sentence; details name the fields."""

    code = "validation_error"

    def __init__(self, message: Any, fields: list[str]) -> None:
        said = [{"path": field, "msg": _("Este campo es obligatorio.")} for field in fields]
        super().__init__(message, details=said)


def body(error: Any, code: str, details: Any = None, **more: Any) -> dict[str, Any]:
    """The error body of the contract."""
    said = {"error": str(error), "code": code}
    if details is not None:
        said["details"] = details
    return said | more | {"requestId": request_id.get()}


def handle(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's EXCEPTION_HANDLER."""
    return response_for(exc)  # None for a bug: Django logs the traceback and answers with `server_error` below


def response_for(exc: Exception) -> Response | None:
    """The response that tells a client about `exc`; None for what only a bug can raise."""
    match exc:
        case DomainError():
            headers = {"Retry-After": str(exc.retry_after)} if exc.retry_after else {}
            if exc.status == 401:
                headers["WWW-Authenticate"] = "Bearer"
            return Response(body(exc.message, exc.code, exc.details, **exc.more), exc.status, headers=headers)
        case drf.ValidationError():
            return validation_response(flatten(exc.detail))
        case DjangoValidationError():
            return validation_response([{"path": "", "msg": message} for message in exc.messages])
        case drf.APIException():
            return translated(exc)
        case Http404() | ObjectDoesNotExist():
            return response_for(NotFound())
        case PermissionDenied():
            return translated(drf.PermissionDenied())
        case RequestDataTooBig():
            return response_for(PayloadTooLarge())
        case SuspiciousOperation():
            return response_for(DomainError())
        case OperationalError() | InterfaceError():
            log_error(exc, {"component": "database"})
            return database_unavailable()
    return None


def validation_response(details: list[dict[str, str]]) -> Response:
    return Response(body(_("Errores de validación"), "validation_error", details), 400)


def database_unavailable() -> Response:
    """503: nothing was stored, and a client may simply try again."""
    sentence = _("El servicio no está disponible en este momento. Inténtalo de nuevo en unos segundos.")
    return Response(body(sentence, "database_unavailable"), 503, headers={"Retry-After": str(DATABASE_RETRY_AFTER)})


def translated(exc: drf.APIException) -> Response:
    """DRF's own errors, with our codes and sentences."""
    headers = {}
    if wait := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = wait
    match exc:
        case drf.ParseError():
            code, sentence = "malformed_json", _("El cuerpo de la petición no es JSON válido.")
        case drf.NotAuthenticated() | drf.AuthenticationFailed():
            code, sentence = "not_authenticated", str(exc.detail)
        case drf.MethodNotAllowed():
            code, sentence = "method_not_allowed", _("Este recurso no admite ese método.")
        case drf.UnsupportedMediaType():
            code, sentence = "unsupported_media_type", _("Envía el cuerpo como application/json.")
        case drf.NotAcceptable():
            code, sentence = "not_acceptable", _("Este servicio responde en application/json.")
        case drf.NotFound():
            code, sentence = "not_found", str(NotFound.message)
        case drf.PermissionDenied():
            code, sentence = "forbidden", _("No tienes permiso para hacer esto.")
        case _:
            code, sentence = str(exc.default_code), str(exc.detail)
    return Response(body(sentence, code), exc.status_code, headers=headers)


def flatten(detail: Any, path: str = "") -> list[dict[str, str]]:
    """DRF's nested error detail as the contract's flat list of {path, msg}."""
    return list(_flat(detail, path))


def _flat(detail: Any, path: str) -> Iterator[dict[str, str]]:
    if isinstance(detail, dict):
        for key, value in detail.items():
            inner = path if key == "non_field_errors" else f"{path}.{key}".lstrip(".")
            yield from _flat(value, inner)
    elif isinstance(detail, list):
        for index, value in enumerate(detail):
            nested = isinstance(value, dict | list)
            yield from _flat(value, f"{path}.{index}".lstrip(".") if nested else path)
    else:
        yield {"path": path, "msg": str(detail)}


def json_error(status: int, code: str, sentence: Any) -> HttpResponse:
    return JsonResponse(body(sentence, code), status=status, json_dumps_params={"ensure_ascii": False})


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400: a suspicious request that never reached a view (a forged Host, say)."""
    return json_error(400, DomainError.code, DomainError.message)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return json_error(403, "forbidden", _("No tienes permiso para hacer esto."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return json_error(404, NotFound.code, NotFound.message)


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500: the traceback is in the log, under the request's id; a lost database is no bug of ours."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        answer = json_error(503, "database_unavailable", database_unavailable().data["error"])
        answer["Retry-After"] = str(DATABASE_RETRY_AFTER)
        return answer
    return json_error(
        500, "server_error", _("Algo ha fallado por nuestra parte. Indica este identificador si nos escribes.")
    )
