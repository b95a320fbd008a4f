"""How gunicorn serves Persenaut. Every number can be set in the environment."""

import os

bind = f"{os.environ.get('HOST') or '127.0.0.1'}:{os.environ.get('PORT') or 8000}"
worker_class = "gthread"  # a thread that waits for the language model does not block the others
workers = int(os.environ.get("WEB_CONCURRENCY") or 0) or (os.cpu_count() if os.environ.get("REDIS_URL") else 1)
threads = int(os.environ.get("THREADS") or 8)
timeout = 60
graceful_timeout = 25
keepalive = 15
control_socket_disable = True
