from django.apps import AppConfig


class OpsConfig(AppConfig):
    name = "ops"
    verbose_name = "Operations"

    def ready(self) -> None:
        from ops import cache, checks, health, llm, outbox, tally  # noqa: F401

        tally.install()
        cache.install()
        health.register("model", llm.ailment)
        health.register("mail", outbox.check_mail)
