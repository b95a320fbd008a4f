"""How far behind deliveries are: for the staff's page of operations."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from learning.models import ChallengeSchedule
from ops.charts import chart, section, tile
from ops.operations_sections import COUNTED

LATE = timedelta(minutes=5)


def operations_section() -> dict[str, Any]:
    now = timezone.now()
    schedules = ChallengeSchedule.objects
    due, late = schedules.due(now)[:COUNTED].count(), schedules.due(now - LATE)[:COUNTED].count()
    soon = schedules.due(now + timedelta(hours=1))[:COUNTED].count()
    oldest = schedules.due(now).values_list("next_delivery", flat=True).first()
    minutes = round((now - oldest).total_seconds() / 60) if oldest else 0
    lacking = schedules.lacking(now)[:COUNTED].count()
    return section(
        "deliveries",
        _("Entregas"),
        tiles=[
            tile(_("Retraso de la más antigua"), minutes, unit="min", tone="bad" if minutes > 5 else "good"),
            tile(_("Retos por preparar"), lacking),
        ],
        charts=[
            chart(
                "backlog",
                "rows",
                _("Entregas"),
                x=[_("en la próxima hora"), _("debidas ya"), _("con más de cinco minutos de retraso")],
                series=[(_("entregas"), [soon, due, late])],
                axis=_("Estado"),
                empty=_("No hay entregas para la próxima hora."),
                note=_("Se cuentan hasta mil."),
            )
        ],
    )
