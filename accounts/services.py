"""What can happen to an account."""

import time
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import IntegrityError, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.reset import is_good, user_id_in
from accounts.signals import account_closing, time_zone_changing
from accounts.tokens import TokenUser, forget_standing
from ops import cache, outbox
from ops.database import in_transaction
from ops.logs import log_business_event
from persenaut.errors import DomainError, NotFound


class AlreadyRegistered(DomainError):
    code = "already_registered"
    message = _("El email o el nombre de usuario ya están registrados")


class AlreadyInUse(DomainError):
    code = "already_in_use"
    message = _("El email o nombre de usuario ya están en uso")


class InvalidCredentials(DomainError):
    status = 401
    code = "invalid_credentials"
    message = _("Credenciales inválidas")


class WrongCurrentPassword(DomainError):
    code = "wrong_password"
    message = _("La contraseña actual es incorrecta")


class SamePassword(DomainError):
    code = "same_password"
    message = _("La nueva contraseña debe ser diferente a la actual")


class WrongPassword(DomainError):
    code = "wrong_password"
    message = _("Contraseña incorrecta")


class InvalidResetToken(DomainError):
    code = "invalid_reset_token"
    message = _("El enlace para cambiar la contraseña ya no es válido. Pide uno nuevo.")


PASSWORD_RESET = "password_reset"  # the kind of mail
RESET_SECONDS = 0.3  # that every request for a reset takes, so that its time does not tell whether there is a user


def register(*, name: str, username: str, email: str, password: str, **preferences: Any) -> User:
    """A new user; AlreadyRegistered when e-mail or username belong to somebody."""
    try:
        with transaction.atomic():
            user = User.objects.create_user(name=name, username=username, email=email, password=password, **preferences)
    except IntegrityError as exc:  # the constraints decide, so that of two at once one wins
        raise AlreadyRegistered from exc
    log_business_event("USER_REGISTERED", {"userId": user.pk})
    return user


def authenticate(*, email: str, password: str) -> User:
    """The active user with this e-mail and password, or InvalidCredentials: in the same time whichever is wrong."""
    user = User.objects.filter(email=email.strip().lower()).first()
    if user is None:
        make_password(password)  # as much work as a wrong password costs
        raise InvalidCredentials
    if not user.check_password(password) or not user.is_active:  # stores an Argon2 hash in place of an old one
        raise InvalidCredentials
    return user


def update_profile(asking: TokenUser, changes: dict[str, Any]) -> User:
    """Store the changed fields of the user's own profile; AlreadyInUse when e-mail or username belong to another."""
    user = get_user(asking.pk)
    before = user.zone
    for field, value in changes.items():
        setattr(user, field, value)
    try:
        _save_profile(user, before, list(changes))
    except IntegrityError as exc:
        raise AlreadyInUse from exc
    return user


@in_transaction
def _save_profile(user: User, before: ZoneInfo, fields: list[str]) -> None:
    if user.zone != before:
        time_zone_changing.send(User, user_id=user.pk, before=before, after=user.zone)
    user.save(update_fields=fields)
    transaction.on_commit(lambda: _forget(user.pk))


def change_password(asking: TokenUser, *, current: str, new: str) -> User:
    """Set a new password and end every token made before."""
    user = get_user(asking.pk)
    if not check_password(current, user.password):
        raise WrongCurrentPassword
    if current == new:
        raise SamePassword
    user.set_password(new)
    end_tokens(user, "password")
    log_business_event("PASSWORD_CHANGED", {"userId": user.pk})
    return user


def save_by_staff(user: User, fields: list[str], *, before: ZoneInfo) -> None:
    """Store what staff changed in somebody's row; `before` is the time zone it had. What depends on it follows; who
    joins the staff, or leaves it, logs in again."""
    _save_profile(user, before, fields)
    if {"is_staff", "is_superuser"} & {*fields}:
        end_tokens(user)
    log_business_event("USER_CHANGED_BY_STAFF", {"userId": user.pk, "fields": fields})


