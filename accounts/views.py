"""/api/auth and /api/user (contract sections 2 and 8)."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import serializers as bodies
from accounts import services, tokens
from accounts.tokens import TokenUser
from ops.api import ApiView, body_of, refuses
from ops.limits import limited
from ops.permissions import Anyone
from persenaut.errors import MissingFields


class RegisterView(ApiView):
    permission_classes = [Anyone]

    @extend_schema(request=bodies.RegisterSerializer, responses=bodies.MessageSerializer, summary="Sign up")
    @limited("auth")
    @refuses(services.AlreadyRegistered, knows_user=False)
    def post(self, request: Request) -> Response:
        """Makes an account. It does not log in."""
        require(request, ["name", "username", "email", "password"], _("Todos los campos son obligatorios"))
        body = bodies.RegisterSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        services.register(**body.validated_data)
        return Response({"message": _("Usuario registrado correctamente")})


class LoginView(ApiView):
    permission_classes = [Anyone]

    @extend_schema(request=bodies.LoginSerializer, responses=bodies.MessageSerializer, summary="Log in")
    @limited("auth")
    @refuses(services.InvalidCredentials, knows_user=False, validates=False, answers_with=("Set-Cookie",))
    def post(self, request: Request) -> Response:
        """Sets the cookie `token`. Whatever is wrong is answered alike, in the same time."""
        body = bodies.LoginSerializer(data=request.data)
        if not body.is_valid():
            raise services.InvalidCredentials
        user = services.authenticate(**body.validated_data)
        response = Response({"message": _("Login correcto")})
        tokens.set_cookie(response, tokens.make_token(user))
        return response


class LogoutView(ApiView):
    permission_classes = [Anyone]

    @extend_schema(request=None, responses=bodies.MessageSerializer, summary="Log out: end this token")
    @limited("global")
    @refuses(answers_with=("Set-Cookie",))
    def post(self, request: Request) -> Response:
        """Ends the token that was sent and clears the cookie. Without one, it is done already."""
        if isinstance(request.user, TokenUser):
            tokens.revoke(request.user)
        response = Response({"message": _("Sesión cerrada correctamente")})
        tokens.clear_cookie(response)
        return response


class CheckAuthView(ApiView):
    permission_classes = [Anyone]

    @extend_schema(responses=bodies.CheckAuthSerializer, summary="Who am I?")
    @limited("global")
    def get(self, request: Request) -> Response:
        """Says whose token it is, with the current name, or that it is none that is good."""
        user = request.user
        if not isinstance(user, TokenUser):
            return Response({"isAuthenticated": False})
        who = {"id": user.pk, "name": user.name, "username": user.username}
        return Response({"isAuthenticated": True, "user": who})


class ForgotPasswordView(ApiView):
    permission_classes = [Anyone]

    @extend_schema(
        request=bodies.ForgotPasswordSerializer,
        responses=bodies.MessageSerializer,
        summary="Ask for a link to set a new password",
    )
    @limited("auth")
    @refuses(knows_user=False)
    def post(self, request: Request) -> Response:
        """Mails a link that works once, within the hour, if there is such an account; the answer does not tell."""
        body = bodies.ForgotPasswordSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        services.ask_for_reset(body.validated_data["email"])
        return Response({"message": _("Si hay una cuenta con ese correo, te hemos enviado un enlace.")})


class ResetPasswordView(ApiView):
    permission_classes = [Anyone]

    @extend_schema(
        request=bodies.ResetPasswordSerializer,
        responses=bodies.MessageSerializer,
        summary="Set a new password with the token of a mailed link",
    )
    @limited("auth")
    @refuses(services.InvalidResetToken, knows_user=False)
    def post(self, request: Request) -> Response:
        """Sets the password and ends all tokens."""
        body = bodies.ResetPasswordSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        token, new = body.validated_data["token"], body.validated_data["newPassword"]
        # Who holds a good token learns what is wrong with the password; nobody else does.
        bodies.check_new_password(new, services.user_of_reset(token), field="newPassword")
        services.reset_password(token, new)
        return Response({"message": _("Contraseña actualizada correctamente")})


class ProfileView(ApiView):
    @extend_schema(responses=bodies.ProfileSerializer, summary="Read the profile")
    @limited("api")
    def get(self, request: Request) -> Response:
        """The account, with its settings."""
        return Response(bodies.ProfileSerializer(services.get_user(asking(request).pk)).data)

    @extend_schema(
        request=bodies.ProfileChangeSerializer, responses=bodies.ProfileSerializer, summary="Change the profile"
    )
    @limited("api")
    @refuses(services.AlreadyInUse)
    def put(self, request: Request) -> Response:
        """Name, username and e-mail are replaced; of the settings, those that were sent."""
        body = bodies.ProfileChangeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        user = services.update_profile(asking(request), body.validated_data)
        message = {"message": _("Perfil actualizado correctamente")}
        return Response(message | bodies.ProfileSerializer(user).data)


class PasswordView(ApiView):
    @extend_schema(
        request=bodies.PasswordChangeSerializer, responses=bodies.MessageSerializer, summary="Change the password"
    )
    @limited("api")
    @refuses(services.WrongCurrentPassword, services.SamePassword, answers_with=("Set-Cookie",))
    def put(self, request: Request) -> Response:
        """Ends all tokens but the one that it sets as the cookie."""
        require(request, ["currentPassword", "newPassword"], _("Ambas contraseñas son requeridas"))
        body = bodies.PasswordChangeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        current, new = body.validated_data["currentPassword"], body.validated_data["newPassword"]
        if current != new:  # the service has the better sentence for that
            bodies.check_new_password(new, services.get_user(asking(request).pk), field="newPassword")
        user = services.change_password(asking(request), current=current, new=new)
        response = Response({"message": _("Contraseña actualizada correctamente")})
        tokens.set_cookie(response, tokens.make_token(user))
        return response


class AccountView(ApiView):
    @extend_schema(
        request=bodies.AccountDeletionSerializer,
        responses={200: bodies.MessageSerializer},
        summary="Delete the account",
    )
    @limited("api")
    @refuses(services.WrongPassword, takes_body=True, answers_with=("Set-Cookie",))
    def delete(self, request: Request) -> Response:
        """Everything of the learner goes, for good."""
        body = bodies.AccountDeletionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        services.delete_account(asking(request), password=body.validated_data["password"])
        response = Response({"message": _("Cuenta eliminada correctamente")})
        tokens.clear_cookie(response)
        return response


def asking(request: Request) -> TokenUser:
    """The asking user, where permission has already seen to it that there is one."""
    user: Any = request.user
    assert isinstance(user, TokenUser)
    return user


def require(request: Request, fields: list[str], sentence: str) -> None:
    """The contract's own sentence when a field is missing or empty."""
    if missing := [field for field in fields if body_of(request).get(field) in (None, "")]:
        raise MissingFields(sentence, missing)
