from django.apps import AppConfig


class MetricsConfig(AppConfig):
    name = "metrics"

    def ready(self) -> None:
        from metrics.site import operations_section
        from ops import operations

        operations.register(operations_section)
