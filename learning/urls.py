"""Paths of learning. Every old twin of the first generation is the same view under the same guard."""

from django.urls import include, path

from learning.views.challenges import ChallengeViewSet, DemoViewSet, GenerateViewSet
from learning.views.schedules import ScheduleViewSet
from learning.views.sessions import IntensiveReviewViewSet
from learning.views.themes import ThemeViewSet

generate = GenerateViewSet.as_view({"post": "generate"})
groq = DemoViewSet.as_view({"post": "groq"})
from_notes = GenerateViewSet.as_view({"post": "from_notes"})
save_response = ChallengeViewSet.as_view({"post": "save_response"})
save_intensive_response = IntensiveReviewViewSet.as_view({"post": "save_response"})
pending = ChallengeViewSet.as_view({"post": "pending"})
start = ChallengeViewSet.as_view({"post": "start"})

# Grouped by prefix, so that a path is compared with its own group's only.
challenges = [
    path("save-response", save_response),
    path("save-intensive-response", save_intensive_response),
    path("pending", pending),
    path("start", start),
    path("generate", generate),
    path("groq", groq),
    path("from-notes", from_notes),
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
    path("user/<str:user_id>", ThemeViewSet.as_view({"get": "list", "delete": "destroy"})),
    path(
        "delete-multiple",
        ThemeViewSet.as_view({"post": "delete_multiple", "delete": "destroy"}),
        {"theme": "delete-multiple"},
    ),
    path("<path:theme>", ThemeViewSet.as_view({"delete": "destroy"})),
]
urlpatterns = [
    path("save-response", save_response),
    path("save-intensive-response", save_intensive_response),
    path("challenges", ChallengeViewSet.as_view({"get": "list"})),
    path("challenges/", include(challenges)),
    path("intensive-review/", include(intensive_review)),
    path("themes/", include(themes)),
    path("schedules", ScheduleViewSet.as_view({"get": "list", "post": "create"})),
    path(
        "schedules/<int:pk>",
        ScheduleViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
    ),
    path("reto", generate),
    path("groq", groq),
    path("generate-from-notes", from_notes),
    path("pending-challenges", pending),
    path("start-challenge", start),
]
