"""What can happen to an account."""

from typing import Any

from django.contrib.auth.hashers import check_password, make_password
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.tokens import TokenUser, forget_standing
from ops import cache
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
    for field, value in changes.items():
        setattr(user, field, value)
    try:
        with transaction.atomic():
            user.save(update_fields=list(changes))
            transaction.on_commit(lambda: _forget(user.pk))
    except IntegrityError as exc:
        raise AlreadyInUse from exc
    return user


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


def end_tokens(user: User, *also_save: str) -> None:
    """End every token of a user at once; `also_save` names fields that were changed with it."""
    with transaction.atomic():
        locked = User.objects.select_for_update().only("token_version").get(pk=user.pk)
        user.token_version = locked.token_version + 1
        user.save(update_fields=["token_version", *also_save])
        transaction.on_commit(lambda: forget_standing(user.pk))


def delete_account(asking: TokenUser, *, password: str) -> None:
    """Delete the user and everything of theirs, and with it all their tokens."""
    user = get_user(asking.pk)
    if not check_password(password, user.password):
        raise WrongPassword
    user_id = user.pk
    with transaction.atomic():
        user.delete()
        transaction.on_commit(lambda: _forget(user_id))
    log_business_event("ACCOUNT_DELETED", {"userId": user_id})


def get_user(user_id: int) -> User:
    """The row; NotFound when a token outlived it."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise NotFound(_("Usuario no encontrado"))
    return user


def _forget(user_id: int) -> None:
    forget_standing(user_id)
    cache.invalidate_user(user_id)  # a time zone draws the line between days
