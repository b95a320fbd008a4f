"""Read settings from the environment in typed, loud ways: a value that cannot be understood stops the start."""

import os
import re
import secrets
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def read_dotenv(path: Path) -> None:
    """Fill the environment from a `.env` file; what the environment already says wins."""
    if path.is_file():
        environ.Env.read_env(str(path), overwrite=False)


def env_str(name: str, default: str = "") -> str:
    """The variable as text, stripped; NAME_FILE names a file to read it from (container secrets)."""
    if file := os.environ.get(f"{name}_FILE"):
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError as exc:
            raise ImproperlyConfigured(f"{name}_FILE={file!r} cannot be read: {exc.strerror}") from exc
    return os.environ.get(name, "").strip() or default


def env_bool(name: str, default: bool) -> bool:
    value = env_str(name).lower()
    if not value:
        return default
    if value in TRUE | FALSE:
        return value in TRUE
    raise ImproperlyConfigured(f"{name}={value!r}: use true or false")


def env_int(name: str, default: int, *, minimum: int = 0) -> int:
    value = env_str(name)
    if not value:
        return default
    if not re.fullmatch(r"\d{1,9}", value) or int(value) < minimum:
        raise ImproperlyConfigured(f"{name}={value!r}: use a whole number of {minimum} or more")
    return int(value)


def env_float(name: str, default: float) -> float:
    value = env_str(name)
    if not value:
        return default
    if not re.fullmatch(r"\d{1,9}(\.\d{1,6})?", value):
        raise ImproperlyConfigured(f"{name}={value!r}: use a number such as 2.5")
    return float(value)


def env_share(name: str, default: float) -> float:
    """A part of the whole, from 0 to 1."""
    value = env_float(name, default)
    if value > 1:
        raise ImproperlyConfigured(f"{name}={value}: use a share from 0 to 1, such as 0.05")
    return value


def env_list(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """Comma-separated values."""
    return [part.strip() for part in env_str(name).split(",") if part.strip()] or list(default)


def env_choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    value = env_str(name, default).lower()
    if value not in choices:
        raise ImproperlyConfigured(f"{name}={value!r}: use one of {', '.join(choices)}")
    return value


def env_rate(name: str, default: str) -> tuple[int, int]:
    """A limit such as `5/15m`: (requests, seconds)."""
    value = env_str(name, default)
    match = re.fullmatch(r"(\d{1,9})/(\d{0,6})([smhd])", value)
    if not match or int(match[1]) < 1 or int(match[2] or 1) < 1:
        raise ImproperlyConfigured(f"{name}={value!r}: use requests/period, such as 5/15m, 30/m or 200/1h")
    return int(match[1]), int(match[2] or 1) * SECONDS[match[3]]


def env_url(name: str, default: str, schemes: tuple[str, ...]) -> str:
    value = env_str(name, default)
    if value and urlsplit(value).scheme not in schemes:
        raise ImproperlyConfigured(f"{name} must begin with {' or '.join(f'{s}://' for s in schemes)}")
    return value


def database(url: str) -> dict[str, Any]:
    """Django's dictionary for a database URL (`mysql://user:password@host:3306/name?key=value`, `sqlite:///path`)."""
    return dict(environ.Env.db_url_config(url))


class MailServer(NamedTuple):
    host: str
    port: int
    user: str
    password: str
    starttls: bool
    ssl: bool


MAIL_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}


def mail_server(url: str) -> MailServer:
    """The parts of `smtp://user:password@host:port` (smtp+tls: STARTTLS; smtps: TLS from the start); "" for no host."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise ImproperlyConfigured("EMAIL_URL has a port that is none") from exc
    return MailServer(
        host=parts.hostname or "",
        port=port or MAIL_PORTS.get(parts.scheme, 587),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        starttls=parts.scheme == "smtp+tls",
        ssl=parts.scheme == "smtps",
    )


def kept_secret(path: Path) -> str:
    """The secret in `path`; made on the first call, and readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    if not path.exists():
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(64))
        try:
            os.link(draft, path)  # of two processes that start at once, the second takes the first one's
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
