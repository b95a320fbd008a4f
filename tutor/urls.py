"""Paths of the tutor. The old twin of the first generation is the same view under the same guard."""

from django.urls import path

from tutor.views import AdviceView, OldAdviceView

urlpatterns = [
    path("tutor/advice", AdviceView.as_view()),
    path("tutor-advice", OldAdviceView.as_view()),
]
