"""A language model server for tests: OpenAI's chat completions over real HTTP, behaving as it is told."""

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, dict[str, str], bytes]
Behaviour = Callable[[dict[str, Any], int], Answer]


class ModelServer:
    """Answers as `behaviour(payload, call number)` says; remembers what it was asked in `calls`."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.behaviour: Behaviour = lambda payload, number: good(payload, number)
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet: two would wait 40 ms for each other

            def do_POST(self) -> None:
                payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with outer._lock:
                    outer.calls.append(payload)
                    number = len(outer.calls)
                status, headers, body = outer.behaviour(payload, number)
                try:
                    self.send_response(status)
                    for name, value in ({"Content-Length": str(len(body))} | headers).items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(body)
                except (BrokenPipeError, ConnectionResetError):
                    pass  # the client did not wait

            def do_GET(self) -> None:
                body = json.dumps({"data": [{"id": "test-model"}, {"id": "another"}]}).encode()
                self.send_response(200 if self.path.endswith("/models") else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def reset(self, behaviour: Behaviour | None = None) -> None:
        with self._lock:
            self.calls.clear()
            self.behaviour = behaviour or good

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


_numbers = iter(range(1, 10**9))


def wanted(payload: dict[str, Any]) -> int:
    """How many questions the prompt asks for: its first number."""
    text = " ".join(message["content"] for message in payload["messages"] if message["role"] == "user")
    return int(next(word for word in text.split() if word.isdigit()))


def question(number: int, **changes: Any) -> dict[str, Any]:
    """A proper question, different for each number. The right answer begins with «Correcta»."""
    return {
        "question": f"¿Cuál es la respuesta a la pregunta número {number} del modelo?",
        "answer": f"Correcta {number}",
        "distractors": [f"Falsa {number}{letter}" for letter in "abc"],
        "explanation": f"La respuesta a la pregunta {number} es esa porque así lo dice el servidor de pruebas.",
    } | changes


def completion(content: str, *, finish: str = "stop", model: str = "test-model") -> Answer:
    body = {
        "id": "x",
        "model": model,
        "choices": [{"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": content}}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 50},
    }
    return 200, {"Content-Type": "application/json"}, json.dumps(body).encode()


def questions(*items: Any) -> Answer:
    return completion(json.dumps({"questions": items}))


def error(status: int, code: str = "error", **headers: str) -> Answer:
    return status, {"Content-Type": "application/json", **headers}, json.dumps({"error": {"code": code}}).encode()


def is_exam(payload: dict[str, Any]) -> bool:
    """Whether this call is to solve questions, not to write them."""
    return '"options":{"A"' in payload["messages"][-1]["content"]


def solve(payload: dict[str, Any], knows: Callable[[str, str], bool] | None = None) -> Answer:
    """An honest solver: chooses the option it knows to be right (the one that begins with «Correcta»), else X."""
    knows = knows or (lambda question, option: option.startswith("Correcta"))
    solutions = []
    for row in json.loads(payload["messages"][-1]["content"]):
        right = [letter for letter, option in row["options"].items() if knows(row["question"], option)]
        solutions.append({"number": row["number"], "letter": right[0] if len(right) == 1 else "X"})
    return completion(json.dumps({"solutions": solutions}))


def writes(write: Behaviour, then: Behaviour | None = None) -> Behaviour:
    """Questions as `write` says; exams solved honestly, or as `then` says."""
    return lambda payload, number: (then or _solve)(payload, number) if is_exam(payload) else write(payload, number)


def _solve(payload: dict[str, Any], number: int) -> Answer:
    return solve(payload)


def _write(payload: dict[str, Any], number: int) -> Answer:
    return questions(*(question(next(_numbers)) for _ in range(wanted(payload))))


good = writes(_write)  # as many proper questions as were asked for, never the same twice; solved honestly


def slow(seconds: float, then: Behaviour = good) -> Behaviour:
    def behave(payload: dict[str, Any], number: int) -> Answer:
        time.sleep(seconds)
        return then(payload, number)

    return behave


def first(*answers: Answer, then: Behaviour = good) -> Behaviour:
    """These answers in turn, one call each; after them as `then` does."""
    left = list(answers)

    def behave(payload: dict[str, Any], number: int) -> Answer:
        return left.pop(0) if left else then(payload, number)

    return behave
