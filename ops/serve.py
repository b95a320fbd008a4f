"""What ./run starts: `python -m ops.serve [--demo]` does `manage.py prepare` and then is gunicorn.

One process for both: importing Django and our apps is most of a start, and so happens once.
"""

import os
import runpy
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persenaut.settings")
    prepare(arguments)

    import gunicorn
    from django.db import connections
    from gunicorn.app.wsgiapp import run

    connections.close_all()  # workers must not inherit one
    # As `python -m gunicorn` has it, since an upgrade (SIGUSR2) starts gunicorn anew by these words.
    sys.argv = [str(Path(gunicorn.__file__).parent / "__main__.py"), "-c", "gunicorn.conf.py", "persenaut.wsgi"]
    run()


def prepare(arguments: list[str]) -> None:
    """`manage.py prepare`; ends the process with a sentence when something is in the way."""
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        # Counters are shared among processes only if this is settled before anything counts.
        runpy.run_path(str(ROOT / "gunicorn.conf.py"))
        execute_from_command_line(["manage.py", "prepare", *arguments])
    except ImproperlyConfigured as exc:
        sys.exit(str(exc))
    sys.stdout.flush()  # gunicorn writes past Python's buffer, and workers would inherit what is in it


if __name__ == "__main__":
    main(sys.argv[1:])
