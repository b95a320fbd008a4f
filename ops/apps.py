from django.apps import AppConfig


class OpsConfig(AppConfig):
    name = "ops"
    verbose_name = "Operations"

    def ready(self) -> None:
        from ops import cache, checks, database, database_checks, health, llm, outbox, pruning, sentry, tally  # noqa: F401

        sentry.start()
        database.install()
        tally.install()
        cache.install()
        pruning.register_own()
        health.register("model", llm.ailment)
        health.register("mail", outbox.check_mail)
