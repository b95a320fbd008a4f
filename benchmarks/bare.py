"""What Persenaut is measured against: the smallest Django view under the same gunicorn, and no Django at all.

gunicorn -c gunicorn.conf.py benchmarks.bare:application    a view that says {"ok": true}, with Django's
                                                            SecurityMiddleware, django-csp and CommonMiddleware
gunicorn -c gunicorn.conf.py benchmarks.bare:raw            a WSGI function
"""

from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, JsonResponse
from django.urls import path


def ok(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"ok": True})


urlpatterns = [path("ok", ok)]


def raw(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", "12")])
    return [b'{"ok": true}']


if not settings.configured:
    settings.configure(
        ROOT_URLCONF="benchmarks.bare",
        ALLOWED_HOSTS=["*"],
        SECRET_KEY="only-for-benchmarks",
        LOG_TO="stdout",
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "csp.middleware.CSPMiddleware",
            "django.middleware.common.CommonMiddleware",
        ],
    )
    import django

    django.setup()

application = WSGIHandler()