def deactivate(user_id: int) -> bool:
    """Close an account without deleting it: from now on its tokens are no good, and nobody can log in. Whether it was
    open."""
    return _set_active(user_id, is_active=False)


def activate(user_id: int) -> bool:
    """Open a closed account again; whether it was closed. Its old tokens stay ended."""
    return _set_active(user_id, is_active=True)


@in_transaction
def _set_active(user_id: int, *, is_active: bool) -> bool:
    user = User.objects.select_for_update().filter(pk=user_id, is_active__in=[not is_active]).first()
    if user is None:
        return False
    user.is_active = is_active
    end_tokens(user, "is_active")
    log_business_event("USER_ACTIVATED" if is_active else "USER_DEACTIVATED", {"userId": user_id})
    return True


def forget_cached(user_id: int) -> None:
    """Have everything that is kept about a user computed again."""
    _forget(user_id)


def end_tokens(user: User, *also_save: str) -> None:
    """End every token of a user at once; `also_save` names fields that were changed with it."""
    with transaction.atomic():
        locked = User.objects.select_for_update().only("token_version").get(pk=user.pk)
        user.token_version = locked.token_version + 1
        user.save(update_fields=["token_version", *also_save])
        transaction.on_commit(lambda: forget_standing(user.pk))


def end_tokens_of(user: User, **_signal: Any) -> None:
    """The same for whoever listens for a new password that was set elsewhere."""
    end_tokens(user)


def ask_for_reset(email: str) -> None:
    """Mail a link for a new password to the user with this address; nobody learns whether there is one."""
    began = time.monotonic()
    user = User.objects.filter(email=email.strip().lower(), is_active=True).only("pk").first()
    if user is not None:
        useful = timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
        outbox.enqueue(user.pk, PASSWORD_RESET, {}, language=get_language() or "", useful_for=useful)
        log_business_event("PASSWORD_RESET_ASKED", {"userId": user.pk})
    time.sleep(max(0.0, began + RESET_SECONDS - time.monotonic()))


def user_of_reset(token: str) -> User:
    """Whose password this token may reset now; InvalidResetToken when nobody's."""
    user = User.objects.filter(pk=user_id_in(token), is_active=True).first()
    if user is None or not is_good(token, user):
        raise InvalidResetToken
    return user


def reset_password(token: str, new: str) -> None:
    """Set a new password, once per token, and end every token of the user."""
    user = user_of_reset(token)
    _store_reset(user.pk, token, make_password(new))  # hashed before any row is locked: that takes a while
    log_business_event("PASSWORD_RESET", {"userId": user.pk})


@in_transaction
def _store_reset(user_id: int, token: str, hashed: str) -> None:
    user = User.objects.select_for_update().filter(pk=user_id, is_active=True).first()
    if user is None or not is_good(token, user):  # of two requests with one token the second finds it used
        raise InvalidResetToken
    user.password = hashed
    end_tokens(user, "password")


def unsubscribe(user_id: int) -> None:
    """No more notifications by mail; doing it twice is doing it once."""
    if User.objects.filter(pk=user_id, wants_email=True).update(wants_email=False):
        log_business_event("EMAIL_UNSUBSCRIBED", {"userId": user_id})


def delete_account(asking: TokenUser, *, password: str) -> None:
    """Delete the user and everything of theirs, and with it all their tokens."""
    user = get_user(asking.pk)
    if not check_password(password, user.password):
        raise WrongPassword
    _delete(user.pk)
    log_business_event("ACCOUNT_DELETED", {"userId": asking.pk})


@in_transaction
def _delete(user_id: int) -> None:
    account_closing.send(User, user_id=user_id)
    User.objects.select_for_update().get(pk=user_id).delete()
    transaction.on_commit(lambda: _forget(user_id))


def get_user(user_id: int) -> User:
    """The row; NotFound when a token outlived it."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise NotFound(_("Usuario no encontrado"))
    return user


def _forget(user_id: int) -> None:
    forget_standing(user_id)
    cache.invalidate_user(user_id)  # a time zone draws the line between days
