from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from ops import outbox
from ops.management.arguments import seconds, whole
from ops.rounds import Rounds


class Command(BaseCommand):
    help = "Send the mail that waits in the outbox. Any number of these may run at once; no mail is sent twice."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--loop", type=seconds, metavar="SECONDS", help="go on, every so many seconds")
        parser.add_argument("--limit", type=whole, metavar="N", help="at most so many mails at a time")
        parser.add_argument("--stuck", action="store_true", help="only show what has waited long or was given up")

    def handle(self, *, loop: float | None, limit: int | None, stuck: bool, **options: Any) -> None:
        if stuck:
            self.show_stuck()
        elif loop is None:
            self.stdout.write(outbox.summary(outbox.send_due(limit=limit)))
        else:
            Rounds(loop, {"mail": lambda stopping: self.send(limit, stopping)}).run_until_told()

    def send(self, limit: int | None, stopping: Any) -> None:
        if done := outbox.send_due(limit=limit, stopping=stopping):
            self.stdout.write(outbox.summary(done))

    def show_stuck(self) -> None:
        """No addresses: this ends up in tickets."""
        now = timezone.now()
        mails = outbox.stuck(now)
        for mail in mails:
            age = int((now - mail.created_at).total_seconds() // 60)
            then = f"next try {mail.not_before:%Y-%m-%d %H:%M}Z" if mail.state == mail.State.WAITING else "given up"
            reason = mail.last_error or "nobody has tried: is send_outbox running, and the mail server there?"
            self.stdout.write(
                f"mail {mail.pk}  user {mail.user_id}  {mail.kind}  {age} min old  tried {mail.attempts} times  "
                f"{then}  {reason}"
            )
        self.stdout.write(f"{len(mails)} stuck")
