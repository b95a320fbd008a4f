"""A mail server for tests: real SMTP on a port of its own, which remembers what it was given and behaves as it is told.

with mail_server() as server:
    server.env, server.mails, server.refuse = lambda address: "451 later"
"""

import contextlib
import email.policy
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.servers import free_port


class MailServer:
    """What arrived, in order, and how to answer: `refuse` gives a recipient a reply line or None, `stall` seconds pass
    before a mail is taken."""

    def __init__(self) -> None:
        self.port = free_port()
        self.received: list[tuple[str, bytes]] = []
        self.logins: list[str] = []
        self.refuse: Callable[[str], str | None] = lambda address: None
        self.taken: Callable[[bytes], str] = lambda content: "250 OK"
        self.stall = 0.0
        self._lock = threading.Lock()

    @property
    def env(self) -> dict[str, str]:
        return {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(self.port), "EMAIL_TIMEOUT": "10"}

    @property
    def mails(self) -> list[EmailMessage]:
        with self._lock:
            parsed = [email.message_from_bytes(content, policy=email.policy.default) for _to, content in self.received]
        return parsed  # type: ignore[return-value]

    def ids(self) -> list[str]:
        return [mail["Message-ID"] for mail in self.mails]

    # --- aiosmtpd's handler ---

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if refused := self.refuse(address):
            return refused
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.stall:
            time.sleep(self.stall)
        reply = self.taken(envelope.content)
        if reply.startswith("250"):
            with self._lock:
                self.received += [(address, envelope.content) for address in envelope.rcpt_tos]
        return reply

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, auth_data: Any) -> AuthResult:
        self.logins.append(auth_data.login.decode())
        return AuthResult(success=auth_data.password == b"geheim:/@")


@contextlib.contextmanager
def mail_server(**options: Any) -> Iterator[MailServer]:
    """`options` are aiosmtpd's: `tls_context` and `require_starttls`, `ssl_context`, `auth_required`..."""
    server = MailServer()
    if options.get("auth_required"):
        options["authenticator"] = server.authenticate
    controller = Controller(server, hostname="127.0.0.1", port=server.port, **options)
    controller.start()
    try:
        yield server
    finally:
        controller.stop()


def certificate(folder: Path, host: str) -> tuple[Path, ssl.SSLContext]:
    """A certificate that nobody but its own file vouches for, and a server's context with it."""
    cert, key = folder / f"{host}.pem", folder / f"{host}.key"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={host}"]
    alternative = f"subjectAltName={'IP' if host[0].isdigit() else 'DNS'}:{host}"
    subprocess.run([*command, "-addext", alternative, "-out", cert, "-keyout", key], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context
