"""The chosen rows of an admin list as a CSV file.

Read from the replica where there is one (`ops.database.for_reports`), by the list's own filter and order; sent while it
is read, a few hundred rows at a time, with the columns that the list shows and no others. A spreadsheet takes a cell
that begins like a formula for one: such a cell gets an apostrophe before it.
"""

import csv
import html
import io
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import label_for_field, lookup_field
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone, translation
from django.utils.html import strip_tags
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ops import staff_log
from ops.database import for_reports

MOST = 100_000  # rows of one file
CHUNK = 500  # rows that are in memory at once
BOM = "\ufeff"  # without it Excel takes UTF-8 for something else
FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # spreadsheets fold the wide forms of East Asian text


@admin.action(description=gettext_lazy("Exportar la selección como CSV"), permissions=["export"])
def export_csv(rows_admin: Any, request: HttpRequest, chosen: QuerySet[Any]) -> StreamingHttpResponse:
    """The chosen rows, or all that the list's filter finds, up to MOST. What is not in the file is said on the page."""
    rows = chosen.using(for_reports())
    ids = list(rows.values_list("pk", flat=True)[: MOST + 1])
    is_cut = len(ids) > MOST
    ids = ids[:MOST]
    meta = rows_admin.model._meta
    said = ngettext("%(count)d fila exportada como CSV.", "%(count)d filas exportadas como CSV.", len(ids))
    staff_log.record(request, rows_admin.model, str(meta.verbose_name_plural), said % {"count": len(ids)})
    if is_cut:
        cut = _("El archivo tiene las primeras %(count)d filas: hay más. Usa un filtro para exportar las demás.")
        rows_admin.message_user(request, cut % {"count": MOST}, messages.WARNING)
    elif request.POST.get("select_across") != "1" and len(ids) < len(set(request.POST.getlist(ACTION_CHECKBOX_NAME))):
        late = _("Faltan filas en el archivo: son tan recientes que la réplica de la base de datos aún no las tiene.")
        rows_admin.message_user(request, late, messages.WARNING)
    name = f"{meta.db_table}-{timezone.now():%Y%m%d-%H%M%S}.csv"
    return StreamingHttpResponse(
        _lines(rows_admin, request, rows, ids),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _lines(rows_admin: Any, request: HttpRequest, rows: QuerySet[Any], ids: list[Any]) -> Iterator[str]:
    """The file in pieces. By now the request's language is no longer this thread's."""
    columns = [name for name in rows_admin.get_list_display(request) if name != "action_checkbox"]
    language = translation.get_language()
    with translation.override(language):
        header = [str(label_for_field(name, rows_admin.model, rows_admin)) for name in columns]
    yield BOM + _csv([header])
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        found = {row.pk: row for row in rows.filter(pk__in=chunk).order_by()}
        with translation.override(language):
            table = [[_value(rows_admin, row, name) for name in columns] for pk in chunk if (row := found.get(pk))]
        yield _csv(table)


def _value(rows_admin: Any, row: Any, column: str) -> Any:
    try:
        return lookup_field(column, row, rows_admin)[2]
    except ObjectDoesNotExist:  # what it points to is not there yet, or no longer
        return None


def _csv(table: list[list[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([cell(value) for value in row] for row in table)
    return text.getvalue()


def cell(value: Any) -> str:
    """A value as text that no spreadsheet takes for a formula."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime() | date() | time():
            return value.isoformat()
        case SafeString():
            text = html.unescape(strip_tags(value.replace("<br>", "\n")))
        case _:
            text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
