"""Structured logs: one JSON line per record, whole and redacted, in dated files or on stdout.

settings.py says `LOGGING = logs.config(...)`, the request middleware sets `request_id` and logs to
`logging.getLogger(REQUESTS)`; everything else uses `logging.getLogger(__name__)` or the helpers below.
"""

from ops.logs.events import log_business_event, log_error, log_performance, measure, speed_class
from ops.logs.levels import HTTP
from ops.logs.lines import request_id
from ops.logs.wiring import REQUESTS, config

__all__ = [
    "HTTP",
    "REQUESTS",
    "config",
    "log_business_event",
    "log_error",
    "log_performance",
    "measure",
    "request_id",
    "speed_class",
]
