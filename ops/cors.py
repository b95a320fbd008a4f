"""django-cors-headers, without its questions where the browser has none."""

import re

from corsheaders.middleware import CorsMiddleware as FullCorsMiddleware
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class CorsMiddleware(FullCorsMiddleware):  # type: ignore[misc]  # untyped
    """A request without `Origin` gets nothing from CORS but `Vary: origin`: 20 us less than asking for it header by
    header."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "HTTP_ORIGIN" in request.META or request.method == "OPTIONS":
            return super().__call__(request)  # type: ignore[no-any-return]
        response: HttpResponseBase = self.get_response(request)
        if re.match(settings.CORS_URLS_REGEX, request.path_info):
            if response.has_header("Vary"):
                return self.add_response_headers(request, response)  # type: ignore[no-any-return]
            response.headers["Vary"] = "origin"
        return response
