from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MetricsConfig(AppConfig):
    name = "metrics"
    verbose_name = _("Métricas")

    def ready(self) -> None:
        from metrics.site import operations_section
        from ops import operations

        operations.register(operations_section)
