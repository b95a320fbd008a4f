"""Errors, and a sample of traces, to Sentry or what speaks like it: where `SENTRY_DSN` says, and nobody's business but
the code's. Without it nothing of this is imported.

Sentry's own scrubbing goes by names of fields. Ours keeps what a report needs, and of texts that were made from data
leaves out whatever stands in quotes: that is how values come into the messages of exceptions.
"""

import re
from collections.abc import Iterable
from importlib.util import find_spec
from typing import Any

from django.conf import settings

from ops.logs.redaction import clean, scrub
from ops.middleware import PROBES

_QUOTED = re.compile(r"""'[^']*'|"[^"]*"|«[^»]*»|`[^`]*`""")
MAX_TEXT = 500  # characters; what is longer has data in it


def start() -> None:
    """Begin to report, if a DSN is set. Processes that fork from this one report too."""
    if not settings.SENTRY_DSN or not are_installed(["sentry_sdk"]):  # persenaut.E020 says so
        return
    import sentry_sdk
    from sentry_sdk.integrations.django import DjangoIntegration

    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        environment=settings.ENVIRONMENT,
        integrations=[DjangoIntegration(transaction_style="url", middleware_spans=False, signals_spans=False)],
        auto_enabling_integrations=False,
        traces_sampler=_share,
        trace_propagation_targets=[],  # what we ask others for is not to carry our ids
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        before_send=clean_event,
        before_send_transaction=clean_event,
        shutdown_timeout=2,
    )


def are_installed(modules: Iterable[str]) -> bool:
    try:
        return all(find_spec(name) for name in modules)
    except ModuleNotFoundError:  # what it is a part of
        return False


def _share(context: dict[str, Any]) -> float:
    path = context.get("wsgi_environ", {}).get("PATH_INFO", "")
    return 0.0 if path in PROBES else float(settings.SENTRY_TRACES_SAMPLE_RATE)


def clean_event(event: Any, hint: Any) -> Any:
    """The event without anything that a person has typed or is known by."""
    for name in ("user", "extra", "breadcrumbs", "_meta"):
        event.pop(name, None)
    if request := event.pop("request", None):
        event["request"] = {"method": request.get("method"), "url": str(request.get("url", "")).partition("?")[0]}
    if entry := event.get("logentry"):
        text = entry.get("formatted") or entry.get("message") or ""
        event["logentry"] = {"message": entry.get("message"), "formatted": without_values(text)}
    for error in (event.get("exception") or {}).get("values") or []:
        error["value"] = without_values(error.get("value") or "")
    for span in event.get("spans") or []:
        span.pop("data", None)
        span["description"] = without_values(span.get("description") or "")
    return clean(event)


def without_values(text: str) -> str:
    """The text with an ellipsis for each thing in quotes, and cut off where it gets long."""
    return _QUOTED.sub("'…'", scrub(text))[:MAX_TEXT]
