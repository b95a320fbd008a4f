from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MetricsConfig(AppConfig):
    name = "metrics"
    verbose_name = _("Métricas")

    def ready(self) -> None:
        from metrics.rebuild import differing_totals
        from metrics.site import operations_section
        from ops import backup, operations

        backup.register("totals", differing_totals)
        operations.register(operations_section)
