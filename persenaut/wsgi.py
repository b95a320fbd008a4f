"""The door gunicorn uses."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persenaut.settings")
application = get_wsgi_application()

from ops.database import limit_statements  # noqa: E402  once Django is ready

limit_statements()
