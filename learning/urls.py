"""Paths of learning. Every old twin of the first generation is the same view under the same guard."""

from django.urls import path

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

urlpatterns = [
    path("challenges", ChallengeViewSet.as_view({"get": "list"})),
    path("challenges/<int:pk>", ChallengeViewSet.as_view({"get": "retrieve", "delete": "destroy"})),
    path("challenges/<int:pk>/report", ChallengeViewSet.as_view({"post": "report"})),
    path("challenges/generate", generate),
    path("challenges/groq", groq),
    path("challenges/from-notes", from_notes),
    path("challenges/save-response", save_response),
    path("challenges/save-intensive-response", save_intensive_response),
    path("challenges/pending", pending),
    path("challenges/start", start),
    path("schedules", ScheduleViewSet.as_view({"get": "list", "post": "create"})),
    path(
        "schedules/<int:pk>",
        ScheduleViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
    ),
    path("reto", generate),
    path("groq", groq),
    path("generate-from-notes", from_notes),
    path("save-response", save_response),
    path("save-intensive-response", save_intensive_response),
    path("pending-challenges", pending),
    path("start-challenge", start),
    path("intensive-review/start", IntensiveReviewViewSet.as_view({"post": "start"})),
    path("intensive-review/save-results", IntensiveReviewViewSet.as_view({"post": "save_results"})),
    path("intensive-review/user-themes/<str:user_id>", IntensiveReviewViewSet.as_view({"get": "user_themes"})),
    path("intensive-review/continue-survival", IntensiveReviewViewSet.as_view({"post": "continue_survival"})),
    # A theme may be called "user/7" or "delete-multiple", too: what is deleted there is a theme.
    path("themes/user/<str:user_id>", ThemeViewSet.as_view({"get": "list", "delete": "destroy"})),
    path(
        "themes/delete-multiple",
        ThemeViewSet.as_view({"post": "delete_multiple", "delete": "destroy"}),
        {"theme": "delete-multiple"},
    ),
    path("themes/<path:theme>", ThemeViewSet.as_view({"delete": "destroy"})),
]
