"""What staff see of learning: what was asked and answered, and the queue of questions found wrong."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from learning import learner_page, quality_page
from learning.models import (
    LETTERS,
    Challenge,
    ChallengeSchedule,
    Delivery,
    ImportedRow,
    ImportedTable,
    IntensiveResponse,
    IntensiveSession,
    QuestionReport,
    QuestionStatistics,
    RetiredQuestion,
    SourceStatistics,
    StatisticsCursor,
    ThemeShelf,
    UserResponse,
)
from learning.services import reports
from learning.words import theme_key
from ops.admin_lists import UUID, FactAdmin, ListAdmin, UserFactAdmin, Way, YesNoFilter, by_number, by_user

FINGERPRINT = r"[0-9a-f]{64}"


def lettered(challenge: Challenge) -> str:
    """The four options, one under the other, the right one in bold."""
    rows = zip(LETTERS, challenge.options, strict=True)
    bold, plain = "<strong>{}) {}</strong>", "{}) {}"
    lines = [(format_html(bold if name == challenge.correct_letter else plain, name, text),) for name, text in rows]
    return format_html_join(mark_safe("<br>"), "{}", lines)


# --- Questions -------------------------------------------------------------------------------------------------------


@admin.register(Challenge)
class ChallengeAdmin(FactAdmin):
    """Everybody's questions. One that is wrong is retired or corrected for all who met it."""

    list_display = ["id", "user", "theme", "level", "question", "origin", "state", "created_at"]
    related = ("user",)
    ways = [
        by_number(),
        by_user("-created_at", "-id"),
        Way(FINGERPRINT, lambda term: {"fingerprint": term}, ["id"]),
        # Any other words are a theme.
        Way(r".+", lambda term: {"theme_key": theme_key(term)}, ["-level", "-id"]),
    ]
    search_help_text = _("Un usuario (su número, su correo o @nombre), una pregunta (#número o huella) o un tema.")
    actions = ["retire", "correct_a", "correct_b", "correct_c", "correct_d"]
    fields = [
        "user", "theme", "level", "question", "lettered", "explanation", "origin", "state", "created_at",
        "delivered_at", "hidden_at", "schedule", "repeat", "fingerprint",
    ]  # fmt: skip
    # What a question was made of, notes of its learner among it: for those who judge questions.
    sources = ["option_notes", "excerpt", "model", "prompt_version", "verification", "raw_text"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*self.fields, *(self.sources if self.has_retire_permission(request) else [])]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["lettered"]

    def has_retire_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("learning.retire_challenge")

    @admin.display(description=_("opciones (la clave, en negrita)"))
    def lettered(self, challenge: Challenge) -> str:
        return lettered(challenge)

    @admin.action(description=_("Retirar la pregunta y anular sus respuestas"), permissions=["retire"])
    def retire(self, request: HttpRequest, chosen: QuerySet[Challenge]) -> None:
        self._each(request, chosen, reports.retire, _("Retirada para todos"))

    @admin.action(description=_("Corregir: la respuesta buena es la A"), permissions=["retire"])
    def correct_a(self, request: HttpRequest, chosen: QuerySet[Challenge]) -> None:
        self._correct(request, chosen, "A")

    @admin.action(description=_("Corregir: la respuesta buena es la B"), permissions=["retire"])
    def correct_b(self, request: HttpRequest, chosen: QuerySet[Challenge]) -> None:
        self._correct(request, chosen, "B")

    @admin.action(description=_("Corregir: la respuesta buena es la C"), permissions=["retire"])
    def correct_c(self, request: HttpRequest, chosen: QuerySet[Challenge]) -> None:
        self._correct(request, chosen, "C")

    @admin.action(description=_("Corregir: la respuesta buena es la D"), permissions=["retire"])
    def correct_d(self, request: HttpRequest, chosen: QuerySet[Challenge]) -> None:
        self._correct(request, chosen, "D")

    def _correct(self, request: HttpRequest, chosen: QuerySet[Challenge], letter: str) -> None:
        def correct(challenge: Challenge, staff_id: int) -> int:
            return reports.put_key_right(challenge, staff_id, answer=challenge.options[LETTERS.index(letter)])

        self._each(request, chosen, correct, _("Corregida para todos: la buena es la %(letter)s") % {"letter": letter})

    def _each(
        self, request: HttpRequest, chosen: QuerySet[Challenge], put_right: Callable[[Challenge, int], int], said: Any
    ) -> None:
        """Put each question right once: two of the chosen may be copies of one."""
        questions = {challenge.fingerprint: challenge for challenge in chosen}
        copies = 0
        for challenge in questions.values():
            count = put_right(challenge, int(request.user.pk or 0))
            self.log_change(request, challenge, f"{said} ({count})")
            copies += count
        told = ngettext(
            "%(done)s: la ha tenido %(count)d persona.", "%(done)s: la han tenido %(count)d personas.", copies
        )
        self.message_user(request, told % {"done": said, "count": copies}, messages.SUCCESS)


