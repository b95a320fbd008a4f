from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from tqdm import tqdm

from learning import question_statistics


class Command(BaseCommand):
    help = (
        "Count what the answers say about each question, for the staff's page of question quality. deliver_challenges "
        "does so step by step; this goes on until nothing is left, and with --rebuild counts every question anew."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rebuild", action="store_true", help="count every question, whatever was counted before")

    def handle(self, *, rebuild: bool, **options: Any) -> None:
        done = 0
        with tqdm(desc="Counting", unit="question", disable=None) as bar:
            if rebuild:
                done = question_statistics.rebuild(bar.update)
            else:
                while step := question_statistics.refresh():
                    done += step
                    bar.update(step)
        self.stdout.write(f"{done} questions were counted" if rebuild else f"{done} answers and questions were read")
