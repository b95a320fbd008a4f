"""/api/themes (contract section 8)."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.views import asking
from learning import serializers as bodies
from learning.services import themes as services
from learning.services.themes import Deleted
from learning.words import level_named
from ops.api import ApiViewSet, own_id, refuses
from ops.limits import limited
from persenaut.errors import DomainError, NotFound, flatten


class InvalidThemeList(DomainError):
    code = "validation_error"
    message = gettext_lazy("Lista de temas no válida")


class ThemeViewSet(ApiViewSet):
    """A learner's themes."""

    @extend_schema(responses=bodies.ThemesSerializer, summary="One's themes by level, latest first")
    @limited("api")
    @refuses(NotFound)
    def list(self, request: Request, user_id: str) -> Response:
        """With what was answered and how well."""
        return Response({"success": True, "themes": services.themes_of(own_id(request, user_id))})

    @extend_schema(responses={200: bodies.DeletedThemesSerializer}, summary="Delete a theme, or one level of it")
    @limited("api")
    @refuses(NotFound)
    def destroy(self, request: Request, theme: str) -> Response:
        """The rest of the path is a theme, or a theme and one of the three levels. A theme may hold slashes, so the
        last segment is a level only if it is one. Points earned are kept."""
        name, slash, last = theme.rpartition("/")
        level = level_named(last) if slash else None
        if name and level:
            deleted = services.delete_theme_level(asking(request), name, level)
            message = _('Tema "%(theme)s" (%(level)s) eliminado correctamente')
            return deleted_response(deleted, message % {"theme": name, "level": level.value})
        try:
            deleted = services.delete_themes(asking(request), [theme])
        except NotFound:
            if name:  # who asked for a level that is none meant a level
                raise services.level_not_found(name, last) from None
            raise
        return deleted_response(deleted, _('Tema "%(theme)s" eliminado completamente') % {"theme": theme})

    @extend_schema(responses={200: bodies.DeletedThemesSerializer}, summary="Delete a theme called like this path")
    @limited("api")
    @refuses(NotFound)
    def destroy_named_so(self, request: Request, theme: str = "", user_id: str = "") -> Response:
        """As `DELETE /api/themes/{theme}`, for a theme whose name happens to be the rest of this path."""
        return self.destroy(request, theme or f"user/{user_id}")

    @extend_schema(
        request=bodies.DeleteThemesSerializer, responses=bodies.DeletedThemesSerializer, summary="Delete several themes"
    )
    @limited("api")
    @refuses(NotFound)
    def delete_multiple(self, request: Request, theme: str) -> Response:
        """All of them, or none when one is not found."""
        body = bodies.DeleteThemesSerializer(data=request.data)
        if not body.is_valid():
            raise InvalidThemeList(details=flatten(body.errors))
        themes = body.validated_data["themes"]
        deleted = services.delete_themes(asking(request), themes)
        message = ngettext(
            "%(count)d tema eliminado correctamente", "%(count)d temas eliminados correctamente", len(themes)
        )
        return deleted_response(deleted, message % {"count": len(themes)})


def deleted_response(deleted: Deleted, message: str) -> Response:
    body: dict[str, Any] = {"success": True, "message": message}
    return Response(body | {"deletedQuestions": deleted.questions, "deletedSessions": deleted.sessions})
