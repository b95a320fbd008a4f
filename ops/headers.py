"""The headers that keep browsers from being turned against their users.

Django's SecurityMiddleware sets HSTS, nosniff, Referrer-Policy and COOP; django-csp builds the policy of pages. Answers
of the API carry nothing to render, so theirs is the strictest there is and is written once, not built per request.
"""

from typing import Any

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

API_POLICY = "default-src 'none'; frame-ancestors 'none'"
PERMISSIONS = ", ".join(
    f"{feature}=()" for feature in ("camera", "geolocation", "microphone", "payment", "usb", "browsing-topics")
)


class HeadersMiddleware(CSPMiddleware):
    def __init__(self, get_response: Any) -> None:
        super().__init__(get_response)
        self.fixed = {
            "Permissions-Policy": PERMISSIONS,
            "Cross-Origin-Resource-Policy": settings.CROSS_ORIGIN_RESOURCE_POLICY,
            "Cross-Origin-Embedder-Policy": "require-corp",
            "X-Frame-Options": settings.X_FRAME_OPTIONS,
            # Off. The filter of old browsers that the first generation asked for ("1; mode=block") could be made to
            # block scripts of one's own page and so leak what is on it; today's have none. Helmet sends 0 as well.
            "X-XSS-Protection": "0",
        }

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        for name, value in self.fixed.items():
            response.headers.setdefault(name, value)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            return super().process_response(request, response)
        response.headers.setdefault("Content-Security-Policy", API_POLICY)
        return response
