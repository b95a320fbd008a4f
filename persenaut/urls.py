"""The house's doors."""

from django.contrib import admin
from django.urls import include, path, re_path

from accounts.pages import new_password_page, unsubscribe_page
from learning.pages import front_door
from ops import api_docs
from ops.api import UnknownPath
from ops.health import health, livez, readyz
from ops.prometheus import metrics

urlpatterns = [
    # What is asked most comes first, under the longest prefix: Django tries one after the other, 2 us each.
    path("api/metrics/user/<int:user_id>/metrics/", include("metrics.urls")),
    path("api/", include("learning.urls")),
    path("api/", include("accounts.urls")),
    path("api/", include("tutor.urls")),
    re_path(r"^api(/.*)?$", UnknownPath.as_view()),
    path("", front_door, name="front-door"),
    path("unsubscribe", unsubscribe_page),
    path("reset-password", new_password_page),
    path("health", health, name="health"),
    path("livez", livez),
    path("readyz", readyz),
    path("metrics", metrics),
    path("api-docs", api_docs.page, name="api-docs"),
    path("api-docs/redoc", api_docs.redoc, name="redoc"),
    path("api-docs/openapi.json", api_docs.openapi, {"kind": "json"}, name="openapi-json"),
    path("api-docs/openapi.yaml", api_docs.openapi, {"kind": "yaml"}, name="openapi-yaml"),
    path("admin/", admin.site.urls),
]

handler400 = "persenaut.errors.bad_request"
handler403 = "persenaut.errors.forbidden"
handler404 = "persenaut.errors.not_found"
handler500 = "persenaut.errors.server_error"
