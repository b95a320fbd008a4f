"""What the house itself writes down: calls of the language model, who has spent how many, and mail on its way."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ModelCall(models.Model):
    """One call of the language model: what for, how it ended, what it cost. Never what was said."""

    created_at = models.DateTimeField(_("momento"), default=timezone.now)
    purpose = models.CharField(_("para qué"), max_length=12)
    # Kept for the sums when the user is deleted.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("usuario"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    model = models.CharField(_("modelo"), max_length=100)
    outcome = models.CharField(_("resultado"), max_length=24)  # "ok", or an LLMError's reason
    prompt_tokens = models.PositiveIntegerField(_("tokens enviados"), default=0)
    completion_tokens = models.PositiveIntegerField(_("tokens recibidos"), default=0)
    cost = models.DecimalField(_("coste"), max_digits=12, decimal_places=6, default=0)  # by AI_PRICE_INPUT, _OUTPUT
    seconds = models.FloatField(_("segundos"))

    class Meta:
        db_table = "model_calls"
        verbose_name = _("llamada al modelo")
        verbose_name_plural = _("llamadas al modelo")
        indexes = [
            # Staff: the last calls, sums by day; prune: the oldest.
            models.Index(fields=["created_at"], name="model_calls_time"),
            # A user's deletion, and staff: one user's calls.
            models.Index(fields=["user", "created_at"], name="model_calls_user_time"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.model}: {self.outcome}"


class ModelBudget(models.Model):
    """How many calls one payer has spent on one day. A call is reserved here before it is made."""

    day = models.DateField(_("día"))  # UTC
    payer = models.CharField(_("a cuenta de"), max_length=64)  # "u:7", "site", or a visitor's address, hashed
    used = models.PositiveIntegerField(_("llamadas"), default=0)

    class Meta:
        db_table = "model_budgets"
        verbose_name = _("presupuesto del modelo")
        verbose_name_plural = _("presupuestos del modelo")
        constraints = [
            # Reserving; prune: the oldest days.
            models.UniqueConstraint(fields=["day", "payer"], name="model_budgets_day_payer"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.payer}: {self.used}"


class OutboxQuerySet(models.QuerySet["OutboxMail"]):
    def due(self, now: datetime) -> Self:
        """What is to be sent now, the longest waiting first."""
        return self.filter(state=OutboxMail.State.WAITING, not_before__lte=now).order_by("not_before", "id")


class OutboxMail(models.Model):
    """A mail to be sent: what about and to whom. Its text is written when it is sent, so nothing secret stands here."""

    class State(models.TextChoices):
        WAITING = "waiting", _("en espera")
        SENT = "sent", _("enviado")
        GIVEN_UP = "given_up", _("abandonado")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("usuario"), on_delete=models.CASCADE, related_name="+", db_index=False
    )
    kind = models.CharField(_("clase"), max_length=24)  # under which its writer is registered with ops.outbox
    facts = models.JSONField(_("de qué trata"), default=dict, blank=True)  # what its writer needs beside the user
    language = models.CharField(_("idioma"), max_length=2, blank=True)  # for a user who has not chosen one
    # The same for every attempt: a mail that came twice is seen as one.
    message_id = models.CharField(_("Message-ID"), max_length=255)
    state = models.CharField(_("estado"), max_length=8, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(_("intentos"), default=0)
    # Not to be sent earlier; whoever sends it moves this on first, so that nobody else does meanwhile.
    not_before = models.DateTimeField(_("no antes de"), default=timezone.now)
    expires_at = models.DateTimeField(_("útil hasta"))  # of no use to anybody later
    created_at = models.DateTimeField(_("creado"), default=timezone.now)
    sent_at = models.DateTimeField(_("enviado"), null=True, blank=True)
    last_error = models.CharField(_("último error"), max_length=24, blank=True)  # a stable word, nothing of the server

    objects = OutboxQuerySet.as_manager()

    class Meta:
        db_table = "outbox"
        verbose_name = _("correo")
        verbose_name_plural = _("correos")
        indexes = [
            # send_outbox: what is to be sent.
            models.Index(fields=["state", "not_before"], name="outbox_due"),
            # health: the oldest that waits; send_outbox --stuck; prune: the oldest that is done.
            models.Index(fields=["state", "created_at"], name="outbox_oldest"),
            # A user's deletion.
            models.Index(fields=["user"], name="outbox_user"),
        ]
        permissions = [("resend_outboxmail", _("Puede volver a enviar correos"))]

    def __str__(self) -> str:
        return f"{self.kind} {self.message_id}"


class StaffAction(LogEntry):
    """What a member of staff did in the admin: Django's own log, with the rights that belong to no table of ours."""

    class Meta:
        proxy = True
        verbose_name = _("acción del equipo")
        verbose_name_plural = _("acciones del equipo")
        permissions = [
            ("export_lists", _("Puede exportar listas como CSV")),
            ("see_operations", _("Puede ver la página de operaciones")),
        ]
