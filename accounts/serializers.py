"""Bodies about accounts, as clients send them."""

from typing import Any
from zoneinfo import available_timezones

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import User, username_rule
from ops.fields import Choice, Email, Flag, Password, Text


@extend_schema_field({"type": "string", "format": "time-zone"})
class TimeZone(Text):
    """A time zone of the IANA database; "" for the server's own."""

    def to_internal_value(self, data: Any) -> str:
        name = super().to_internal_value(data)
        if name and name not in available_timezones():
            raise serializers.ValidationError(_("Usa una zona horaria de la base IANA, como Europe/Madrid."))
        return name


class NameFields(serializers.Serializer[User]):
    name = Text(min_length=2, max_length=100)
    username = Text(min_length=3, max_length=50, validators=[username_rule])
    email = Email(max_length=255)

    def validate_email(self, value: str) -> str:
        return value.lower()


class PreferenceFields(serializers.Serializer[User]):
    timeZone = TimeZone(
        max_length=64, required=False, allow_blank=True, source="time_zone", help_text="Of IANA; empty: the server's"
    )
    language = Choice(choices=settings.LANGUAGES, required=False, allow_blank=True)
    emailNotifications = Flag(required=False, source="wants_email")


class RegisterSerializer(NameFields, PreferenceFields):
    password = Password()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        person = User(name=attrs["name"], username=attrs["username"], email=attrs["email"])
        check_new_password(attrs["password"], person, field="password")
        return attrs


class LoginSerializer(serializers.Serializer[User]):
    email = Text(max_length=255)
    password = Password()


class ProfileChangeSerializer(NameFields, PreferenceFields):
    pass


class ProfileSerializer(serializers.ModelSerializer[User]):
    timeZone = serializers.CharField(source="time_zone")
    emailNotifications = serializers.BooleanField(source="wants_email")

    class Meta:
        model = User
        fields = ["id", "name", "username", "email", "created_at", "timeZone", "language", "emailNotifications"]


class PasswordChangeSerializer(serializers.Serializer[User]):
    currentPassword = Password()
    newPassword = Password()


class ForgotPasswordSerializer(serializers.Serializer[User]):
    email = Email(max_length=255)


class ResetPasswordSerializer(serializers.Serializer[User]):
    token = Text(max_length=200)
    newPassword = Password()


class AccountDeletionSerializer(serializers.Serializer[User]):
    password = Password()


class MessageSerializer(serializers.Serializer[Any]):
    message = serializers.CharField()


class WhoSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    username = serializers.CharField()


class CheckAuthSerializer(serializers.Serializer[Any]):
    isAuthenticated = serializers.BooleanField()
    user = WhoSerializer(required=False)


def check_new_password(password: str, user: User, *, field: str) -> None:
    """Django's validators, their sentences under the field that the client sent."""
    try:
        validate_password(password, user)
    except DjangoValidationError as exc:
        raise serializers.ValidationError({field: exc.messages}) from exc
