"""What staff see of people, and what they can do for them."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import services
from accounts.models import RevokedToken, User
from ops import budget, limits
from ops.admin_lists import ListAdmin, UserFactAdmin, Way, YesNoFilter, by_number, by_user
from ops.redis_client import UNAVAILABLE

# What a user has elsewhere, by the list that shows it: each finds it by the user's number.
THEIRS = [
    "learning_challenge", "learning_userresponse", "learning_intensivesession", "learning_intensiveresponse",
    "learning_challengeschedule", "learning_questionreport", "metrics_sessionscore", "metrics_usermetrics",
    "metrics_userachievement", "ops_outboxmail", "ops_modelcall", "ops_staffaction",
]  # fmt: skip


class UserForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's own is not generic
    def clean_username(self) -> str:
        username = str(self.cleaned_data["username"])
        if User.objects.filter(username_key=username.lower()).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(services.AlreadyInUse.message)
        return username

    def clean_time_zone(self) -> str:
        name = str(self.cleaned_data["time_zone"])
        try:
            if name:
                ZoneInfo(name)
        except (KeyError, ValueError, OSError) as exc:  # unknown, no name at all, a folder of zones
            raise forms.ValidationError(_("No es una zona horaria conocida.")) from exc
        return name


@admin.register(User)
class UserAdmin(ListAdmin):
    """People. Learners sign up themselves and set their own passwords; who is staff, a superuser says."""

    form = UserForm
    list_display = ["id", "username", "email", "is_active", "is_staff", "created_at"]
    list_filter = [("is_active", YesNoFilter), ("is_staff", YesNoFilter)]
    ways = [
        by_number(pattern=r"#?\d{1,18}"),
        Way(r"@[\w-]{1,50}", lambda term: {"username_key": term[1:].lower()}, ["username_key"]),
        Way(r"[^\s]*@[^\s]*", lambda term: {"email__istartswith": term.lower()}, ["email"]),
        Way(r"[\w-]{1,50}", lambda term: {"username_key__istartswith": term.lower()}, ["username_key"]),
    ]
    search_help_text = gettext_lazy("Un número, o el comienzo de un correo (con su @) o de un nombre de usuario.")
    fields = [
        "name", "username", "email", "time_zone", "language", "wants_email", "is_active", "created_at", "last_login",
        "theirs",
    ]  # fmt: skip
    readonly_fields = ["is_active", "created_at", "last_login", "theirs"]
    actions = ["deactivate", "activate", "reset_limits", "clear_cache"]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        parts: list[Any] = [(None, {"fields": self.fields})]
        if request.user.is_superuser:
            parts.append((_("Equipo"), {"fields": ["is_staff", "is_superuser", "groups"]}))
        return parts

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_manytomany(db_field, request, widget=forms.CheckboxSelectMultiple, **kwargs)

    # --- rights ---

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a learner does that, with the password; staff deactivate

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Whoever could change a colleague's address could have the colleague's password reset.
        is_colleague = obj is not None and (obj.is_staff or obj.is_superuser)
        return super().has_change_permission(request, obj) and (not is_colleague or request.user.is_superuser)

    def has_deactivate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.deactivate_user")

    def has_reset_limits_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.reset_limits_user")

    def has_clear_cache_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.clear_cache_user")

    # --- one user ---

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        before = User.objects.only("time_zone").get(pk=obj.pk).zone
        fields = [name for name in form.changed_data if name != "groups"]  # which save_related() stores
        services.save_by_staff(obj, fields, before=before)

    @admin.display(description=gettext_lazy("lo suyo"))
    def theirs(self, user: User) -> str:
        """Links to the lists of what the user has."""
        links = []
        for name in THEIRS:
            try:
                url = reverse(f"admin:{name}_changelist")
            except NoReverseMatch:
                continue
            label, model = name.split("_")
            title = apps.get_model(label, model)._meta.verbose_name_plural
            links.append((url, user.pk, title))
        return format_html_join(mark_safe(" · "), '<a href="{}?q={}">{}</a>', links)

    # --- actions ---

    @admin.action(
        description=gettext_lazy("Desactivar: nadie entra, y sus sesiones terminan"), permissions=["deactivate"]
    )
    def deactivate(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        def work(user: User) -> bool:
            return user.pk != request.user.pk and services.deactivate(user.pk)

        self._do(request, chosen, work, _("Desactivado, y sus sesiones terminadas"))

    @admin.action(description=gettext_lazy("Volver a activar"), permissions=["deactivate"])
    def activate(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        self._do(request, chosen, lambda user: services.activate(user.pk), _("Activado de nuevo"))

    @admin.action(
        description=gettext_lazy("Reponer sus límites, también los intentos de entrar y las llamadas de hoy al modelo"),
        permissions=["reset_limits"],
    )
    def reset_limits(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        try:
            self._do(request, chosen, _reset_limits, _("Límites repuestos"))
        except UNAVAILABLE:
            said = _("Redis no responde: no se ha podido reponer ningún límite. Inténtalo de nuevo.")
            self.message_user(request, said, messages.ERROR)

    @admin.action(description=gettext_lazy("Vaciar su caché"), permissions=["clear_cache"])
    def clear_cache(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        self._do(request, chosen, _clear_cache, _("Caché vaciada"))

    def _do(self, request: HttpRequest, chosen: QuerySet[User], work: Callable[[User], bool], done: str) -> None:
        """Do it to each, write each down, and say how many it was done to. Staff are a superuser's business."""
        users = [user for user in chosen if request.user.is_superuser or not (user.is_staff or user.is_superuser)]
        count = 0
        for user in users:
            if work(user):
                self.log_change(request, user, done)
                count += 1
        said = ngettext("%(done)s: %(count)d usuario.", "%(done)s: %(count)d usuarios.", count)
        self.message_user(request, said % {"done": done, "count": count}, messages.SUCCESS)


def _reset_limits(user: User) -> bool:
    limits.reset_user(user.pk, user.email)
    budget.reset(user.pk)
    return True


def _clear_cache(user: User) -> bool:
    services.forget_cached(user.pk)
    return True


@admin.register(RevokedToken)
class RevokedTokenAdmin(UserFactAdmin):
    """Logins that were ended before their time. The token itself is nowhere."""

    list_display = ["id", "user", "expires_at"]
    fields = ["user", "expires_at"]
    ways = [by_number(), by_user("-token_id")]


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin):
    """The roles: operator, editor, support, and others that a superuser makes."""

    list_display = ["name", "rights"]
    search_fields = ()

    @admin.display(description=gettext_lazy("permisos"))
    def rights(self, group: Group) -> str:
        return format_html("{}", len(group.permissions.all()))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        return super().get_queryset(request).prefetch_related("permissions")
