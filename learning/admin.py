"""What staff see of learning."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from learning.models import LETTERS, QuestionReport
from learning.services import reports
from ops.admin_lists import BoundedPaginator


@admin.register(QuestionReport)
class QuestionReportAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # Django's own is not generic
    """The queue of questions that learners found wrong: accept (retire and void), correct (regrade), or reject."""

    list_display = ["created_at", "state", "reason", "question", "options", "comment"]
    list_filter = ["state", "reason"]
    list_select_related = ["challenge"]
    ordering = ["state", "created_at", "id"]  # up to the key, as the index has it: the admin would add it downwards
    sortable_by = ()
    list_per_page = 50
    paginator = BoundedPaginator
    show_full_result_count = False
    actions = ["retire", "correct_a", "correct_b", "correct_c", "correct_d", "reject"]
    readonly_fields = [
        "created_at", "reason", "comment", "question", "options", "explanation", "origin", "verification", "state",
        "decided_at", "decided_by",
    ]  # fmt: skip
    fields = tuple(readonly_fields)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("pregunta"))
    def question(self, report: QuestionReport) -> str:
        return report.challenge.question

    @admin.display(description=_("opciones (la clave, en negrita)"))
    def options(self, report: QuestionReport) -> str:
        challenge = report.challenge
        rows = zip(LETTERS, challenge.options, strict=True)
        bold, plain = "<strong>{}) {}</strong>", "{}) {}"
        lines = [(format_html(bold if name == challenge.correct_letter else plain, name, text),) for name, text in rows]
        return format_html_join(mark_safe("<br>"), "{}", lines)

    @admin.display(description=_("explicación"))
    def explanation(self, report: QuestionReport) -> str:
        return report.challenge.explanation

    @admin.display(description=_("origen"))
    def origin(self, report: QuestionReport) -> str:
        return f"{report.challenge.get_origin_display()} {report.challenge.model}".strip()

    @admin.display(description=_("verificación"))
    def verification(self, report: QuestionReport) -> str:
        return ", ".join(f"{key}: {value}" for key, value in report.challenge.verification.items())

    @admin.action(description=_("Aceptar: retirar la pregunta y anular sus respuestas"))
    def retire(self, request: HttpRequest, chosen: QuerySet[QuestionReport]) -> None:
        self._decide(request, chosen, reports.accept)

    @admin.action(description=_("Corregir: la respuesta buena es la A"))
    def correct_a(self, request: HttpRequest, chosen: QuerySet[QuestionReport]) -> None:
        self._correct(request, chosen, "A")

    @admin.action(description=_("Corregir: la respuesta buena es la B"))
    def correct_b(self, request: HttpRequest, chosen: QuerySet[QuestionReport]) -> None:
        self._correct(request, chosen, "B")

    @admin.action(description=_("Corregir: la respuesta buena es la C"))
    def correct_c(self, request: HttpRequest, chosen: QuerySet[QuestionReport]) -> None:
        self._correct(request, chosen, "C")

    @admin.action(description=_("Corregir: la respuesta buena es la D"))
    def correct_d(self, request: HttpRequest, chosen: QuerySet[QuestionReport]) -> None:
        self._correct(request, chosen, "D")

    @admin.action(description=_("Rechazar: la pregunta está bien"))
    def reject(self, request: HttpRequest, chosen: QuerySet[QuestionReport]) -> None:
        self._decide(request, chosen, reports.reject)

    def _correct(self, request: HttpRequest, chosen: QuerySet[QuestionReport], letter: str) -> None:
        def correct(report: QuestionReport, staff_id: int) -> int:
            return reports.correct(report, staff_id, answer=report.challenge.options[LETTERS.index(letter)])

        self._decide(request, chosen, correct)

    def _decide(
        self, request: HttpRequest, chosen: QuerySet[QuestionReport], decide: Callable[[QuestionReport, int], Any]
    ) -> None:
        """Decide what is still open among the chosen ones; each decision is in the staff log."""
        open_ones = list(chosen.filter(state=QuestionReport.State.OPEN).select_related("challenge"))
        for report in open_ones:
            decide(report, int(request.user.pk or 0))
            self.log_change(request, report, str(report.get_state_display()))
        said = ngettext("%(count)d aviso decidido.", "%(count)d avisos decididos.", len(open_ones))
        self.message_user(request, said % {"count": len(open_ones)}, messages.SUCCESS)
