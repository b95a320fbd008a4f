from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts.mails import write_password_reset
        from accounts.models import RevokedToken
        from accounts.services import PASSWORD_RESET
        from ops import outbox, pruning

        outbox.register(PASSWORD_RESET, write_password_reset)
        pruning.register("revoked_tokens", RevokedToken.objects.expired, days=1)  # clocks differ
