"""django-cors-headers, without its questions where the browser has none."""

import re
from typing import Any

from corsheaders.middleware import CorsMiddleware as FullCorsMiddleware
from django.conf import settings
from django.http import HttpRequest


class CorsMiddleware(FullCorsMiddleware):
    """A request without `Origin` gets nothing from CORS but `Vary: origin`: 20 us less than asking for it header by
    header."""

    def __call__(self, request: HttpRequest) -> Any:
        if "HTTP_ORIGIN" in request.META or request.method == "OPTIONS":
            return super().__call__(request)
        response: Any = self.get_response(request)
        if re.match(settings.CORS_URLS_REGEX, request.path_info):
            if response.has_header("Vary"):
                return self.add_response_headers(request, response)
            response.headers["Vary"] = "origin"
        return response
