"""Paths of the tutor. The old twin of the first generation is the same view under the same guard."""

from django.urls import path

from tutor.views import AdviceView

urlpatterns = [
    path("tutor/advice", AdviceView.as_view()),
    path("tutor-advice", AdviceView.as_view(instead="/api/tutor/advice")),
]
