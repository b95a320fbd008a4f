#!/usr/bin/env python3
"""Django's command line."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persenaut.settings")
    from django.core.management import execute_from_command_line
    from django.db import DatabaseError

    try:
        execute_from_command_line(sys.argv)
    except DatabaseError as exc:
        from ops.database import lacks_tables

        if not lacks_tables(exc):
            raise
        sys.exit(f"The database lacks tables ({exc}): run `manage.py migrate` first.")


if __name__ == "__main__":
    main()
