"""A person, and the tokens of theirs that no longer count."""

from datetime import UTC, datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import MinLengthValidator, RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

username_rule = RegexValidator(
    r"\A[A-Za-z0-9_-]+\Z", _("El nombre de usuario solo puede contener letras, números, guiones y guiones bajos.")
)


class UserManager(BaseUserManager["User"]):
    def create_user(self, *, name: str, username: str, email: str, password: str | None, **fields: Any) -> "User":
        user = self.model(name=name, username=username, email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, *, email: str, password: str, **fields: Any) -> "User":
        return self.create_user(email=email, password=password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        """The user who logs into the admin: by e-mail, in any case."""
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person who learns, or works for those who do. E-mail is stored lower-case; two usernames differ in more than
    case."""

    name = models.CharField(_("nombre"), max_length=100, validators=[MinLengthValidator(2)])
    username = models.CharField(
        _("nombre de usuario"), max_length=50, validators=[MinLengthValidator(3), username_rule]
    )
    # The username in lower case.
    username_key = models.CharField(_("nombre, para comparar"), max_length=50, editable=False)
    email = models.EmailField(_("correo electrónico"), max_length=255)
    time_zone = models.CharField(_("zona horaria"), max_length=64, blank=True)  # "": the server's DEFAULT_TIME_ZONE
    language = models.CharField(_("idioma"), max_length=2, blank=True, choices=settings.LANGUAGES)  # "": as asked
    wants_email = models.BooleanField(_("recibe correos"), default=True)
    # Every token carries the version it was made under; one of another version is no good.
    token_version = models.PositiveIntegerField(_("versión de los tokens"), default=1, editable=False)
    is_active = models.BooleanField(_("activo"), default=True)
    is_staff = models.BooleanField(_("es del equipo"), default=False)
    created_at = models.DateTimeField(_("creado"), default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name", "username"]

    class Meta:
        db_table = "users"
        verbose_name = _("usuario")
        verbose_name_plural = _("usuarios")
        constraints = [
            # Login, registration, password reset: one user by e-mail.
            models.UniqueConstraint(fields=["email"], name="idx_users_email"),
            # Registration and profile: is this username taken?
            models.UniqueConstraint(fields=["username_key"], name="idx_users_username"),
        ]
        indexes = [
            # Staff: those who were deactivated, and those of the staff.
            models.Index(fields=["is_active"], name="users_active"),
            models.Index(fields=["is_staff"], name="users_staff"),
        ]
        permissions = [
            ("deactivate_user", _("Puede desactivar usuarios y terminar sus sesiones")),
            ("reset_limits_user", _("Puede reponer los límites de un usuario")),
            ("clear_cache_user", _("Puede vaciar la caché de un usuario")),
        ]

    def __str__(self) -> str:
        return self.username

    def clean(self) -> None:
        super().clean()
        self.email = self.email.strip().lower()

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.username_key = self.username.lower()
        if (update_fields := kwargs.get("update_fields")) and "username" in update_fields:
            kwargs["update_fields"] = {*update_fields, "username_key"}
        super().save(*args, **kwargs)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone or settings.DEFAULT_TIME_ZONE)


class RevokedTokenQuerySet(models.QuerySet["RevokedToken"]):
    def of_user(self, user_id: int) -> Self:
        return self.filter(user_id=user_id)

    def still_dangerous(self) -> Self:
        """Those that would be good had they not been revoked."""
        return self.filter(expires_at__gt=datetime.now(UTC))

    def expired(self, before: datetime) -> Self:
        """Those of no use since before that moment."""
        return self.filter(expires_at__lt=before)


class RevokedToken(models.Model):
    """A token ended before its time by a logout. Needed until it would have expired."""

    user = models.ForeignKey(
        User, verbose_name=_("usuario"), on_delete=models.CASCADE, related_name="+", db_index=False
    )
    token_id = models.CharField(_("token"), max_length=32)  # the claim `jti`
    expires_at = models.DateTimeField(_("habría caducado"))

    objects = RevokedTokenQuerySet.as_manager()

    class Meta:
        db_table = "revoked_tokens"
        verbose_name = _("token terminado")
        verbose_name_plural = _("tokens terminados")
        constraints = [
            # Who is asking: the revoked tokens of one user. Logging out twice with one token is one row.
            models.UniqueConstraint(fields=["user", "token_id"], name="revoked_tokens_user_token"),
        ]
        indexes = [
            # prune: what has expired.
            models.Index(fields=["expires_at"], name="revoked_tokens_expiry"),
        ]

    def __str__(self) -> str:
        return self.token_id
