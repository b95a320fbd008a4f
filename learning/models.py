"""What is asked and answered."""

import random
import uuid
from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from learning.words import MAX_THEME, GameMode, Level

LETTERS = "ABCD"


def _owner() -> "models.ForeignKey[Any, Any]":
    # No index of its own: each table has one that begins with the user.
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("usuario"), on_delete=models.CASCADE, related_name="+", db_index=False
    )


def _shuffle_key() -> int:
    return random.getrandbits(31)


class NamedIndex(models.Index):
    """An index whose name operators know; the databases we support take 64 characters, Django by itself 30."""

    max_name_length = 64


class ThemedQuerySet(models.QuerySet[Any]):
    def of_user(self, user_id: int) -> Self:
        return self.filter(user_id=user_id)

    def visible(self) -> Self:
        """Without challenges that were reported or retired."""
        return self.filter(hidden_at=None)

    def in_theme(self, theme_key: str, level: str | None = None) -> Self:
        rows = self.filter(theme_key=theme_key)
        return rows.filter(level=level) if level else rows


class ScheduleQuerySet(ThemedQuerySet):
    def active(self) -> Self:
        # Not is_active=True: SQLite is then sent the bare column, for which it does not look into an index.
        return self.filter(is_active__in=[True])

    def due(self, now: datetime) -> Self:
        """Those whose next delivery is due, the longest overdue first."""
        return self.active().filter(next_delivery__lte=now).order_by("next_delivery", "id")

    def lacking(self, now: datetime) -> Self:
        """Those for which the next challenge is to be made now."""
        return self.active().filter(make_at__lte=now).order_by("make_at", "id")


class ChallengeSchedule(models.Model):
    """A standing order: a challenge of this theme and level, each day, week or month, at the learner's local hour."""

    class Frequency(models.TextChoices):
        DAILY = "daily", _("cada día")
        WEEKLY = "weekly", _("cada semana")
        MONTHLY = "monthly", _("cada mes")

    user = _owner()
    theme = models.CharField(_("tema"), max_length=MAX_THEME)
    theme_key = models.CharField(_("tema, para comparar"), max_length=MAX_THEME)
    level = models.CharField(_("nivel"), max_length=12, choices=Level, db_column="difficulty")
    frequency = models.CharField(_("frecuencia"), max_length=8, choices=Frequency, default=Frequency.DAILY)
    delivery_time = models.TimeField(_("hora local"))  # by the learner's clock
    # The local date of the first delivery: a weekly one comes on its weekday, a monthly one on its day of the month
    # (the last day of a shorter month, and its own day again in a longer one).
    anchor = models.DateField(_("primera fecha"))
    next_delivery = models.DateTimeField(_("próxima entrega"))
    is_active = models.BooleanField(_("activa"), default=True)
    # Of its questions, for a learner who has not chosen one.
    language = models.CharField(_("idioma"), max_length=2, blank=True)
    # When to make the next challenge; null while one is ready. Each attempt in vain puts it off further.
    make_at = models.DateTimeField(_("se prepara"), null=True, blank=True)
    make_attempts = models.PositiveSmallIntegerField(_("intentos"), default=0)
    created_at = models.DateTimeField(_("creada"), default=timezone.now)

    objects = ScheduleQuerySet.as_manager()

    class Meta:
        db_table = "challenge_schedules"
        verbose_name = _("programación")
        verbose_name_plural = _("programaciones")
        constraints = [
            # One order per theme and level; generate finds it to change it.
            models.UniqueConstraint(fields=["user", "theme_key", "level"], name="challenge_schedules_user_theme"),
        ]
        indexes = [
            # deliver_challenges: what is due.
            models.Index(fields=["is_active", "next_delivery"], name="challenge_schedules_due"),
            # deliver_challenges: what is to be made.
            models.Index(fields=["is_active", "make_at"], name="challenge_schedules_make"),
        ]

    def __str__(self) -> str:
        return f"{self.theme} ({self.level}), {self.frequency}"


