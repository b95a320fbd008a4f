"""Where the databases are, and how Django talks to them.

`DATABASE_URL` (mysql:// for MySQL and MariaDB, sqlite://), and `DATABASE_REPLICA_URL` for reads that may be a little
late. A URL's own options (`?read_timeout=60`) win over what stands here.
"""

from pathlib import Path
from typing import Any

from persenaut.env import database, env_int, env_str

COLLATION = "utf8mb4_bin"  # texts are what their characters are, as on SQLite; see ops/migrations/0001_collation.py
ISOLATION = "read committed"
STRICT = "STRICT_TRANS_TABLES"
SQL_MODE = f"{STRICT},NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO"
LOCK_WAIT = 5  # seconds for a row that another transaction holds; the unit is then tried again (ops.database)
BUSY = 20  # seconds for SQLite's one writer to end


def database_settings(url: str, data_dir: Path) -> dict[str, Any]:
    """One entry of Django's DATABASES."""
    settings = database(url)
    return settings | (_mysql(settings) if url.startswith("mysql://") else _sqlite(data_dir))


def _mysql(settings: dict[str, Any]) -> dict[str, Any]:
    patience = env_int("DATABASE_READ_TIMEOUT", 20, minimum=1)
    options: dict[str, Any] = {
        "charset": "utf8mb4",
        # Of the connection, too: the optimizer takes a column for constant only if its value compares as the column
        # does, and sorts by it otherwise.
        "collation": COLLATION,
        "isolation_level": ISOLATION,
        "connect_timeout": 2,
        "read_timeout": patience,
        "write_timeout": patience,
        # What MySQL and MariaDB call alike; ops.database adds the rest.
        "init_command": f"SET SESSION sql_mode='{SQL_MODE}', time_zone='+00:00', innodb_lock_wait_timeout={LOCK_WAIT}",
    }
    if authority := env_str("DATABASE_CA_CERTS"):
        options |= {"ssl_mode": "VERIFY_IDENTITY", "ssl": {"ca": authority}}
    return {
        "ENGINE": "ops.mysql",
        "CONN_MAX_AGE": env_int("DATABASE_CONN_MAX_AGE", 600),
        "CONN_HEALTH_CHECKS": True,  # else each kept connection fails one request after a restart
        "OPTIONS": options | settings.get("OPTIONS", {}),
        "TEST": {"CHARSET": "utf8mb4", "COLLATION": COLLATION},
    }


def _sqlite(data_dir: Path) -> dict[str, Any]:
    pragmas = f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout={BUSY * 1000};"
    return {
        "CONN_MAX_AGE": 600,
        "OPTIONS": {
            # Without IMMEDIATE a transaction that reads first can fail with "database is locked" whatever the time-out.
            "transaction_mode": "IMMEDIATE",
            "timeout": BUSY,
            "init_command": pragmas,
        },
        "TEST": {"NAME": data_dir / "test.sqlite3"},  # a file: in memory there is no WAL, and threads collide
    }