@admin.register(RetiredQuestion)
class RetiredQuestionAdmin(ListAdmin):
    """Questions that no source hands out again. Deleting one lets them."""

    list_display = ["id", "question", "created_at"]
    fields = ["question", "fingerprint", "created_at"]
    ways = [by_number(), Way(FINGERPRINT, lambda term: {"fingerprint": term}, ["id"])]
    search_help_text = _("Una fila (#número) o una huella.")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(QuestionReport)
class QuestionReportAdmin(ListAdmin):
    """The queue of questions that learners found wrong: accept (retire and void), correct (regrade), or reject."""

    list_display = ["created_at", "state", "reason", "question", "options", "comment"]
    list_filter = ["state", "reason"]
    related = ("challenge",)
    ordering = ("state", "created_at", "id")  # up to the key, as the index has it: the admin would add it downwards
    filter_orders = {"state": ["state", "created_at", "id"], "reason": ["state", "created_at", "id"]}
    ways = [
        by_number(),
        by_user("-pk"),
        # All reports of one question, whoever's copy it was.
        Way(FINGERPRINT, lambda term: {"challenge__fingerprint": term}, ["challenge_id"]),
    ]
    search_help_text = _("Un usuario (su número, su correo o @nombre), una fila (#número) o la huella de una pregunta.")
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
        return lettered(report.challenge)

    @admin.display(description=_("explicación"))
    def explanation(self, report: QuestionReport) -> str:
        return report.challenge.explanation

    @admin.display(description=_("origen"))
    def origin(self, report: QuestionReport) -> str:
        return f"{report.challenge.get_origin_display()} {report.challenge.model}".strip()

    @admin.display(description=_("verificación"))
    def verification(self, report: QuestionReport) -> str:
        return ", ".join(f"{key}: {value}" for key, value in report.challenge.verification.items())

    @admin.action(description=_("Aceptar: retirar la pregunta y anular sus respuestas"), permissions=["change"])
    def retire(self, request: HttpRequest, chosen: QuerySet[QuestionReport]) -> None:
        self._decide(request, chosen, reports.accept)

    @admin.action(description=_("Corregir: la respuesta buena es la A"), permissions=["change"])
    def correct_a(self, request: HttpRequest, chosen: QuerySet[QuestionReport]) -> None:
        self._correct(request, chosen, "A")

    @admin.action(description=_("Corregir: la respuesta buena es la B"), permissions=["change"])
    def correct_b(self, request: HttpRequest, chosen: QuerySet[QuestionReport]) -> None:
        self._correct(request, chosen, "B")

    @admin.action(description=_("Corregir: la respuesta buena es la C"), permissions=["change"])
    def correct_c(self, request: HttpRequest, chosen: QuerySet[QuestionReport]) -> None:
        self._correct(request, chosen, "C")

    @admin.action(description=_("Corregir: la respuesta buena es la D"), permissions=["change"])
    def correct_d(self, request: HttpRequest, chosen: QuerySet[QuestionReport]) -> None:
        self._correct(request, chosen, "D")

    @admin.action(description=_("Rechazar: la pregunta está bien"), permissions=["change"])
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


# --- What answers say about questions ---------------------------------------------------------------------------------


@admin.register(QuestionStatistics)
class QuestionStatisticsAdmin(FactAdmin):
    list_display = ["fingerprint", "origin", "model", "answered", "facility", "discrimination", "reports", "trouble"]
    ordering = ("-trouble", "-id")
    ways = [by_number(), Way(FINGERPRINT, lambda term: {"fingerprint": term}, ["id"])]
    search_help_text = _("Una fila (#número) o una huella.")