class Challenge(models.Model):
    """One question of one user."""

    class State(models.TextChoices):
        UPCOMING = "upcoming", _("por entregar")  # made ahead for a schedule
        PENDING = "pending", _("pendiente")  # delivered, not opened yet
        ACTIVE = "active", _("activo")  # opened, or never scheduled
        COMPLETED = "completed", _("respondido")

    class Origin(models.TextChoices):
        MODEL = "model", _("modelo de lenguaje")
        NOTES = "notes", _("apuntes, con modelo")
        CLOZE = "cloze", _("apuntes, sin modelo")
        BANK = "bank", _("banco de preguntas")
        IMPORT = "import", _("primera generación")

    user = _owner()
    schedule = models.ForeignKey(
        ChallengeSchedule,
        verbose_name=_("programación"),
        on_delete=models.SET_NULL,
        null=True,
        related_name="challenges",
        db_index=False,
    )
    theme = models.CharField(_("tema"), max_length=MAX_THEME)
    theme_key = models.CharField(_("tema, para comparar"), max_length=MAX_THEME)
    level = models.CharField(_("nivel"), max_length=12, choices=Level, db_column="difficulty")
    question = models.TextField(_("pregunta"))
    options = models.JSONField(_("opciones"))  # four texts, in the order of their letters
    correct_letter = models.CharField(_("letra correcta"), max_length=1)
    explanation = models.TextField(_("explicación"), blank=True)
    origin = models.CharField(_("origen"), max_length=6, choices=Origin)
    # For each option why it is wrong ("" for the key), or nothing when the source does not say.
    option_notes = models.JSONField(_("por qué no las otras"), default=list, blank=True)
    # {text, start, end}: what a question from notes rests on.
    excerpt = models.JSONField(_("pasaje de los apuntes"), null=True, blank=True)
    model = models.CharField(_("modelo"), max_length=100, blank=True)
    prompt_version = models.CharField(_("versión del prompt"), max_length=8, blank=True)
    # {votes, agreed, model, prompt} of independent solutions.
    verification = models.JSONField(_("verificación"), default=dict, blank=True)
    raw_text = models.TextField(_("texto de la fuente"), blank=True)  # what the source said, for staff
    # SHA-256 of the comparable question, and how many times this user was given it before: the bank is finite.
    fingerprint = models.CharField(_("huella"), max_length=64)
    repeat = models.PositiveSmallIntegerField(_("repetición"), default=0)
    state = models.CharField(_("estado"), max_length=9, choices=State)
    delivered_at = models.DateTimeField(_("entregado"), null=True, blank=True)
    # Reported by its learner, or retired for everybody.
    hidden_at = models.DateTimeField(_("oculto desde"), null=True, blank=True)
    # A random order without sorting at random.
    shuffle_key = models.PositiveIntegerField(_("orden al azar"), default=_shuffle_key)
    created_at = models.DateTimeField(_("creado"), default=timezone.now)

    objects = ThemedQuerySet.as_manager()

    class Meta:
        db_table = "challenges"
        verbose_name = _("reto")
        verbose_name_plural = _("retos")
        constraints = [
            # Two requests at once cannot store the same question twice.
            models.UniqueConstraint(fields=["user", "fingerprint", "repeat"], name="challenges_user_question"),
        ]
        indexes = [
            # Questions for a session, in random order, from anywhere in the theme.
            models.Index(fields=["user", "theme_key", "shuffle_key"], name="idx_challenges_user_theme"),
            # Earlier questions of a theme and level, newest first.
            models.Index(
                fields=["user", "theme_key", "level", "-created_at", "-id"], name="challenges_user_theme_level"
            ),
            # pending, and the list by state.
            models.Index(fields=["user", "state", "-created_at", "-id"], name="challenges_user_state"),
            # The list, newest first.
            models.Index(fields=["user", "-created_at", "-id"], name="challenges_user_recent"),
            # A schedule's next challenge.
            models.Index(fields=["schedule", "state", "created_at"], name="challenges_schedule_state"),
            # Everybody who met a question that turns out to be wrong.
            models.Index(fields=["fingerprint"], name="challenges_fingerprint"),
            # Staff: all questions of a theme and level.
            NamedIndex(fields=["theme_key", "level"], name="idx_challenges_theme_difficulty"),
        ]
        permissions = [
            ("retire_challenge", _("Puede retirar y corregir preguntas, y ver de dónde salen")),
        ]

    def __str__(self) -> str:
        return self.question[:80]

    @property
    def answer(self) -> str:
        return str(self.options[LETTERS.index(self.correct_letter)])

    @property
    def lettered_options(self) -> list[dict[str, str]]:
        return [{"letter": letter, "text": text} for letter, text in zip(LETTERS, self.options, strict=True)]


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def done(self, before: datetime) -> Self:
        """Those that were due before that moment and wait for nothing."""
        return self.filter(due_at__lt=before, delivered_at__isnull=False)


