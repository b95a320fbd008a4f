"""How good the questions are: the worst first, by question and by the model that made them. It reads what
learning.question_statistics has counted, along an index for each order, and counts nothing itself."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.core.paginator import Page
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from learning.models import Challenge, QuestionStatistics, SourceStatistics
from learning.question_statistics import LEAST, LEAST_CHOICES, LEAST_PAIRS
from ops.admin_lists import BoundedPaginator
from ops.charts import chart, section, tile

PER_PAGE = 25
DOTS = 300
SOURCES = 50


@dataclass(frozen=True, slots=True)
class Column:
    """A column by which the table is ordered; `first` is the order that puts the worst first."""

    field: str
    label: Any
    first: str


COLUMNS = [
    Column("trouble", gettext_lazy("Problemas"), "-"),
    Column("answered", gettext_lazy("Respuestas"), "-"),
    Column("facility", gettext_lazy("Facilidad (%)"), ""),
    Column("discrimination", gettext_lazy("Discriminación"), ""),
    Column("unchosen", gettext_lazy("Opciones sin elegir"), "-"),
    Column("reports", gettext_lazy("Avisos"), "-"),
    Column("agreed", gettext_lazy("Verificación"), ""),
]
ORDERS = {sign + column.field for column in COLUMNS for sign in ("", "-")}
# Unknown while there are too few answers: not in a list that is ordered by them.
UNKNOWN = {"facility", "discrimination", "unchosen"}


def page(request: HttpRequest) -> HttpResponse:
    """GET /admin/quality/?o=-trouble&p=1"""
    order = request.GET.get("o", "")
    order = order if order in ORDERS else "-trouble"
    paginator = BoundedPaginator(questions(order), PER_PAGE)
    shown = paginator.get_page(request.GET.get("p"))
    context = admin.site.each_context(request) | {
        "title": _("Calidad de las preguntas"),
        "sections": [summary()],
        "order": order,
        "columns": [_head(column, order) for column in COLUMNS],
        "rows": _rows(shown),
        "page": shown,
        "least": {"facility": LEAST, "discrimination": LEAST_PAIRS, "choices": LEAST_CHOICES},
    }
    return TemplateResponse(request, "learning/quality.html", context)


def questions(order: str) -> Any:
    """The questions in one of ORDERS."""
    field = order.lstrip("-")
    known = {f"{field}__isnull": False} if field in UNKNOWN else {}
    return QuestionStatistics.objects.filter(**known).order_by(order, "-pk" if order.startswith("-") else "pk")


def _head(column: Column, order: str) -> dict[str, Any]:
    """What a column's head says and does: a second click turns the order round."""
    worst_first = column.first + column.field
    best_first = column.field if column.first else f"-{column.field}"
    is_current = order.lstrip("-") == column.field
    sorted_as = ("descending" if order.startswith("-") else "ascending") if is_current else ""
    return {
        "label": column.label,
        "order": best_first if order == worst_first else worst_first,
        "sorted": sorted_as,
        "arrow": {"descending": "↓", "ascending": "↑"}.get(sorted_as, ""),
    }


def _rows(shown: Page[Any]) -> list[dict[str, Any]]:
    rows = list(shown)
    copies = Challenge.objects.in_bulk([row.example_id for row in rows if row.example_id])
    return [{"row": row, "copy": copies.get(row.example_id), **_cells(row, copies.get(row.example_id))} for row in rows]


def _cells(row: QuestionStatistics, copy: Challenge | None) -> dict[str, Any]:
    votes = copy.verification.get("votes") if copy else None
    return {
        "source": _source(row),
        "facility": None if row.facility is None else round(100 * row.facility, 1),
        "discrimination": None if row.discrimination is None else round(row.discrimination, 2),
        "verified": f"{row.agreed}/{votes}" if row.agreed and votes else "",
    }


def _source(row: Any) -> str:
    return f"{row.get_origin_display()} {row.model}".strip()


# --- Pictures --------------------------------------------------------------------------------------------------------


def summary() -> dict[str, Any]:
    sources = sorted(SourceStatistics.objects.filter(questions__gt=0)[:SOURCES], key=lambda row: -row.questions)
    answered, correct = sum(row.answered for row in sources), sum(row.correct for row in sources)
    names = [_source(row) for row in sources]
    nothing = _("Todavía no se ha contado ninguna pregunta.")
    few = _("Ninguna pregunta tiene aún respuestas bastantes.")
    return section(
        "quality",
        _("De un vistazo"),
        tiles=[
            tile(_("Preguntas contadas"), sum(row.questions for row in sources)),
            tile(_("Respuestas"), answered),
            tile(_("Facilidad"), _percent(correct, answered), unit="%"),
            tile(_("Avisos"), sum(row.reports for row in sources)),
            tile(_("Retiradas"), sum(row.retired for row in sources)),
        ],
        charts=[
            dots(few),
            chart(
                "source-facility",
                "rows",
                _("Facilidad por origen"),
                unit="%",
                top=100,
                x=names,
                series=[(_("facilidad"), [_percent(row.correct, row.answered) for row in sources])],
                axis=_("Origen"),
                empty=nothing,
            ),
            chart(
                "source-discrimination",
                "rows",
                _("Discriminación media por origen"),
                top=1,
                x=names,
                series=[
                    (
                        _("discriminación"),
                        [
                            round(float(row.discrimination_sum) / row.discriminated, 2) if row.discriminated else None
                            for row in sources
                        ],
                    )
                ],
                axis=_("Origen"),
                empty=few,
            ),
            chart(
                "source-reports",
                "rows",
                _("Avisos por cada cien preguntas"),
                x=names,
                series=[(_("avisos"), [_percent(row.reports, row.questions) for row in sources])],
                axis=_("Origen"),
                empty=_("Nadie ha avisado de nada."),
            ),
            chart(
                "source-verified",
                "rows",
                _("Verificadas por otro modelo"),
                unit="%",
                top=100,
                x=names,
                series=[(_("verificadas"), [_percent(row.verified, row.questions) for row in sources])],
                axis=_("Origen"),
                empty=_("Ninguna pregunta se ha verificado."),
            ),
        ],
    )


def dots(few: str) -> dict[str, Any]:
    """Facility and discrimination of the questions that discriminate worst."""
    rows = questions("discrimination").exclude(facility=None)
    pairs = list(rows.values_list("facility", "discrimination", "trouble")[:DOTS])
    return chart(
        "dots",
        "dots",
        _("Facilidad y discriminación"),
        x=[round(100 * float(facility), 1) for facility, _discrimination, _trouble in pairs],
        series=[
            (_("en orden"), [None if trouble > 0 else float(found) for _facility, found, trouble in pairs]),
            (_("por revisar"), [float(found) if trouble > 0 else None for _facility, found, trouble in pairs]),
        ],
        axis=_("Facilidad (%)"),
        target=(_("discriminación 0,2"), 0.2),
        empty=few,
        note=_("Cada punto es una pregunta; están las %(count)d que peor discriminan.") % {"count": DOTS},
    )


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None
