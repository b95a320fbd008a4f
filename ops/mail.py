"""What a mail of ours consists of, and the backend that carries it."""

import ssl
import unicodedata
from dataclasses import dataclass, field

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.smtp import EmailBackend
from django.template.loader import render_to_string
from django.utils.functional import cached_property


class SmtpBackend(EmailBackend):
    """Django's, which verifies certificate and host name as it is, and knows an authority of one's own as well."""

    @cached_property
    def ssl_context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=settings.EMAIL_CA_CERTS or None)


@dataclass(frozen=True, slots=True)
class Letter:
    """The content of a mail, in the reader's language; text and HTML are made from it alike."""

    subject: str
    title: str
    paragraphs: list[str]
    facts: list[tuple[str, str]] = field(default_factory=list)  # (name, value)
    button: tuple[str, str] = ("", "")  # (text, address)
    reason: str = ""  # why one gets it
    unsubscribe: tuple[str, str] = ("", "")  # (text, address)
    headers: dict[str, str] = field(default_factory=dict)


def message_of(letter: Letter, *, to: str, language: str, headers: dict[str, str]) -> EmailMultiAlternatives:
    """The message, not sent yet. `headers` come on top of the letter's own."""
    subject = one_line(letter.subject)
    about = {"letter": letter, "language": language}
    message = EmailMultiAlternatives(
        subject,
        render_to_string("ops/mail.txt", about),
        settings.DEFAULT_FROM_EMAIL,
        [to],
        headers={"Auto-Submitted": "auto-generated"} | letter.headers | headers,
    )
    message.attach_alternative(render_to_string("ops/mail.html", about), "text/html")
    return message


def one_line(text: str) -> str:
    """The text without line breaks, control characters and what turns the direction of writing: fit for a header."""
    spaced = " ".join(text.split())
    return "".join(c for c in spaced if unicodedata.category(c) not in ("Cc", "Cf"))
