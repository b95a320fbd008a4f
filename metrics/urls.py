from django.urls import path

from metrics.views import MetricsViewSet

FIGURES = {
    "overall": "overall",
    "sessions": "sessions",
    "achievements": "achievements",
    "themes": "themes",
    "timeline": "timeline",
    "game-modes": "game_modes",
}

urlpatterns = [path(name, MetricsViewSet.as_view({"get": action})) for name, action in FIGURES.items()]
