from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from ops import backup
from ops.backup.folder import forget_all_but
from ops.database import patient
from ops.management.arguments import whole


class Command(BaseCommand):
    help = (
        "Write the whole database, as it is at one moment, into a folder with a checksum. Beside a running server, "
        "which goes on. `restore` brings it back."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", type=Path, metavar="FOLDER", help="where backups lie; DATA_DIR/backups when absent")
        parser.add_argument("--keep", type=whole, metavar="N", help="then delete all but the latest N in that folder")

    def handle(self, *, to: Path | None, keep: int | None, **options: Any) -> None:
        place = to or Path(settings.DATA_DIR) / "backups"
        try:
            with patient(), tqdm(desc="Backing up", unit="B", unit_scale=True, disable=None) as bar:
                made = backup.make(place, progress=bar.update)
            self.stdout.write(f"{made.folder}: {made.packed} bytes ({made.size} uncompressed), sha256 {made.sha256}")
            for old in forget_all_but(keep, place) if keep else []:
                self.stdout.write(f"{old}: deleted")
        except backup.BackupFault as exc:
            raise CommandError(str(exc)) from exc
