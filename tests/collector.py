"""Something that takes what Sentry's and OpenTelemetry's clients send, and keeps it, unpacked."""

import gzip
import json
import threading
import time
import zlib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Collector:
    """An HTTP server on a port of its own. `received` are (path, body) in order."""

    def __init__(self) -> None:
        self.received: list[tuple[str, bytes]] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                kind = self.headers.get("Content-Encoding", "")
                body = {"gzip": gzip.decompress, "deflate": zlib.decompress}.get(kind, bytes)(body)
                collector.received.append((self.path, body))
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def text(self) -> str:
        """All that came, as one text."""
        return "\n".join(body.decode(errors="replace") for _path, body in self.received)

    def events(self, kind: str) -> list[dict[str, Any]]:
        """The items of Sentry's envelopes that are of a kind: event, transaction."""
        found = []
        for _path, body in self.received:
            lines = body.split(b"\n")
            for head, item in zip(lines[1::2], lines[2::2], strict=False):
                if json.loads(head)["type"] == kind:
                    found.append(json.loads(item))
        return found

    def wait_for(self, what: Callable[[], Any], seconds: float = 20) -> Any:
        """What `what` returns once it is true; the last it said when time is up."""
        deadline = time.monotonic() + seconds
        while not (found := what()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return found
