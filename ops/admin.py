"""What staff see of the house itself."""

from datetime import date
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ops import outbox
from ops.admin_lists import FactAdmin, UserFactAdmin, Way, by_number, by_user
from ops.models import ModelBudget, ModelCall, OutboxMail, StaffAction


@admin.register(ModelCall)
class ModelCallAdmin(UserFactAdmin):
    """Calls of the model: what for and at what cost, never what was said."""

    list_display = [
        "created_at", "purpose", "model", "outcome", "seconds", "prompt_tokens", "completion_tokens", "cost", "user",
    ]  # fmt: skip
    ordering = ("-created_at", "-id")
    ways = [by_number(), by_user("-created_at", "-id")]


def _day(term: str) -> dict[str, Any] | None:
    try:
        return {"day": date.fromisoformat(term)}
    except ValueError:
        return None


@admin.register(ModelBudget)
class ModelBudgetAdmin(FactAdmin):
    """How many calls of the model were spent, by day and payer."""

    list_display = ["day", "payer", "used"]
    ways = [by_number(), Way(r"\d{4}-\d\d-\d\d", _day, ["payer"])]
    search_help_text = gettext_lazy("Un día (2026-01-31) o una fila (#número).")


@admin.register(OutboxMail)
class OutboxMailAdmin(UserFactAdmin):
    """Mail on its way, and mail that did not arrive. Texts are written when they are sent, so none is here."""

    list_display = ["id", "user", "kind", "state", "attempts", "last_error", "created_at", "not_before", "sent_at"]
    list_filter = ["state"]
    filter_orders = {"state": ["-created_at", "-id"]}
    ways = [by_number(), by_user("-pk")]
    fields = [
        "user", "kind", "state", "attempts", "last_error", "language", "created_at", "not_before", "expires_at",
        "sent_at", "message_id",
    ]  # fmt: skip
    actions = ["resend"]

    def has_resend_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("ops.resend_outboxmail")

    @admin.action(description=gettext_lazy("Volver a enviar"), permissions=["resend"])
    def resend(self, request: HttpRequest, chosen: QuerySet[OutboxMail]) -> None:
        done = [mail for mail in chosen if outbox.send_again(mail)]
        for mail in done:
            self.log_change(request, mail, _("Enviado de nuevo"))
        said = ngettext("%(count)d correo sale de nuevo.", "%(count)d correos salen de nuevo.", len(done))
        self.message_user(request, said % {"count": len(done)}, messages.SUCCESS)


@admin.register(StaffAction)
class StaffActionAdmin(FactAdmin):
    """Who of the staff did what, and when."""

    list_display = ["action_time", "user", "kind", "object_repr", "message"]
    list_display_links = None
    list_filter = ["content_type"]
    related = ("user", "content_type")
    ways = [by_user("-pk")]
    search_help_text = gettext_lazy("Alguien del equipo: su número, su correo o @nombre.")

    @admin.display(description=gettext_lazy("clase"))
    def kind(self, action: StaffAction) -> str:
        return str(action.content_type.name) if action.content_type else ""

    @admin.display(description=gettext_lazy("qué hizo"))
    def message(self, action: StaffAction) -> str:
        return action.get_change_message() or action.get_action_flag_display()
