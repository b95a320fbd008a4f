"""The door gunicorn uses."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persenaut.settings")
django.setup(set_prefix=False)

from ops.wsgi import make_application  # noqa: E402  once Django is ready

application = make_application()
