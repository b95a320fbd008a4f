from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OpsConfig(AppConfig):
    name = "ops"
    verbose_name = _("Operaciones")

    def ready(self) -> None:
        from ops import cache, checks, database, database_checks, health, llm, outbox, pruning, sentry, tally  # noqa: F401

        sentry.start()
        database.install()
        tally.install()
        cache.install()
        pruning.register_own()
        health.register("model", llm.ailment)
        health.register("mail", outbox.check_mail)
