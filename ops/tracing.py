"""A span for each request, to whatever collects OpenTelemetry's.

Its standard variables say where and how much: OTEL_EXPORTER_OTLP_ENDPOINT, without which nothing of this is imported,
OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER, OTEL_EXPORTER_OTLP_HEADERS and the rest.

A span says route, method, status, and what SQL and cache took. It has no path, no query and no address: those may be
about a person.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse

from ops.middleware import PROBES
from ops.sentry import are_installed
from ops.tally import tally

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

PACKAGES = ["opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http"]


def make_provider() -> "TracerProvider":
    """What makes spans, and sends them in batches from a thread of its own; after a fork in each process anew."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    name = {"service.name": settings.OTEL_SERVICE_NAME, "deployment.environment.name": settings.ENVIRONMENT}
    provider = TracerProvider(resource=Resource.create(name))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


class TracingMiddleware:
    """Wraps each request in a span that continues the caller's trace (`traceparent`)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.OTEL_EXPORTER_OTLP_ENDPOINT or not are_installed(PACKAGES):  # persenaut.E020 says so
            raise MiddlewareNotUsed
        from opentelemetry.trace import SpanKind, Status, StatusCode
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self.get_response = get_response
        self.tracer = make_provider().get_tracer("persenaut")
        self.callers = TraceContextTextMapPropagator()
        self.kind, self.failed = SpanKind.SERVER, Status(StatusCode.ERROR)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info in PROBES:
            return self.get_response(request)
        parent = self.callers.extract({"traceparent": request.META.get("HTTP_TRACEPARENT", "")})
        with self.tracer.start_as_current_span(
            str(request.method), parent, self.kind, record_exception=False, set_status_on_exception=False
        ) as span:
            response = self.get_response(request)
            route = request.resolver_match.route if request.resolver_match else ""
            span.update_name(f"{request.method} {route}".strip())
            cost = tally()
            span.set_attributes(
                {
                    "persenaut.sql.count": cost.sql_count,
                    "persenaut.sql.seconds": round(cost.sql_time, 6),
                    "persenaut.cache.seconds": round(cost.cache_time, 6),
                    "http.request.method": str(request.method),
                    "http.route": route,
                    "http.response.status_code": response.status_code,
                }
            )
            if response.status_code >= 500:
                span.set_status(self.failed)
            return response
