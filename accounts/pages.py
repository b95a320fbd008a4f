"""Where links in our mails lead: the end of notifications, and a new password."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from accounts.mails import user_of_unsubscribe
from accounts.services import InvalidResetToken, unsubscribe, user_of_reset
from ops.language import speak


# What keeps strangers out is the signed link: mail programs that press it for their users bring no cookie (RFC 8058).
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe_page(request: HttpRequest) -> HttpResponse:
    """GET asks, and changes nothing: mail programs and their guards follow links by themselves. POST does it."""
    user = user_of_unsubscribe(request.GET.get("token", ""))
    if user is None:
        uncut = [_("Ábrelo tal como está en el correo, sin cortarlo.")]
        return _page(request, _("Este enlace no es válido"), uncut, status=404)
    speak(request, user.language)
    if request.method == "POST":
        unsubscribe(user.pk)
        user.wants_email = False
    if user.wants_email:
        asked = [_("Dejarás de recibir un correo cada vez que te llegue un reto. Los retos te seguirán esperando.")]
        return _page(request, _("¿No quieres recibir más correos?"), asked, button=_("No recibir más correos"))
    done = [_("No te enviaremos más avisos por correo."), _("Puedes volver a activarlos en tu perfil.")]
    return _page(request, _("Hecho"), done)


@never_cache
@require_safe
def new_password_page(request: HttpRequest) -> HttpResponse:
    """For the link in a mail, where no client of ours has a page of its own (FRONTEND_URL): it asks the API."""
    token = request.GET.get("token", "")
    try:
        user = user_of_reset(token)
    except InvalidResetToken as exc:
        return _page(request, _("Este enlace no es válido"), [str(exc.message)], status=404)
    speak(request, user.language)
    asked = [_("Todas tus sesiones terminarán, y entrarás con la nueva.")]
    return _page(request, _("Elige una contraseña nueva"), asked, template="new-password", token=token)


def _page(
    request: HttpRequest, title: str, paragraphs: list[str], *, status: int = 200, template: str = "page", **more: str
) -> HttpResponse:
    shown = {"title": title, "paragraphs": paragraphs, "language": get_language(), **more}
    return render(request, f"accounts/{template}.html", shown, status=status)
