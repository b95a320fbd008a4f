"""MySQL and MariaDB: their own programs, in one transaction that sees the database as it is when it begins.

The password reaches them in a file of options that only we can read: a command line is everybody's to see.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ops.backup.folder import CHUNK, BackupFault
from ops.database_config import COLLATION

FILE = "data.sql.gz"
# What the program writes when it has come to the end; a dump that was cut off has no such line.
COMPLETE = b"-- Dump completed"
DUMP = [
    "--single-transaction",  # no lock: readers and writers go on
    "--quick",  # row by row, however large a table is
    "--hex-blob",
    "--no-tablespaces",  # would ask for a privilege that a user of one database has not
    "--default-character-set=utf8mb4",
]  # fmt: skip
LOAD = ["--batch", "--default-character-set=utf8mb4", "--max-allowed-packet=1G"]


def dump(connection: Any, folder: Path) -> Iterator[bytes]:
    """The SQL that makes the database anew."""
    program = _program("mariadb-dump", "mysqldump", is_mariadb=_is_mariadb(connection))
    with _options(connection.settings_dict) as options, tempfile.TemporaryFile() as errors:
        command = [program, f"--defaults-file={options}", *DUMP, connection.settings_dict["NAME"]]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors)
        assert process.stdout is not None
        end = b""
        try:
            while chunk := process.stdout.read(CHUNK):
                end = (end + chunk)[-200:]
                yield chunk
        finally:
            process.stdout.close()
            if process.poll() is None and not end:
                process.terminate()
            code = process.wait()
        if code or COMPLETE not in end:
            raise BackupFault(f"{Path(program).name} failed ({code}): {_said(errors)}")


def load(connection: Any, chunks: Iterable[bytes]) -> None:
    """Drop every table and play the SQL. DDL cannot be rolled back: what fails half way leaves half a database."""
    program = _program("mariadb", "mysql", is_mariadb=_is_mariadb(connection))
    _drop_all(connection)
    connection.close()
    with _options(connection.settings_dict) as options, tempfile.TemporaryFile() as errors:
        command = [program, f"--defaults-file={options}", *LOAD, connection.settings_dict["NAME"]]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors)
        assert process.stdin is not None
        try:
            with contextlib.suppress(BrokenPipeError):  # it says itself why it ended
                for chunk in chunks:
                    process.stdin.write(chunk)
                process.stdin.close()
        except BaseException:
            process.kill()
            raise
        finally:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
            code = process.wait()
        if code:
            raise BackupFault(f"{Path(program).name} failed ({code}): {_said(errors)}")


def _drop_all(connection: Any) -> None:
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        tables = connection.introspection.get_table_list(cursor)
        cursor.execute("SET SESSION foreign_key_checks = 0")
        for table in tables:
            kind = "VIEW" if table.type == "v" else "TABLE"
            cursor.execute(f"DROP {kind} IF EXISTS {quote(table.name)}")
        # The migration that says so is in the backup as applied, and the database itself is not.
        name = quote(connection.settings_dict["NAME"])
        cursor.execute(f"ALTER DATABASE {name} CHARACTER SET utf8mb4 COLLATE {COLLATION}")


def _is_mariadb(connection: Any) -> bool:
    return bool(connection.mysql_is_mariadb)


def _program(mariadb: str, mysql: str, *, is_mariadb: bool) -> str:
    """The program that belongs to this server, or its cousin."""
    for name in (mariadb, mysql) if is_mariadb else (mysql, mariadb):
        if path := shutil.which(name):
            return path
    raise BackupFault(f"neither {mariadb} nor {mysql} is installed; on Debian: apt-get install mariadb-client")


@contextlib.contextmanager
def _options(settings: dict[str, Any]) -> Iterator[str]:
    """A file of options to reach the database as Django does; "loose" ones are MySQL's or MariaDB's alone."""
    given = settings["OPTIONS"]
    said = {"user": settings["USER"], "password": settings["PASSWORD"]}
    host = settings["HOST"]
    said |= {"socket": host} if host.startswith("/") else {"host": host or "127.0.0.1", "port": settings["PORT"]}
    if authority := (given.get("ssl") or {}).get("ca"):
        said |= {"ssl-ca": authority, "loose-ssl-verify-server-cert": "1", "loose-ssl-mode": "VERIFY_IDENTITY"}
    elif str(given.get("ssl_mode", "")).upper() == "REQUIRED":
        said |= {"loose-ssl": "1", "loose-ssl-mode": "REQUIRED"}
    lines = [f"{name}={_quoted(str(value))}" for name, value in said.items() if value]
    with tempfile.NamedTemporaryFile("w", prefix="persenaut-", suffix=".cnf") as file:  # its owner's alone
        # mysqldump would note the position of replication, which takes a privilege.
        file.write("\n".join(["[client]", *lines, "[mysqldump]", "loose-set-gtid-purged=OFF", ""]))
        file.flush()
        yield file.name


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _said(errors: Any) -> str:
    errors.seek(0, os.SEEK_SET)
    return str(errors.read(2000).decode(errors="replace").strip()) or "it was cut off"
