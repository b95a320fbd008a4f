"""What the house itself writes down: calls of the language model, and who has spent how many."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ModelCall(models.Model):
    """One call of the language model: what for, how it ended, what it cost. Never what was said."""

    created_at = models.DateTimeField(_("momento"), default=timezone.now)
    purpose = models.CharField(_("para qué"), max_length=12)
    # Kept for the sums when the user is deleted.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    model = models.CharField(_("modelo"), max_length=100)
    outcome = models.CharField(_("resultado"), max_length=24)  # "ok", or an LLMError's reason
    prompt_tokens = models.PositiveIntegerField(default=0)
    completion_tokens = models.PositiveIntegerField(default=0)
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

    day = models.DateField()  # UTC
    payer = models.CharField(max_length=64)  # "u:7", "site", or a visitor's address, hashed
    used = models.PositiveIntegerField(default=0)

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
