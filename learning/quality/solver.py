"""An honest solver of exams: a model server on loopback that knows which options are really right."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

Truths = dict[tuple[str, frozenset[str]], list[str]]


class Solver:
    """Chooses the one right option of each question, "X" when none or several are; serves while its context is open."""

    def __init__(self, truths: Truths) -> None:
        self.truths = truths
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet: in two, the second waits for the client's delayed ACK

            def do_POST(self) -> None:
                payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                body = json.dumps(outer.answer(payload)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, payload: dict[str, Any]) -> dict[str, Any]:
        """A chat completion with the solutions of the exam in the last message."""
        exam = json.loads(payload["messages"][-1]["content"])
        solutions = [{"number": row["number"], "letter": self.letter(row)} for row in exam]
        content = json.dumps({"solutions": solutions})
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}
        return {"model": payload["model"], "choices": [choice]}

    def letter(self, row: dict[str, Any]) -> str:
        right = self.truths.get((row["question"], frozenset(row["options"].values())), [])
        letters = [letter for letter, option in row["options"].items() if option in right]
        return letters[0] if len(letters) == 1 else "X"
