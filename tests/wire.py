"""A TCP proxy that can be cut without either end noticing: what is sent into it vanishes. A process of its own, so that
its work does not wait for the tests' own threads.

    with wire_to(port) as wire:
        wire.port, wire.cut(), wire.mend()
"""

import contextlib
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from tests.servers import free_port, spawn


class Wire:
    def __init__(self, port: int, process: "subprocess.Popen[bytes]") -> None:
        self.port, self.process = port, process

    def cut(self) -> None:
        self.process.send_signal(signal.SIGUSR1)

    def mend(self) -> None:
        self.process.send_signal(signal.SIGUSR2)


@contextlib.contextmanager
def wire_to(target: int) -> Iterator[Wire]:
    port = free_port()
    command = [sys.executable, "-m", "tests.wire", str(port), str(target)]
    process = spawn(command, cwd=Path(__file__).parent.parent, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        yield Wire(port, process)
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


class _Proxy:
    def __init__(self, port: int, target: int) -> None:
        self.target, self.is_cut = target, False
        self.listener = socket.create_server(("127.0.0.1", port))

    def serve(self) -> None:
        signal.signal(signal.SIGUSR1, lambda *_: setattr(self, "is_cut", True))
        signal.signal(signal.SIGUSR2, lambda *_: setattr(self, "is_cut", False))
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            near, _ = self.listener.accept()
            try:
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                near.close()
                continue
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._copy, args=(one, other), daemon=True).start()

    def _copy(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not self.is_cut:
                    sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


if __name__ == "__main__":
    _Proxy(int(sys.argv[1]), int(sys.argv[2])).serve()
