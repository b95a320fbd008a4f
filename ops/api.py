"""What every API view shares: who is asking, in which language, within which limit."""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSetMixin

from ops import budget, limits
from ops.headers import set_plain
from ops.json import JsonRenderer
from ops.language import speak
from ops.permissions import Anyone
from persenaut.errors import DomainError, NotFound

RENDERER = JsonRenderer()


Handler = TypeVar("Handler", bound=Callable[..., Any])


def refuses(*errors: type[DomainError], **more: Any) -> Callable[[Handler], Handler]:
    """What the API document says of a handler beside what it can see: its own refusals, and in `more` one of

    `validates=False`: a body that is wrong is answered otherwise than by validation_error;
    `takes_body`: a DELETE that has one;
    `knows_user=False`: a token changes nothing;
    `free_calls`: a sentence on which calls cost no budget;
    `answers_with`: headers of its successful answers;
    `not_modified=True`: it may answer 304.
    """

    def mark(handler: Handler) -> Handler:
        vars(handler).update(more, refusals=errors)
        return handler

    return mark


@cache
def made(*classes: Any) -> list[Any]:
    """One instance of each class for all requests: DRF's habit of making them anew for each costs 10 us."""
    return [cls() for cls in classes]


# The header of each view class with the methods that its actions are bound to; asking the view for each takes 8 us.
_allow: dict[tuple[Any, ...], str] = {}


class LengthRequired(DomainError):
    status = 411
    code = "length_required"


class ApiView(APIView):
    """Base of all API views. Order of a request: who, language, limit, permission, handler."""

    usage: limits.Usage | None = None
    instead = ""  # the path of today, where this view is at one of the first generation's

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # This API speaks JSON, whatever a client accepts: there is nothing to negotiate.
        request.accepted_renderer, request.accepted_media_type = RENDERER, RENDERER.media_type
        self.perform_authentication(request)
        meta = request._request.META  # `headers` would go through all of it first: 15 us
        if language := getattr(request.user, "language", ""):
            speak(request._request, language)
        if "chunked" in meta.get("HTTP_TRANSFER_ENCODING", ""):
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

    # All of them without state, hence shared.
    def get_authenticators(self) -> list[Any]:
        return made(*tuple[Any, ...](self.authentication_classes))

    def get_parsers(self) -> list[Any]:
        return made(*tuple[Any, ...](self.parser_classes))

    def get_permissions(self) -> list[Any]:
        return made(*tuple[Any, ...](self.permission_classes))

    def get_content_negotiator(self) -> Any:
        negotiation: Any = self.content_negotiation_class
        return made(negotiation)[0]

    @property
    def default_response_headers(self) -> dict[str, str]:
        key = (type(self), *(getattr(self, "action_map", None) or ()))
        if key not in _allow:
            _allow[key] = ", ".join(self.allowed_methods)
        return {"Allow": _allow[key]}

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
        more, self.headers = self.headers, {}
        response = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[arg-type]  # DRF takes any
        if self.usage:
            more |= self.usage.headers()
        if "Cache-Control" not in response:
            more["Cache-Control"] = "no-store"
        set_plain(response, more)
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
