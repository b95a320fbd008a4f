"""Tokens for a new password: good once, for an hour.

A token is the user's id and a signature over what using it changes (the password, the version of the user's tokens) and
the address it was sent to. So there is nothing to store, and nothing to forget: once it is used, or the password or the
address are others, it is no good any more, and neither is any other that was sent.
"""

from django.contrib.auth.tokens import PasswordResetTokenGenerator

from accounts.models import User


class _Tokens(PasswordResetTokenGenerator):
    """Django's, signed over our own fields; how long they are good is PASSWORD_RESET_TIMEOUT."""

    key_salt = "accounts.reset"

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{user.pk} {user.password} {user.token_version} {user.email} {timestamp}"


_tokens = _Tokens()


def make_reset_token(user: User) -> str:
    return f"{user.pk}-{_tokens.make_token(user)}"


def user_id_in(token: str) -> int:
    """The id that the token names, good or not; 0 when it names none."""
    ident = token.partition("-")[0]
    return int(ident) if ident.isascii() and ident.isdigit() and len(ident) <= 18 else 0


def is_good(token: str, user: User) -> bool:
    ident, _dash, signed = token.partition("-")
    return ident == str(user.pk) and _tokens.check_token(user, signed)
