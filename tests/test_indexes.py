"""docs/indexes.md lists every index, and no index is what another one begins with."""

import re

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import UniqueConstraint

from ops.maintenance import indexes
from ops.maintenance.tables import our_tables
from tests.live import ROOT

OURS = ["accounts", "learning", "metrics", "ops"]
# Indexes that another one begins with, and why they stay: (short, long) -> reason.
STAY: dict[tuple[str, str], str] = {}
ROW = re.compile(r"^\| (\w+) \| `(\w+)` \| ([^|]+) \| (yes)? *\| (\S[^|]+) \|$", re.MULTILINE)


def models():
    """Those with a table of ours: none that Django makes itself, and none that looks at another's table."""
    mine = [model for model in apps.get_models() if model._meta.app_label in OURS]
    return [model for model in mine if not model._meta.auto_created and not model._meta.proxy]


def declared():
    """(table, name, columns, unique) of every index that the models declare; «-» before a column: downwards."""
    for model in models():
        meta = model._meta
        for each in [*meta.constraints, *meta.indexes]:
            yield meta.db_table, each.name, tuple(each.fields), isinstance(each, UniqueConstraint)
        for field in meta.local_fields:
            if (field.unique and not field.primary_key) or field.db_index:
                yield meta.db_table, field.column, (field.name,), field.unique


def documented():
    text = (ROOT / "docs" / "indexes.md").read_text(encoding="utf-8").partition("## What there is")[2]
    for table, name, columns, unique, _serves in ROW.findall(text):
        fields = [column.strip() for column in columns.split(",")]
        signed = tuple(f"-{field.removesuffix(' ↓')}" if field.endswith("↓") else field for field in fields)
        yield table, name, signed, unique == "yes"


@pytest.mark.once
def test_the_page_lists_exactly_the_indexes_of_the_models():
    assert sorted(documented()) == sorted(declared())


@pytest.mark.once
def test_every_index_has_a_name_of_ours():
    """All but the one of a one-to-one field, which Django makes itself."""
    ours = {each.name for model in models() for each in [*model._meta.constraints, *model._meta.indexes]}
    assert [(table, name) for table, name, *_rest in declared() if name not in ours] == [
        ("question_reports", "challenge_id")
    ]


def left_prefixes(found):
    """(short, long) of indexes of which one begins as the other is. A unique one keeps a rule."""
    return [
        (name, other)
        for table, name, columns, unique in found
        for its_table, other, more, _unique in found
        if (table, name) != (its_table, other) and table == its_table and not unique
        if more[: len(columns)] == columns
    ]


@pytest.mark.once
def test_no_index_is_what_another_begins_with():
    assert set(left_prefixes(list(declared()))) == set(STAY)


@pytest.mark.once
def test_the_rule_finds_one():
    planted = [("t", "short", ("user",), False), ("t", "long", ("user", "day"), True), ("u", "other", ("user",), False)]
    assert left_prefixes(planted) == [("short", "long")]
    assert left_prefixes([("t", "rule", ("user",), True), ("t", "long", ("user", "day"), False)]) == []


@pytest.mark.once
def test_every_index_of_the_seed_is_accounted_for():
    text = (ROOT / "docs" / "indexes.md").read_text(encoding="utf-8")
    seed = [
        "idx_users_email", "idx_users_username", "idx_challenges_user_theme", "idx_challenges_theme_difficulty",
        "idx_responses_user_time", "idx_responses_is_correct", "idx_sessions_user_theme", "idx_sessions_user_gamemode",
        "idx_sessions_user_created", "idx_user_metrics_user_id",
    ]  # fmt: skip
    made = {name for _table, name, _columns, _unique in declared()}
    assert [name for name in seed if f"| `{name} (" not in text] == []
    assert [name for name in seed if name not in made] == ["idx_responses_is_correct"]


@pytest.mark.skipif(connection.vendor != "mysql", reason="MySQL and MariaDB make indexes of their own for foreign keys")
def test_the_database_has_these_and_no_other(db):
    tables = [model._meta.db_table for model in models()]
    there = indexes.indexes(connection, tables)
    assert {(index.table, index.name) for index in there} == {(table, name) for table, name, *_rest in declared()}
    assert indexes.redundant(there) == []
    assert set(tables) <= set(our_tables(connection))
