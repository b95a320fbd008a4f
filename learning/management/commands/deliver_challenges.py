from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from tqdm import tqdm

from learning import delivery, question_statistics
from learning.courier import courier
from ops import outbox, prometheus
from ops.management.arguments import seconds, whole
from ops.pulse import pulse


class Command(BaseCommand):
    help = (
        "Deliver the scheduled challenges that are due, make the next ones ahead, and send the mail about them. "
        "What answers say about questions is counted on the way. One pass, for cron or a timer, or --loop. Any number "
        "of these may run at once; nothing is delivered twice."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--loop", type=seconds, metavar="SECONDS", help="go on, every so many seconds")
        parser.add_argument("--limit", type=whole, metavar="N", help="deliver and make at most N at a time")
        parser.add_argument("--no-mail", action="store_true", help="leave the mail in the outbox, for send_outbox")

    def handle(self, *, loop: float | None, limit: int | None, no_mail: bool, **options: Any) -> None:
        if loop is not None:
            pulse.start()
            courier(loop, limit=limit, mail=not no_mail, say=self.say).run_until_told()
            return
        prometheus.start()
        with pulse.counting():
            self.one_pass(limit, mail=not no_mail)

    def one_pass(self, limit: int | None, *, mail: bool) -> None:
        """What is due and its mail first: making ahead may wait for a model."""
        mails: Counter[str] = Counter()
        with tqdm(desc="Delivering", unit="schedule", disable=None) as bar:
            done = delivery.deliver_due(limit=limit, progress=bar.update)
        if mail:
            mails += outbox.send_due()
        with tqdm(desc="Making ahead", unit="challenge", disable=None) as bar:
            made = delivery.make_ahead(limit=limit, progress=bar.update)
        if mail and made[delivery.DELIVERED]:
            mails += outbox.send_due()
        question_statistics.refresh()
        self.say(delivery.summary(done + made))
        if mail:
            self.say(outbox.summary(mails))

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
