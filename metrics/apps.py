from django.apps import AppConfig


class MetricsConfig(AppConfig):
    name = "metrics"

    def ready(self) -> None:
        from metrics.rebuild import differing_totals
        from ops import backup

        backup.register("totals", differing_totals)
