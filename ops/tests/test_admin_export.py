"""The chosen rows of a list as a CSV file that no spreadsheet can be hurt by."""

import csv
import io
from datetime import date

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.utils.html import format_html

from ops import admin_export
from ops.admin_export import cell
from ops.models import ModelBudget

LIST = "/admin/ops/modelbudget/"


@pytest.fixture
def staff(client, make_user):
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def budgets(db):
    payers = ["u:7", "=1+1", "site", '\u00e1rbol, "con" comas']
    return [ModelBudget.objects.create(day=date(2026, 1, n), payer=payer, used=n) for n, payer in enumerate(payers, 1)]


def export(client, rows, path=LIST, **more):
    data = {"action": "export_csv", "_selected_action": [row.pk for row in rows]} | more
    answer = client.post(path, data)
    assert answer.status_code == 200, answer.get("Location")
    return answer, b"".join(answer.streaming_content).decode()


def table(text):
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def test_it_has_the_chosen_rows_in_the_order_and_with_the_columns_of_the_list(staff, budgets):
    answer, text = export(staff, budgets[1:])
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith('attachment; filename="model_budgets-2')
    assert "no-store" in answer["Cache-Control"]
    assert text.startswith("\ufeff")
    assert [row[1:] for row in table(text)] == [
        ["a cuenta de", "llamadas"],
        ['\u00e1rbol, "con" comas', "4"],
        ["site", "3"],
        ["'=1+1", "2"],
    ]
    assert table(text)[1][0] == "2026-01-04"


def test_all_that_a_filter_finds(staff, budgets):
    _answer, text = export(staff, budgets[:1], path=f"{LIST}?q=2026-01-03", select_across="1")
    assert [row[1] for row in table(text)[1:]] == ["site"]


def test_a_long_list_comes_in_pieces(staff, monkeypatch):
    monkeypatch.setattr(admin_export, "CHUNK", 3)
    for number in range(10):
        ModelBudget.objects.create(day=date(2026, 1, 1), payer=f"u:{number}", used=number)
    answer, text = export(staff, ModelBudget.objects.all())
    assert [row[2] for row in table(text)[1:]] == [str(number) for number in reversed(range(10))]


def test_a_file_has_a_bound_and_the_page_says_so(staff, budgets, monkeypatch):
    monkeypatch.setattr(admin_export, "MOST", 2)
    _answer, text = export(staff, budgets)
    assert len(table(text)) == 3
    assert "El archivo tiene las primeras 2 filas: hay más." in staff.get(LIST).content.decode()


def test_who_exported_what_is_written_down(staff, budgets):
    export(staff, budgets)
    entry = LogEntry.objects.get()
    assert (entry.object_repr, entry.change_message) == ("presupuestos del modelo", "4 filas exportadas como CSV.")


def test_only_who_may(client, make_user, budgets):
    helper = make_user(is_staff=True)
    helper.user_permissions.add(Permission.objects.get(codename="view_modelbudget"))
    client.force_login(helper)
    assert "export_csv" not in client.get(LIST).content.decode()
    answer = client.post(LIST, {"action": "export_csv", "_selected_action": [budgets[0].pk]})
    assert "Content-Disposition" not in answer
    helper.user_permissions.add(Permission.objects.get(codename="export_lists"))
    assert "export_csv" in client.get(LIST).content.decode()
    assert len(table(export(client, budgets)[1])) == 5


@pytest.mark.once
@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_no_cell_is_a_formula(begin):
    assert cell(f"{begin}cmd|' /C calc'!A0") == f"'{begin}cmd|' /C calc'!A0"


@pytest.mark.once
def test_what_a_cell_holds():
    assert [cell(value) for value in (None, True, False, 3, -3, "a=b", " =1")] == [
        "", "true", "false", "3", "'-3", "a=b", " =1",
    ]  # fmt: skip
    assert cell(format_html("<strong>{}</strong><br>{}", "=A) <uno>", "B) dos")) == "'=A) <uno>\nB) dos"
