"""What every API view shares: who is asking, in which language, within which limit."""

from typing import Any

from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSetMixin

from ops import budget, limits
from ops.json import JsonRenderer
from ops.language import speak
from ops.permissions import Anyone
from persenaut.errors import DomainError, NotFound

RENDERER = JsonRenderer()


class LengthRequired(DomainError):
    status = 411
    code = "length_required"


class ApiView(APIView):
    """Base of all API views. Order of a request: who, language, limit, permission, handler."""

    usage: limits.Usage | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # This API speaks JSON, whatever a client accepts: there is nothing to negotiate.
        request.accepted_renderer, request.accepted_media_type = RENDERER, RENDERER.media_type
        self.perform_authentication(request)
        speak(getattr(request.user, "language", ""), request.headers.get("Accept-Language", ""))
        if "chunked" in request.headers.get("Transfer-Encoding", ""):
            raise LengthRequired(_("Envía la cabecera Content-Length."))
        budget.set_payer(limits.client_key(request, request.user.pk))
        handler = getattr(self, (request.method or "").lower(), None)
        self.answer_for_free = None
        if free := getattr(handler, "limit_free", None):
            self.check_permissions(request)
            self.answer_for_free = free(self, request, **kwargs)
        if self.answer_for_free is None and not limits.skipped():
            self.spend(request, getattr(handler, "limit_class", "global"))
        self.check_permissions(request)

    def spend(self, request: Request, name: str) -> None:
        """Count this call; `auth` counts by address and by the account that is named."""
        user_id = None if name == "auth" else request.user.pk
        usages = [limits.spend(request, name, limits.client_key(request, user_id))]
        self.usage = usages[0]
        if name == "auth" and (account := self.named_account(request)):
            usages.append(limits.spend(request, name, limits.account_key(account)))
        self.usage = min(usages, key=lambda usage: usage.remaining)

    def named_account(self, request: Request) -> str:
        email = body_of(request).get("email")
        return email.strip() if isinstance(email, str) else ""

    def handle_exception(self, exc: Exception) -> Any:
        if isinstance(exc, limits.LimitExceeded):
            self.usage = exc.usage
        return super().handle_exception(exc)

    def finalize_response(self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[arg-type]  # DRF takes any
        if self.usage:
            limits.add_headers(response, self.usage)
        if "Cache-Control" not in response:
            response["Cache-Control"] = "no-store"
        return response


def body_of(request: Request) -> dict[str, Any]:
    """The body: JsonParser takes nothing but an object."""
    assert isinstance(request.data, dict)
    return request.data


def own_id(request: Request, given: Any) -> int:
    """The asking user's id. `given` is the `userId` that old clients send: it may be absent, and one that names
    somebody else is answered as if that user did not exist."""
    if given is not None and given != "" and str(given) != str(request.user.pk):
        raise NotFound(_("Usuario no encontrado"))
    return int(request.user.pk or 0)


class UnknownPath(ApiView):
    """Whatever is not there, under /api: 404 in the API's own words."""

    permission_classes = [Anyone]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise NotFound


class ApiViewSet(ViewSetMixin, ApiView):
    """ApiView for several actions on one subject."""
