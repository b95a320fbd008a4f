"""Paths of learning. Every old twin of the first generation is the same view under the same guard."""

from django.urls import include, path

from learning.views.challenges import ChallengeViewSet, DemoViewSet, GenerateViewSet
from learning.views.schedules import ScheduleViewSet
from learning.views.sessions import IntensiveReviewViewSet
from learning.views.themes import ThemeViewSet
from ops.api import ApiViewSet

# (path, its old twin): who answers there.
TWINS: dict[tuple[str, str], tuple[type[ApiViewSet], str]] = {
    ("challenges/generate", "reto"): (GenerateViewSet, "generate"),
    ("challenges/groq", "groq"): (DemoViewSet, "groq"),
    ("challenges/from-notes", "generate-from-notes"): (GenerateViewSet, "from_notes"),
    ("challenges/save-response", "save-response"): (ChallengeViewSet, "save_response"),
    ("challenges/save-intensive-response", "save-intensive-response"): (IntensiveReviewViewSet, "save_response"),
    ("challenges/pending", "pending-challenges"): (ChallengeViewSet, "pending"),
    ("challenges/start", "start-challenge"): (ChallengeViewSet, "start"),
}

# Grouped by prefix, so that a path is compared with its own group's only.
challenges = [
    *(
        path(now.removeprefix("challenges/"), view.as_view({"post": action}))
        for (now, _old), (view, action) in TWINS.items()
    ),
    path("<int:pk>", ChallengeViewSet.as_view({"get": "retrieve", "delete": "destroy"})),
    path("<int:pk>/report", ChallengeViewSet.as_view({"post": "report"})),
]
intensive_review = [
    path("start", IntensiveReviewViewSet.as_view({"post": "start"})),
    path("save-results", IntensiveReviewViewSet.as_view({"post": "save_results"})),
    path("user-themes/<str:user_id>", IntensiveReviewViewSet.as_view({"get": "user_themes"})),
    path("continue-survival", IntensiveReviewViewSet.as_view({"post": "continue_survival"})),
]
themes = [
    # A theme may be called "user/7" or "delete-multiple", too: what is deleted there is a theme.
    path("user/<str:user_id>", ThemeViewSet.as_view({"get": "list", "delete": "destroy_named_so"})),
    path(
        "delete-multiple",
        ThemeViewSet.as_view({"post": "delete_multiple", "delete": "destroy_named_so"}),
        {"theme": "delete-multiple"},
    ),
    path("<path:theme>", ThemeViewSet.as_view({"delete": "destroy"})),
]
urlpatterns = [
    *(path(old, view.as_view({"post": action}, instead=f"/api/{now}")) for (now, old), (view, action) in TWINS.items()),
    path("challenges", ChallengeViewSet.as_view({"get": "list"})),
    path("challenges/", include(challenges)),
    path("intensive-review/", include(intensive_review)),
    path("themes/", include(themes)),
    path("schedules", ScheduleViewSet.as_view({"get": "list", "post": "create"})),
    path(
        "schedules/<int:pk>",
        ScheduleViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
    ),
]
