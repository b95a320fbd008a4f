"""The labelled set goes through the pipeline as the command says, and docs/question-quality.md shows it."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from learning import quality
from learning.generation import checks
from learning.generation import model as source
from learning.generation.bank import FOLDER, _drafts, read_theme
from learning.generation.checks import Seen, refusal
from learning.generation.drafts import Excerpt
from learning.generation.model import fields_of
from learning.models import Challenge
from learning.quality.report import REASONS, as_text, is_good_enough
from learning.quality.solver import Solver
from learning.words import Level
from ops import budget, llm
from ops.models import ModelBudget, ModelCall
from tests.model_server import error

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "question-quality.md"
# What each defect is refused as. A bad item that is caught by chance, for another reason, proves nothing.
EXPECTED = {
    "wrong_key": {"solver_disagrees"},
    "two_right": {"solver_disagrees"},
    "duplicate_options": {"options_alike"},
    "missing_key": {"no_key", "unreadable", "option_length"},
    "five_options": {"options_count"},
    "three_options": {"options_count"},
    "leaked_key": {"key_leaked"},
    "duplicate": {"duplicate"},
    "near_duplicate": {"near_duplicate"},
    "wrong_language": {"language"},
    "not_in_notes": {"not_in_notes", "solver_disagrees"},
    "about_other_options": {"about_other_options"},
    "too_long": {"question_length", "option_length"},
    "empty": {"question_length", "option_length", "says_nothing"},
    "control_characters": {"control_characters"},
    "prompt_leaked": {"prompt_leaked"},
}


@pytest.fixture(autouse=True)
def _nobody_pays(db):
    """As in a command: no request was before this, and no server failed."""
    llm.breaker.cache_clear()
    budget.set_payer("")


def printed(capsys, *arguments):
    call_command("question_quality", *arguments)
    return capsys.readouterr().out


def test_the_set_is_large_varied_and_says_what_is_true():
    items = quality.items()
    counts = Counter(item.label for item in items)
    assert counts[quality.GOOD] >= 60 and len(items) - counts[quality.GOOD] >= 80
    assert set(counts) == {quality.GOOD, *EXPECTED} and min(counts.values()) >= 5
    assert {item.language for item in items if item.is_good} == {"es", "en"}
    for item in items:
        if fields := fields_of(item.item):
            options, key = fields["options"], fields["correct"]
            assert set(item.true_answers) <= set(options), item.item
            if item.is_good:
                assert item.true_answers == [options[key]], item.item
            if item.label == "two_right":
                assert len(item.true_answers) > 1 and options[key] in item.true_answers
            if item.label == "wrong_key":
                assert options[key] not in item.true_answers, item.item


def test_the_bad_are_caught_for_what_is_wrong_with_them_and_the_good_are_kept():
    verdicts = list(quality.judge_scripted(quality.items()))
    good, bad = quality.totals(verdicts)
    assert good.rate >= quality.NEEDED and bad.rate >= quality.NEEDED, as_text(verdicts)
    for row in quality.tally(verdicts):
        if row.label != quality.GOOD:
            assert set(row.reasons) <= EXPECTED[row.label], row
            assert row.rate >= 0.9, row


def test_the_document_is_what_the_command_prints(capsys):
    assert printed(capsys, "--markdown") == DOCUMENT.read_text(encoding="utf-8"), (
        "run: python manage.py question_quality --markdown > docs/question-quality.md"
    )
    text = DOCUMENT.read_text(encoding="utf-8")
    assert all(f"`{reason}`" in text for reason in REASONS)


def test_every_reason_a_verdict_may_have_is_explained():
    assert {reason for reasons in EXPECTED.values() for reason in reasons} <= set(REASONS)
    assert quality.NOT_JUDGED in REASONS and quality.UNREADABLE in REASONS


def test_nothing_is_left_behind(capsys):
    assert "Good: " in printed(capsys)
    assert not Challenge.objects.exists() and not ModelCall.objects.exists() and not ModelBudget.objects.exists()


HOLES = {
    "verification": (source, "verify", lambda drafts, order, seconds: [(draft, "") for draft in drafts]),
    "excerpt": (source, "find_excerpt", lambda notes, quoted: Excerpt("lo que sea", 0, 10)),
    "likeness": (checks.Seen, "has_like", lambda seen, draft: False),
    "leaks": (checks, "leaks", lambda question, answer, others: False),
    "options": (checks, "look_alike", lambda options, question: False),
    "hidden": (checks, "has_hidden", lambda *texts: False),
    "too strict": (checks, "leaks", lambda question, answer, others: len(question) % 5 == 0),
}


@pytest.mark.parametrize("hole", HOLES)
def test_a_pipeline_with_a_hole_fails_the_command(monkeypatch, capsys, hole):
    monkeypatch.setattr(*HOLES[hole])
    with pytest.raises(CommandError, match="Less than 95%"):
        call_command("question_quality")
    assert "refused as" in capsys.readouterr().out, "the table is printed all the same"


def test_a_model_is_measured_by_its_own_answers(model, capsys, monkeypatch):
    some = quality.items()[::10]
    monkeypatch.setattr("learning.management.commands.question_quality.items", lambda: some)
    with pytest.raises(CommandError, match="Less than 95%"):
        call_command("question_quality", "--model", verbosity=0)  # the tests' server knows none of these: always "X"
    good = sum(item.is_good for item in some)
    assert f"Good: 0 of {good} kept" in capsys.readouterr().out
    assert ModelCall.objects.filter(purpose="solve").count() == len(model.calls) >= good


def test_a_model_that_knows_passes(model, settings):
    with Solver(quality.truths(quality.items())) as solver:
        settings.AI_BASE_URL = solver.url
        verdicts = list(quality.judge_with_model(quality.items(), pause=pytest.fail))
    assert is_good_enough(verdicts)


def test_what_a_model_did_not_answer_is_asked_again_and_then_not_counted(model, settings, capsys, monkeypatch):
    item = next(item for item in quality.items() if item.is_good)
    settings.AI_RETRIES = 0
    model.reset(lambda payload, number: error(500))
    pauses = []
    [verdict] = quality.judge_with_model([item], pause=pauses.append)
    assert verdict.reason == quality.NOT_JUDGED and len(pauses) == quality.TRIES - 1
    monkeypatch.setattr(quality, "TRIES", 1)
    monkeypatch.setattr("learning.management.commands.question_quality.items", lambda: (item,))
    with pytest.raises(CommandError, match="did not solve 1 items in time"):
        call_command("question_quality", "--model", verbosity=0)
    assert capsys.readouterr().out == ""


def test_without_a_model_there_is_none_to_measure(settings):
    settings.AI_BASE_URL = ""
    with pytest.raises(CommandError, match="AI_BASE_URL is not set"):
        call_command("question_quality", "--model")


def test_the_bank_passes_as_if_a_model_had_written_it():
    """336 questions that people wrote and looked up: what is refused here is refused wrongly."""
    for path in FOLDER.glob("*.json"):
        seen = Seen(())
        for level in Level:
            for draft in _drafts(read_theme(path), level):
                as_model = replace(draft, origin=Challenge.Origin.MODEL)
                assert refusal(as_model, seen) == "", (path.stem, draft.question)
                seen.add(as_model)
