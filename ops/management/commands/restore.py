from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from ops import backup
from ops.backup.work import pending, refuse
from ops.database import patient


class Command(BaseCommand):
    help = (
        "Bring a backup back into an empty database, or with --force in place of all that is there, and check what "
        "came: its checksum, the migrations, and every total against the facts. While no server runs."
    )
    requires_system_checks = []  # some ask the database, which may be empty

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="a folder that `backup` has written")
        parser.add_argument("--force", action="store_true", help="also when the database is not empty: all of it goes")
        parser.add_argument("--dry-run", action="store_true", help="only verify the backup, and whether it may come")

    def handle(self, *, folder: Path, force: bool, dry_run: bool, **options: Any) -> None:
        try:
            found = backup.read(folder)
            found.verify()
            refuse(found, force=force)
            self.stdout.write(f"{found.database}, {found.server}, {found.made_at}: the checksum is right")
            if dry_run:
                self.stdout.write("dry run: it would be restored")
                return
            with patient(), tqdm(total=found.size, desc="Restoring", unit="B", unit_scale=True, disable=None) as bar:
                backup.load(found, progress=bar.update)
        except backup.BackupFault as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write("restored")
        if settings.REDIS_URL:
            call_command("cache_clear", all=True, stdout=self.stdout)
        self.check_what_came()

    def check_what_came(self) -> None:
        if missing := pending():
            raise CommandError(
                f"restored, but older than this version, which also has {', '.join(missing)}. "
                "Run migrate, then rebuild_metrics --check."
            )
        wrong = False
        for name, check in backup.after_restore.items():
            sentences = check()
            wrong |= bool(sentences)
            for sentence in sentences[:20]:
                self.stdout.write(sentence)
            self.stdout.write(f"{name}: {f'{len(sentences)} are wrong' if sentences else 'all is well'}")
        if wrong:
            raise CommandError("restored, but not all of it is as it should be (above)")