class Delivery(models.Model):
    """One due moment of a schedule, and what came of it. It waits while nobody can make a challenge for it."""

    schedule = models.ForeignKey(
        ChallengeSchedule,
        verbose_name=_("programación"),
        on_delete=models.CASCADE,
        related_name="deliveries",
        db_index=False,
    )
    due_at = models.DateTimeField(_("prevista"))
    challenge = models.ForeignKey(
        Challenge, verbose_name=_("reto"), on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    delivered_at = models.DateTimeField(_("entregada"), null=True, blank=True)  # null while it waits

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        db_table = "deliveries"
        verbose_name = _("entrega")
        verbose_name_plural = _("entregas")
        constraints = [
            # Once per due moment, however many processes deliver; has this moment had its delivery?
            models.UniqueConstraint(fields=["schedule", "due_at"], name="deliveries_once"),
        ]
        indexes = [
            # Making: does a delivery of this schedule wait?
            models.Index(fields=["schedule", "delivered_at"], name="deliveries_waiting"),
            # prune: the oldest.
            models.Index(fields=["due_at"], name="deliveries_time"),
            # A challenge's deletion.
            models.Index(fields=["challenge"], name="deliveries_challenge"),
        ]

    def __str__(self) -> str:
        return f"{self.schedule_id}, {self.due_at:%Y-%m-%d %H:%M}"


class ThemeShelf(models.Model):
    """How many questions a user has of a theme and level, kept with them, so that the list of themes never counts."""

    user = _owner()
    theme = models.CharField(_("tema"), max_length=MAX_THEME)  # as typed last
    theme_key = models.CharField(_("tema, para comparar"), max_length=MAX_THEME)
    level = models.CharField(_("nivel"), max_length=12, choices=Level)
    questions = models.PositiveIntegerField(_("preguntas"), default=0)
    first_created = models.DateTimeField(_("primera"), default=timezone.now)
    last_created = models.DateTimeField(_("última"), default=timezone.now)

    objects = ThemedQuerySet.as_manager()

    class Meta:
        db_table = "theme_shelves"
        verbose_name = _("estante de tema")
        verbose_name_plural = _("estantes de temas")
        constraints = [
            # The lists of themes: a user's all.
            models.UniqueConstraint(fields=["user", "theme_key", "level"], name="theme_shelves_user_theme"),
        ]


class Answer(models.Model):
    """One graded answer. Not edited, unless staff find that its question was wrong."""

    user = _owner()
    # Blank: a client that grades by itself did not say.
    selected_letter = models.CharField(_("letra elegida"), max_length=1, blank=True)
    is_correct = models.BooleanField(_("correcta"))
    response_time = models.DecimalField(_("segundos"), max_digits=9, decimal_places=3)  # seconds, as the client says
    day = models.DateField(_("día"))  # the learner's own date
    # The question was no good: the answer counts for nothing.
    is_void = models.BooleanField(_("anulada"), default=False)
    created_at = models.DateTimeField(_("respondida"), default=timezone.now)

    class Meta:
        abstract = True


class UserResponse(Answer):
    """The answer to a challenge outside a session."""

    challenge = models.ForeignKey(
        Challenge, verbose_name=_("reto"), on_delete=models.CASCADE, related_name="responses", db_index=False
    )
    # Above 1 only in what the first generation left: there a challenge could be answered again.
    attempt = models.PositiveSmallIntegerField(_("intento"), default=1, db_default=1)

    objects = ThemedQuerySet.as_manager()

    class Meta:
        db_table = "user_responses"
        verbose_name = _("respuesta")
        verbose_name_plural = _("respuestas")
        constraints = [
            # A challenge is answered once; grading finds the answer that is there.
            models.UniqueConstraint(fields=["challenge", "attempt"], name="user_responses_attempt"),
        ]
        indexes = [
            # A user's answers in time: rebuild_metrics, staff.
            models.Index(fields=["user", "created_at"], name="idx_responses_user_time"),
        ]


class IntensiveSession(models.Model):
    """A round of questions of one theme."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = _owner()
    theme = models.CharField(_("tema"), max_length=MAX_THEME)
    theme_key = models.CharField(_("tema, para comparar"), max_length=MAX_THEME)
    game_mode = models.CharField(_("modo"), max_length=10, choices=GameMode)
    challenge_ids = models.JSONField(_("retos"), default=list)  # the questions given out, in order
    created_at = models.DateTimeField(_("comenzada"), default=timezone.now)
    finished_at = models.DateTimeField(_("terminada"), null=True, blank=True)
    # What closing it answered, to be answered again: {points, accuracy, time_spent, achievements: [id]}
    result = models.JSONField(_("resultado"), null=True, blank=True)

    objects = ThemedQuerySet.as_manager()

    class Meta:
        db_table = "intensive_sessions"
        verbose_name = _("sesión intensiva")
        verbose_name_plural = _("sesiones intensivas")
        indexes = [
            # Deleting a theme; staff: a user's sessions of a theme.
            models.Index(fields=["user", "theme_key"], name="idx_sessions_user_theme"),
            # Staff: a user's sessions in a mode.
            models.Index(fields=["user", "game_mode"], name="idx_sessions_user_gamemode"),
            # Staff: a user's sessions in time.
            models.Index(fields=["user", "created_at"], name="idx_sessions_user_created"),
            # Staff: everybody's last sessions, whose ids are random.
            models.Index(fields=["created_at"], name="intensive_sessions_time"),
        ]

    def __str__(self) -> str:
        return f"{self.theme}, {self.game_mode}"


class IntensiveResponse(Answer):
    """The answer to one question of a session."""

    session = models.ForeignKey(
        IntensiveSession, verbose_name=_("sesión"), on_delete=models.CASCADE, related_name="responses", db_index=False
    )
    challenge = models.ForeignKey(
        Challenge, verbose_name=_("reto"), on_delete=models.CASCADE, related_name="intensive_responses", db_index=False
    )
    # Recorded here by the session's clock; False for what a client claims that grades by itself.
    is_graded_here = models.BooleanField(_("corregida aquí"), default=True)

    objects = ThemedQuerySet.as_manager()

    class Meta:
        db_table = "intensive_responses"
        verbose_name = _("respuesta intensiva")
        verbose_name_plural = _("respuestas intensivas")
        constraints = [
            # The second answer to a question in a session changes nothing; closing reads a session's all.
            models.UniqueConstraint(fields=["session", "challenge"], name="intensive_responses_once"),
        ]
        indexes = [
            # A user's answers in time: rebuild_metrics, staff.
            models.Index(fields=["user", "created_at"], name="intensive_responses_user_time"),
            # A challenge's deletion, and its answers when it turns out to be wrong.
            models.Index(fields=["challenge"], name="intensive_responses_challenge"),
        ]


class QuestionReport(models.Model):
    """A learner says that something is wrong with a question. Staff decide; until then it is hidden from the learner,
    and their answers to it count for nothing."""

    class Reason(models.TextChoices):
        WRONG_KEY = "wrong_key", _("la respuesta dada por buena es falsa")
        TWO_RIGHT = "two_right", _("hay más de una respuesta correcta")
        UNCLEAR = "unclear", _("no se entiende")
        OFF_TOPIC = "off_topic", _("no es del tema o del nivel")
        OTHER = "other", _("otra cosa")

    class State(models.TextChoices):
        OPEN = "open", _("por decidir")
        ACCEPTED = "accepted", _("aceptado: pregunta retirada")
        CORRECTED = "corrected", _("aceptado: pregunta corregida")
        REJECTED = "rejected", _("rechazado")

    user = _owner()
    challenge = models.OneToOneField(Challenge, verbose_name=_("reto"), on_delete=models.CASCADE, related_name="report")
    reason = models.CharField(_("motivo"), max_length=9, choices=Reason)
    comment = models.TextField(_("comentario"), blank=True)
    state = models.CharField(_("estado"), max_length=9, choices=State, default=State.OPEN)
    created_at = models.DateTimeField(_("creado"), default=timezone.now)
    decided_at = models.DateTimeField(_("decidido"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("decidido por"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )

    class Meta:
        db_table = "question_reports"
        verbose_name = _("aviso sobre una pregunta")
        verbose_name_plural = _("avisos sobre preguntas")
        indexes = [
            # The staff's queue: open ones, oldest first.
            models.Index(fields=["state", "created_at"], name="question_reports_queue"),
            # The same, of one reason.
            models.Index(fields=["reason", "state", "created_at"], name="question_reports_reason"),
            # The deletion of a user, or of one of the staff.
            models.Index(fields=["user"], name="question_reports_user"),
            models.Index(fields=["decided_by"], name="question_reports_decided_by"),
        ]

    def __str__(self) -> str:
        return f"{self.reason}: {self.challenge_id}"


class RetiredQuestion(models.Model):
    """A question that no source may hand out again, whatever file or model it comes from."""

    fingerprint = models.CharField(_("huella"), max_length=64)
    question = models.TextField(_("pregunta"))
    created_at = models.DateTimeField(_("retirada"), default=timezone.now)

    class Meta:
        db_table = "retired_questions"
        verbose_name = _("pregunta retirada")
        verbose_name_plural = _("preguntas retiradas")
        constraints = [
            # Each order: are any of these retired?
            models.UniqueConstraint(fields=["fingerprint"], name="retired_questions_fingerprint"),
        ]

    def __str__(self) -> str:
        return self.question[:80]


class QuestionStatistics(models.Model):
    """How one question does with all who met it: learning.question_statistics counts it, and says what the figures
    mean. No text of it: the question stands in its copies, and goes with them."""

    fingerprint = models.CharField(_("huella"), max_length=64)
    example_id = models.BigIntegerField(_("una copia"), null=True)  # a challenge; it may be gone meanwhile
    origin = models.CharField(_("origen"), max_length=6, choices=Challenge.Origin, blank=True)
    model = models.CharField(_("modelo"), max_length=100, blank=True)
    copies = models.PositiveIntegerField(_("copias"), default=0)
    answered = models.PositiveIntegerField(_("respuestas"), default=0)
    correct = models.PositiveIntegerField(_("aciertos"), default=0)
    facility = models.DecimalField(_("facilidad"), max_digits=5, decimal_places=4, null=True)  # 0 to 1
    discrimination = models.DecimalField(_("discriminación"), max_digits=5, decimal_places=4, null=True)  # -1 to 1
    unchosen = models.PositiveSmallIntegerField(_("opciones que nadie elige"), null=True)
    reports = models.PositiveIntegerField(_("avisos"), default=0)
    agreed = models.PositiveSmallIntegerField(_("soluciones que coinciden"), default=0)
    is_retired = models.BooleanField(_("retirada"), default=False)
    trouble = models.DecimalField(_("problemas"), max_digits=6, decimal_places=4, default=0)
    due_at = models.DateTimeField(_("se cuenta"), null=True)  # null: nothing has happened since it was counted
    counted_at = models.DateTimeField(_("contada"), null=True)

    class Meta:
        db_table = "question_statistics"
        verbose_name = _("estadística de una pregunta")
        verbose_name_plural = _("estadísticas de preguntas")
        constraints = [
            # Marking and counting one question.
            models.UniqueConstraint(fields=["fingerprint"], name="question_statistics_fingerprint"),
        ]
        indexes = [
            # Counting: what is due.
            models.Index(fields=["due_at"], name="question_statistics_due"),
            # The staff's page, ordered by each of its columns; the worst first.
            models.Index(fields=["trouble"], name="question_statistics_trouble"),
            models.Index(fields=["answered"], name="question_statistics_answered"),
            models.Index(fields=["facility"], name="question_statistics_facility"),
            NamedIndex(fields=["discrimination"], name="question_statistics_discrimination"),
            models.Index(fields=["unchosen"], name="question_statistics_unchosen"),
            models.Index(fields=["reports"], name="question_statistics_reports"),
            models.Index(fields=["agreed"], name="question_statistics_agreed"),
        ]

    def __str__(self) -> str:
        return self.fingerprint[:12]


class SourceStatistics(models.Model):
    """The same of all questions of one source: sums over `QuestionStatistics`, kept with them."""

    origin = models.CharField(_("origen"), max_length=6, choices=Challenge.Origin, blank=True)
    model = models.CharField(_("modelo"), max_length=100, blank=True)
    questions = models.BigIntegerField(_("preguntas"), default=0)
    answered = models.BigIntegerField(_("respuestas"), default=0)
    correct = models.BigIntegerField(_("aciertos"), default=0)
    discriminated = models.BigIntegerField(_("con discriminación"), default=0)
    discrimination_sum = models.DecimalField(_("suma de discriminaciones"), max_digits=16, decimal_places=4, default=0)
    unchosen = models.BigIntegerField(_("opciones que nadie elige"), default=0)
    reports = models.BigIntegerField(_("avisos"), default=0)
    verified = models.BigIntegerField(_("verificadas"), default=0)
    retired = models.BigIntegerField(_("retiradas"), default=0)

    class Meta:
        db_table = "source_statistics"
        verbose_name = _("estadística de un origen")
        verbose_name_plural = _("estadísticas de orígenes")
        constraints = [
            # Adding what changed of a question.
            models.UniqueConstraint(fields=["origin", "model"], name="source_statistics_source"),
        ]

    def __str__(self) -> str:
        return f"{self.get_origin_display()} {self.model}".strip()


class StatisticsCursor(models.Model):
    """Up to which answer of a table its question has been marked for counting."""

    kind = models.CharField(_("clase"), max_length=24)
    last_id = models.BigIntegerField(_("último número"), default=0)
    # The last one there was at `seen_at`: some time later, no earlier number can still be on its way.
    seen_id = models.BigIntegerField(_("número visto"), default=0)
    seen_at = models.DateTimeField(_("visto"), default=timezone.now)

    class Meta:
        db_table = "statistics_cursors"
        verbose_name = _("marca de las estadísticas")
        verbose_name_plural = _("marcas de las estadísticas")
        constraints = [
            # Going on where the last batch ended.
            models.UniqueConstraint(fields=["kind"], name="statistics_cursors_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.last_id}"


class ImportedTable(models.Model):
    """How far the import of one kind of row of a first-generation database has come, and what became of the rows."""

    # Which database, by what is in it: the same one under another address.
    source = models.CharField(_("base de datos"), max_length=16)
    kind = models.CharField(_("clase"), max_length=24)
    # The old id up to which rows were read; "" for none yet.
    last_id = models.CharField(_("último número"), max_length=64, blank=True)
    seen = models.PositiveBigIntegerField(_("vistas"), default=0)
    imported = models.PositiveBigIntegerField(_("importadas"), default=0)
    repaired = models.PositiveBigIntegerField(_("reparadas"), default=0)  # of those imported
    left_out = models.PositiveBigIntegerField(_("dejadas fuera"), default=0)
    began_at = models.DateTimeField(_("comienzo"), default=timezone.now)

    class Meta:
        db_table = "imported_tables"
        verbose_name = _("tabla importada")
        verbose_name_plural = _("tablas importadas")
        constraints = [
            # Going on where the last batch ended.
            models.UniqueConstraint(fields=["source", "kind"], name="imported_tables_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.kind}: {self.seen}"


class ImportedRow(models.Model):
    """What became of one row of a first-generation database, written with what was made of it.

    Rows to which others refer are all here; of the rest those that were repaired or left out. Nothing personal: it
    outlives the user.
    """

    class Outcome(models.TextChoices):
        IMPORTED = "imported"
        REPAIRED = "repaired"
        LEFT_OUT = "left_out"

    table = models.ForeignKey(
        ImportedTable, verbose_name=_("tabla"), on_delete=models.CASCADE, related_name="rows", db_index=False
    )
    old_id = models.CharField(_("número antiguo"), max_length=64)
    new_id = models.CharField(_("número nuevo"), max_length=36, blank=True)
    outcome = models.CharField(_("resultado"), max_length=8, choices=Outcome)
    owner = models.BigIntegerField(_("usuario antiguo"), null=True)  # the old user's id, where we know it
    notes = models.JSONField(_("notas"), default=list)  # [[code, detail], ...]

    class Meta:
        db_table = "imported_rows"
        verbose_name = _("fila importada")
        verbose_name_plural = _("filas importadas")
        constraints = [
            # Rows that refer to this one find what was made of it; no row is imported twice.
            models.UniqueConstraint(fields=["table", "old_id"], name="imported_rows_once"),
        ]

    def __str__(self) -> str:
        return f"{self.old_id}: {self.outcome}"
