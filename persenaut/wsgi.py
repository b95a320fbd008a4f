"""The door gunicorn uses."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persenaut.settings")
django.setup(set_prefix=False)

from django.conf import settings  # noqa: E402  once Django is ready
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402

from ops.database import limit_statements  # noqa: E402
from ops.wsgi import Handler, drop_idle_receivers  # noqa: E402

limit_statements()
drop_idle_receivers()
application = WSGIHandler() if settings.SENTRY_DSN else Handler()  # Sentry wraps Django's own, step by step
