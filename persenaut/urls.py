"""The house's doors."""

from django.contrib import admin
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerView, SpectacularYAMLAPIView

from ops.api import UnknownPath
from ops.health import health, livez, readyz
from ops.prometheus import metrics

urlpatterns = [
    path("api/", include("accounts.urls")),
    path("api/", include("learning.urls")),
    path("api/", include("metrics.urls")),
    path("api/", include("tutor.urls")),
    re_path(r"^api(/.*)?$", UnknownPath.as_view()),
    path("health", health),
    path("livez", livez),
    path("readyz", readyz),
    path("metrics", metrics),
    path("api-docs", SpectacularSwaggerView.as_view(url_name="openapi-json"), name="api-docs"),
    path("api-docs/openapi.json", SpectacularJSONAPIView.as_view(), name="openapi-json"),
    path("api-docs/openapi.yaml", SpectacularYAMLAPIView.as_view(), name="openapi-yaml"),
    path("admin/", admin.site.urls),
]

handler400 = "persenaut.errors.bad_request"
handler403 = "persenaut.errors.forbidden"
handler404 = "persenaut.errors.not_found"
handler500 = "persenaut.errors.server_error"
