"""A learner with something to read, made without a server."""

import os

from benchmarks.inside import Caller


def in_process_learner() -> tuple[Caller, int, str]:
    """Our WSGI application in this process, a learner's id and their token."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persenaut.settings")
    os.environ["LOG_LEVEL"] = "info"
    from django.conf import settings
    from django.core.management import call_command

    from persenaut.wsgi import application

    settings.RATE_LIMITS = {name: (10**9, window) for name, (_, window) in settings.RATE_LIMITS.items()}
    call_command("migrate", verbosity=0)
    from accounts.models import User
    from accounts.tokens import make_token
    from learning.demo import live_a_year

    user = User.objects.create_user(password=None, name="Ana", username="ana", email="ana@example.org")
    live_a_year(user, lambda: None)
    return Caller(application), user.pk, make_token(user)
