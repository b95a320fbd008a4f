"""One learner as support sees them: what they did, what comes next, what was sent to them. Each list has an end."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from accounts.models import User
from learning.models import ChallengeSchedule, Delivery
from learning.words import GameMode
from metrics import reads
from ops.charts import chart, section, table, tile
from ops.models import OutboxMail

DAYS, SESSIONS, ROWS, THEMES = 90, 20, 20, 12


def page(request: HttpRequest, user_id: int) -> HttpResponse:
    """GET /admin/learners/<id>/"""
    learner = get_object_or_404(User, pk=user_id)
    context = admin.site.each_context(request) | {
        "title": _("Aprendiz %(name)s") % {"name": learner.username},
        "sections": [progress(learner), sessions(learner), schedules(learner), mails(learner)],
        "learner": learner,
    }
    return TemplateResponse(request, "learning/learner.html", context)


def progress(learner: User) -> dict[str, Any]:
    none = _("No ha terminado ninguna sesión.")
    whole = reads.overall(learner.pk)
    days = reads.timeline(learner.pk, DAYS, timezone.now().astimezone(learner.zone).date())
    themes = sorted(reads.themes(learner.pk), key=lambda row: (-row["total_sessions"], row["theme"]))[:THEMES]
    if whole:
        none = _("No ha terminado ninguna sesión en los últimos %(count)d días.") % {"count": DAYS}
    lately: dict[str, Any] = {
        "x": [row["date"].isoformat() for row in days],
        "axis": _("Día"),
        "empty": _("No ha terminado ninguna sesión en los últimos %(count)d días.") % {"count": DAYS}
        if whole
        else none,
    }
    return section(
        "progress",
        _("Progreso"),
        tiles=[
            tile(_("Puntos"), whole.get("total_points", 0)),
            tile(_("Sesiones"), whole.get("total_sessions", 0)),
            tile(_("Acierto medio"), float(whole["average_accuracy"]) if whole else None, unit="%"),
            tile(_("Tiempo"), round(whole.get("total_time_spent", 0) / 60), unit="min"),
        ],
        charts=[
            chart(
                "accuracy",
                "lines",
                _("Acierto por día"),
                unit="%",
                top=100,
                series=[(_("acierto"), [float(row["daily_accuracy"]) for row in days])],
                note=_("Solo los días con sesiones, de los últimos %(count)d.") % {"count": DAYS},
                **lately,
            ),
            chart(
                "points",
                "bars",
                _("Puntos por día"),
                series=[(_("puntos"), [row["daily_points"] for row in days])],
                **lately,
            ),
            chart(
                "themes",
                "rows",
                _("Acierto por tema"),
                unit="%",
                top=100,
                x=[row["theme"] for row in themes],
                series=[(_("acierto"), [float(row["average_accuracy"]) for row in themes])],
                axis=_("Tema"),
                empty=none,
                note=_("Los temas con más sesiones primero."),
            ),
        ],
    )


def sessions(learner: User) -> dict[str, Any]:
    rows = [
        [
            _moment(row["created_at"], learner),
            row["theme"],
            GameMode(row["game_mode"]).label,
            row["points_earned"],
            float(row["accuracy"]),
            row["time_spent"],
        ]
        for row in reads.sessions(learner.pk, SESSIONS)
    ]
    head = [_("Terminada"), _("Tema"), _("Modo"), _("Puntos"), _("Acierto (%)"), _("Segundos")]
    last = table("sessions", _("Últimas sesiones"), head, rows, empty=_("No ha terminado ninguna sesión."))
    return section("sessions", _("Sesiones"), tables=[last])


def schedules(learner: User) -> dict[str, Any]:
    orders = list(ChallengeSchedule.objects.of_user(learner.pk).order_by("theme_key", "level")[:ROWS])
    # Those of ninety days, which is what prune keeps: few enough to be sorted.
    deliveries = Delivery.objects.filter(schedule__in=[order.pk for order in orders]).order_by("-due_at", "-id")
    themes = {order.pk: order.theme for order in orders}
    states = {True: _("activa"), False: _("en pausa")}
    return section(
        "schedules",
        _("Programaciones y entregas"),
        note=_("Las horas son las del aprendiz."),
        tables=[
            table(
                "schedules",
                _("Programaciones"),
                [_("Tema"), _("Nivel"), _("Frecuencia"), _("Próxima entrega"), _("Estado")],
                [
                    [
                        order.theme,
                        order.get_level_display(),
                        order.get_frequency_display(),
                        _moment(order.next_delivery, learner),
                        states[order.is_active],
                    ]
                    for order in orders
                ],
                empty=_("No tiene programaciones."),
            ),
            table(
                "deliveries",
                _("Últimas entregas"),
                [_("Prevista"), _("Tema"), _("Entregada")],
                [
                    [
                        _moment(row.due_at, learner),
                        themes[row.schedule_id],
                        _moment(row.delivered_at, learner) if row.delivered_at else _("espera un reto"),
                    ]
                    for row in deliveries[:ROWS]
                ],
                empty=_("No se le ha entregado nada."),
            ),
        ],
    )


def mails(learner: User) -> dict[str, Any]:
    rows = [
        [
            _moment(mail.created_at, learner),
            mail.kind,
            mail.get_state_display(),
            mail.attempts,
            _moment(mail.sent_at, learner) if mail.sent_at else mail.last_error,
        ]
        for mail in OutboxMail.objects.filter(user_id=learner.pk).order_by("-id")[:ROWS]
    ]
    head = [_("Creado"), _("Clase"), _("Estado"), _("Intentos"), _("Enviado, o por qué no")]
    last = table("mails", _("Últimos correos"), head, rows, empty=_("No se le ha escrito."))
    wants = _("Quiere correos.") if learner.wants_email else _("No quiere correos sobre sus entregas.")
    return section("mails", _("Correos"), tables=[last], note=wants)


def _moment(when: Any, learner: User) -> str:
    return str(formats.date_format(when.astimezone(learner.zone), "SHORT_DATETIME_FORMAT"))
