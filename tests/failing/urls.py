import logging

from django.urls import path
from rest_framework.decorators import api_view, permission_classes

from persenaut.urls import *  # noqa: F403
from persenaut.urls import urlpatterns


@api_view(["POST"])
@permission_classes([])
def fail(request):
    """Log what came, and fail with it in locals, in the message and in the chain."""
    held = dict(request.data)
    logging.getLogger("persenaut.failing").error("about to fail", extra=held)
    try:
        {}[held["notes"]]
    except KeyError as exc:
        raise ValueError(f"{held['selectedAnswer']!r} of {held['email']} with {request.headers}") from exc


urlpatterns = [path("api/fail", fail), *urlpatterns]
