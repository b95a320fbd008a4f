from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MetricsConfig(AppConfig):
    name = "metrics"
    verbose_name = _("Métricas")

    def ready(self) -> None:
        from metrics.rebuild import differing_totals
        from ops import backup

        backup.register("totals", differing_totals)
