from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Cuentas")

    def ready(self) -> None:
        from accounts.mails import write_password_reset
        from accounts.models import RevokedToken
        from accounts.services import PASSWORD_RESET, end_tokens_of
        from ops import outbox, pruning
        from ops.admin_site import password_changed

        password_changed.connect(end_tokens_of, dispatch_uid="accounts")
        outbox.register(PASSWORD_RESET, write_password_reset)
        pruning.register("revoked_tokens", RevokedToken.objects.expired, days=1)  # clocks differ
