"""Tokens: made at login, believed until they expire or are revoked.

A token is a JWT (HS256) with id, name, username, iat, exp, a `jti` of its own and the user's `ver`. Whether it still
counts is decided by the user's row (there, active, same version) and by `revoked_tokens`: the truth is in the
database, and the cache only remembers it under a generation, so an emptied cache revives nothing.
"""

import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.models import RevokedToken, User
from ops import cache

COOKIE = "token"
ALGORITHM = "HS256"
STANDING_PREFIX = "auth:standing:"
STANDING_TTL = cache.MEDIUM  # the backstop; a change is seen at once through the generation


@dataclass(frozen=True, slots=True)
class TokenUser:
    """Who a token speaks for, without a row read: what views, limits and logs need of the asking user."""

    id: int
    name: str
    username: str
    is_staff: bool
    time_zone: str
    language: str
    token: dict[str, Any]

    is_authenticated = True
    is_anonymous = False
    is_active = True

    @property
    def pk(self) -> int:
        return self.id


def speaking_for(user: User) -> TokenUser:
    """The user as services take one, where no token came: in commands."""
    return TokenUser(
        id=user.pk,
        name=user.name,
        username=user.username,
        is_staff=user.is_staff,
        time_zone=user.time_zone,
        language=user.language,
        token={},
    )


def make_token(user: User) -> str:
    now = int(time.time())
    claims = {
        "id": user.pk,
        "name": user.name,
        "username": user.username,
        "iat": now,
        "exp": now + settings.TOKEN_LIFETIME,
        "jti": secrets.token_hex(16),
        "ver": user.token_version,
    }
    return jwt.encode(claims, settings.SECRET_KEY, ALGORITHM)


def user_of(token: str) -> TokenUser | None:
    """Who the token speaks for now; None when it is no good any more, or never was."""
    claims = _verified.get(token)
    if claims is None:
        return None
    standing = load_standing(claims["id"])
    if not standing or claims["ver"] != standing["ver"] or claims["jti"] in standing["revoked"]:
        return None
    return TokenUser(
        id=claims["id"],
        name=standing["name"],
        username=standing["username"],
        is_staff=standing["staff"],
        time_zone=standing["zone"],
        language=standing["language"],
        token=claims,
    )


def revoke(user: TokenUser) -> None:
    """End the token that this user came with."""
    expires = datetime.fromtimestamp(user.token["exp"], UTC)
    RevokedToken.objects.get_or_create(user_id=user.pk, token_id=user.token["jti"], defaults={"expires_at": expires})
    transaction.on_commit(lambda: forget_standing(user.pk))


def load_standing(user_id: int) -> dict[str, Any]:
    """What decides whether this user's tokens count, as a dictionary; {} when there is no such active user."""
    key = f"{STANDING_PREFIX}{user_id}"
    found: dict[str, Any] = cache.get_or_set(
        key, lambda: _read_standing(user_id), STANDING_TTL, owner=_owner(user_id)
    ).value
    return found


def forget_standing(user_id: int) -> None:
    """Call after the commit of whatever changes a user's row or ends a token."""
    cache.forget(_owner(user_id))


def _owner(user_id: int) -> str:
    # Not the owner of the user's figures: each answer makes those old, and a token's standing outlives answers.
    return f"auth:{user_id}"


def _read_standing(user_id: int) -> dict[str, Any]:
    row = (
        User.objects.filter(pk=user_id, is_active=True)
        .values("token_version", "name", "username", "is_staff", "time_zone", "language")
        .first()
    )
    if row is None:
        return {}
    revoked = RevokedToken.objects.of_user(user_id).still_dangerous().values_list("token_id", flat=True)
    return {
        "ver": row["token_version"],
        "name": row["name"],
        "username": row["username"],
        "staff": row["is_staff"],
        "zone": row["time_zone"],
        "language": row["language"],
        "revoked": list(revoked),
    }


class _VerifiedTokens:
    """Tokens whose signature this process has checked: an HMAC and a JSON parse less per request. Expiry is looked
    at each time, and whether the token still counts is not remembered here at all."""

    SIZE = 10_000

    def __init__(self) -> None:
        self._claims: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, token: str) -> dict[str, Any] | None:
        claims = self._claims.get(token)
        if claims is None:
            claims = self._verify(token)
            if claims is None:
                return None
            with self._lock:
                self._claims[token] = claims
                if len(self._claims) > self.SIZE:
                    self._claims.popitem(last=False)
        return claims if claims["exp"] > time.time() else None

    @staticmethod
    def _verify(token: str) -> dict[str, Any] | None:
        for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
            try:
                claims: dict[str, Any] = jwt.decode(
                    token, key, [ALGORITHM], options={"require": ["exp", "iat", "id", "jti", "ver"]}
                )
            except jwt.InvalidTokenError:
                continue
            return claims if isinstance(claims["id"], int) else None
        return None


_verified = _VerifiedTokens()


def token_in(request: HttpRequest) -> tuple[str, bool]:
    """The token of a request and whether it came by cookie; ("", False) without one."""
    scheme, _, value = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() == "bearer" and value.strip():
        return value.strip(), False
    cookie = request.COOKIES.get(COOKIE, "")
    return cookie, bool(cookie)


def set_cookie(response: HttpResponseBase, token: str) -> None:
    response.set_cookie(
        COOKIE,
        token,
        max_age=settings.TOKEN_LIFETIME,
        path="/",
        httponly=True,
        secure=settings.HTTPS,
        samesite="Strict",
    )


def clear_cookie(response: HttpResponseBase) -> None:
    response.set_cookie(COOKIE, "", max_age=0, path="/", httponly=True, secure=settings.HTTPS, samesite="Strict")
