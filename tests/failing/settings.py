from persenaut.settings import *  # noqa: F403

ROOT_URLCONF = "tests.failing.urls"
