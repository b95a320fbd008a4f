from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from learning.quality import NEEDED, NOT_JUDGED, items, judge_scripted, judge_with_model
from learning.quality.report import as_markdown, as_text, is_good_enough
from ops import llm


class Command(BaseCommand):
    help = (
        "Run the labelled set of questions through the pipeline, and print what it keeps and catches. "
        "Nothing is stored but the record of calls of a real model."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--model", action="store_true", help="let the model at AI_BASE_URL solve (this costs calls)"
        )
        parser.add_argument("--markdown", action="store_true", help="print docs/question-quality.md")

    def handle(self, *, model: bool, markdown: bool, **options: Any) -> None:
        if model and not llm.is_configured():
            raise CommandError("AI_BASE_URL is not set: there is no model to measure.")
        judging = (judge_with_model if model else judge_scripted)(items())
        shown = options["verbosity"] > 0 and model
        verdicts = list(tqdm(judging, total=len(items()), desc="Solving", disable=not shown))
        if unsolved := sum(verdict.reason == NOT_JUDGED for verdict in verdicts):
            raise CommandError(
                f"The model did not solve {unsolved} items in time; the log says why. Nothing is measured."
            )
        self.stdout.write(as_markdown(verdicts) if markdown else as_text(verdicts), ending="" if markdown else "\n")
        if not is_good_enough(verdicts):
            raise CommandError(f"Less than {NEEDED:.0%} of the good are kept, or of the bad are caught.")
