"""The headers that keep browsers from being turned against their users.

Django's SecurityMiddleware sets HSTS, nosniff, Referrer-Policy and COOP; django-csp builds the policy of pages. Answers
of the API carry nothing to render, so theirs is the strictest there is and is written once, not built per request.
"""

from typing import Any

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

API_POLICY = "default-src 'none'; frame-ancestors 'none'"
PERMISSIONS = ", ".join(
    f"{feature}=()" for feature in ("camera", "geolocation", "microphone", "payment", "usb", "browsing-topics")
)


def set_plain(response: HttpResponseBase, headers: dict[str, str]) -> None:
    """Set headers that we have written ourselves, in ASCII and on one line. Saves 2 us each: Django encodes and checks
    names and values, as is right for what others wrote."""
    response.headers._store.update({name.lower(): (name, value) for name, value in headers.items()})


class HeadersMiddleware(CSPMiddleware):
    def __init__(self, get_response: Any) -> None:
        super().__init__(get_response)
        fixed = {
            # SecurityMiddleware would set these three as well; it finds them set, which is cheaper.
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
            "Cross-Origin-Opener-Policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
            "Permissions-Policy": PERMISSIONS,
            "Cross-Origin-Resource-Policy": settings.CROSS_ORIGIN_RESOURCE_POLICY,
            "Cross-Origin-Embedder-Policy": "require-corp",
            "X-Frame-Options": settings.X_FRAME_OPTIONS,
            # Off. The filter of old browsers that the first generation asked for ("1; mode=block") could be made to
            # block scripts of one's own page and so leak what is on it; today's have none. Helmet sends 0 as well.
            "X-XSS-Protection": "0",
        }
        self.of_pages = HttpResponse(headers=fixed).headers._store
        self.of_others = HttpResponse(headers=fixed | {"Content-Security-Policy": API_POLICY}).headers._store
        for headers in (self.of_pages, self.of_others):
            del headers["content-type"]

    def __call__(self, request: HttpRequest) -> Any:
        # Without MiddlewareMixin's detour. The nonce is for pages, and made when one asks for it.
        self.process_request(request)
        response: Any = self.get_response(request)
        return self.process_response(request, response)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        # 304: the browser has the answer already, and a policy here would replace that answer's own.
        fixed = self.of_pages if is_page or response.status_code == 304 else self.of_others
        # One merge of two dictionaries, where eight calls of `setdefault` would encode and check each name and value
        # anew: 30 us a request. What a view has set stays.
        response.headers._store = fixed | response.headers._store
        return super().process_response(request, response) if is_page else response