@admin.register(SourceStatistics)
class SourceStatisticsAdmin(FactAdmin):
    list_display = ["origin", "model", "questions", "answered", "correct", "reports", "verified", "retired"]
    ordering = ("origin", "model")


@admin.register(StatisticsCursor)
class StatisticsCursorAdmin(FactAdmin):
    list_display = ["kind", "last_id", "seen_id", "seen_at"]


# --- Answers ---------------------------------------------------------------------------------------------------------


@admin.register(UserResponse)
class UserResponseAdmin(UserFactAdmin):
    list_display = [
        "id",
        "user",
        "challenge_id",
        "selected_letter",
        "is_correct",
        "response_time",
        "is_void",
        "created_at",
    ]
    ways = [by_number(), by_user("-created_at", "-id")]


@admin.register(IntensiveSession)
class IntensiveSessionAdmin(UserFactAdmin):
    list_display = ["created_at", "user", "theme", "game_mode", "finished_at", "id"]
    ordering = ("-created_at", "-id")
    ways = [Way(UUID, lambda term: {"pk": term}, ["pk"]), by_user("-created_at", "-id")]
    search_help_text = _("Un usuario (su número, su correo o @nombre) o el identificador de una sesión.")


@admin.register(IntensiveResponse)
class IntensiveResponseAdmin(UserFactAdmin):
    list_display = [
        "id", "user", "session_id", "challenge_id", "selected_letter", "is_correct", "response_time", "is_void",
        "created_at",
    ]  # fmt: skip
    ways = [
        by_number(),
        by_user("-created_at", "-id"),
        Way(UUID, lambda term: {"session_id": term}, ["challenge_id"]),
    ]
    search_help_text = _("Un usuario (su número, su correo o @nombre), una sesión o una fila (#número).")


# --- Schedules -------------------------------------------------------------------------------------------------------


@admin.register(ChallengeSchedule)
class ChallengeScheduleAdmin(UserFactAdmin):
    list_display = [
        "id",
        "user",
        "theme",
        "level",
        "frequency",
        "delivery_time",
        "next_delivery",
        "is_active",
        "make_attempts",
    ]
    list_filter = [("is_active", YesNoFilter)]
    filter_orders = {"is_active": ["next_delivery", "id"]}
    ways = [by_number(), by_user("theme_key", "level")]


@admin.register(Delivery)
class DeliveryAdmin(FactAdmin):
    list_display = ["due_at", "schedule", "delivered_at", "challenge_id"]
    related = ("schedule",)
    ordering = ("-due_at", "-id")
    ways = [by_number(), by_number("schedule_id", pattern=r"\d{1,18}", order=["-due_at"])]
    search_help_text = _("El número de una programación, o una fila (#número).")


@admin.register(ThemeShelf)
class ThemeShelfAdmin(UserFactAdmin):
    list_display = ["id", "user", "theme", "level", "questions", "last_created"]
    ways = [by_number(), by_user("theme_key", "level")]


# --- What came from the first generation -----------------------------------------------------------------------------


@admin.register(ImportedTable)
class ImportedTableAdmin(FactAdmin):
    list_display = ["source", "kind", "seen", "imported", "repaired", "left_out", "began_at"]
    ordering = ("source", "kind")


@admin.register(ImportedRow)
class ImportedRowAdmin(FactAdmin):
    list_display = ["id", "table", "old_id", "new_id", "outcome", "owner", "notes"]
    list_filter = ["table"]
    filter_orders = {"table": ["old_id"]}
    related = ("table",)
    ways = [by_number()]
    search_help_text = _("Una fila (#número).")


admin.site.add_page(  # type: ignore[attr-defined]  # it is ours: ops.admin_site
    "learners/<int:user_id>/", learner_page.page, name="learner", permission="metrics.view_usermetrics"
)
admin.site.add_page(  # type: ignore[attr-defined]
    "quality/",
    quality_page.page,
    name="quality",
    label=_("Calidad de las preguntas"),
    permission="learning.view_questionreport",
)
