"""The mails about an account, and the link in every notification that ends them."""

from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.reset import make_reset_token
from ops.mail import Letter

_signer = Signer(salt="accounts.unsubscribe")


def write_password_reset(user: User, facts: dict[str, Any]) -> Letter:
    link = f"{settings.FRONTEND_URL}/reset-password?{urlencode({'token': make_reset_token(user)})}"
    minutes = settings.PASSWORD_RESET_TIMEOUT // 60
    return Letter(
        subject=_("Cambia tu contraseña de Persenaut"),
        title=_("Cambia tu contraseña"),
        paragraphs=[
            _("Alguien, seguramente tú, ha pedido cambiar la contraseña de tu cuenta de Persenaut."),
            _("Este enlace sirve una sola vez, durante %(minutes)d minutos. Al usarlo se cierran todas tus sesiones.")
            % {"minutes": minutes},
        ],
        button=(_("Elegir otra contraseña"), link),
        reason=_("Si no has sido tú, no hagas nada: tu contraseña sigue siendo la misma."),
    )


def notification(user: User, letter: dict[str, Any]) -> Letter:
    """A letter that the user may do without, with the ways to say so: a link for people, headers for their mail program
    (RFC 2369, RFC 8058)."""
    token = unsubscribe_token(user)
    link = f"{settings.PUBLIC_URL}/unsubscribe?{urlencode({'token': token})}"
    ways = [f"<{link}>"]
    if address := settings.UNSUBSCRIBE_EMAIL:
        ways.append(f"<mailto:{quote(address, safe='@')}?subject={quote(f'unsubscribe {token}')}>")
    return Letter(
        **letter,
        unsubscribe=(_("No recibir más correos"), link),
        headers={"List-Unsubscribe": ", ".join(ways), "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
    )


def unsubscribe_token(user: User) -> str:
    return _signer.sign(str(user.pk))


def user_of_unsubscribe(token: str) -> User | None:
    """Whose notifications this link ends. It has no date: an old mail's must work, too."""
    try:
        return User.objects.filter(pk=int(_signer.unsign(token))).first()
    except BadSignature:
        return None
