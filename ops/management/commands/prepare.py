import os
import runpy
import socket
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

BANNER = """
Persenaut
  API            {url}/api
  Documentation  {url}/api-docs
  Administration {url}/admin/
  Health         {url}/health

  Runs on        {database}, {cache}
  Questions      {questions}
  Processes      {processes}
  Logs           {logs}
"""


class Command(BaseCommand):
    help = "Make ready what the server needs, and say where and on what it will run. ./run calls it."
    requires_system_checks = []  # they run below, after what can be said in a sentence

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="add the demonstration's people and history")

    def handle(self, *, demo: bool, **options: Any) -> None:
        gunicorn = read_gunicorn()
        refuse_taken_address(gunicorn["host"], gunicorn["bind"])
        self.check()
        migrate_if_needed()
        call_command("collectstatic", interactive=False, verbosity=0)
        if demo:
            call_command("demo")
        self.stdout.write(banner(gunicorn))
        if settings.HTTPS:
            self.stdout.write("  HTTPS is on: a proxy must speak it, and plain requests are sent there.\n")


def read_gunicorn() -> dict[str, Any]:
    """What gunicorn will read from its own configuration."""
    try:
        return runpy.run_path(str(settings.BASE_DIR / "gunicorn.conf.py"))
    except (ImproperlyConfigured, SystemExit) as exc:
        raise CommandError(str(exc)) from exc


def refuse_taken_address(host: str, address: str) -> None:
    port = int(address.rpartition(":")[2])
    try:
        family, kind, protocol, _name, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except OSError as exc:
        reason = os.strerror(exc.errno) if exc.errno and exc.errno > 0 else str(exc)
        raise CommandError(f"Cannot listen on {address} ({reason}). HOST and PORT choose another address.") from exc


def migrate_if_needed() -> None:
    try:
        executor = MigrationExecutor(connection)
    except OperationalError as exc:
        raise CommandError(f"The database does not answer: {exc.args[-1]}") from exc
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)


def banner(gunicorn: dict[str, Any]) -> str:
    database = connection.settings_dict
    where = database["NAME"]
    if database["HOST"]:
        where = f"{database['HOST']}:{database['PORT'] or 3306}, {where}"
    redis = urlsplit(settings.REDIS_URL).netloc.rpartition("@")[2]
    workers, threads = gunicorn["workers"], gunicorn["threads"]
    return BANNER.format(
        url=f"http://{gunicorn['bind']}",
        database=f"{connection.display_name} ({where})",
        cache=f"Redis ({redis})" if redis else "in-process cache",
        questions=f"{settings.AI_MODEL} at {settings.AI_BASE_URL}" if settings.AI_BASE_URL else "the question bank",
        processes=f"{workers} worker{'s' * (workers > 1)}, {threads} thread{'s' * (threads > 1)} each",
        logs=settings.LOG_DIR if settings.LOG_TO == "files" else "here",
    )
