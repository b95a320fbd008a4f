"""Makes the secrets of a new installation, each once: `python -m ops.first_secrets FOLDER`, for compose.yaml.

    app/       secret_key, database_url, redis_url, metrics_token    what the settings read by NAME_FILE
    database/  password, root_password
    redis/     redis.conf

What is there already stays as it is, so that it can be run at every start. Each service is given its own folder alone;
in it the files can be read by whatever user the service runs as.
"""

import os
import secrets
import sys
from pathlib import Path

REDIS = """\
requirepass {password}
# A cache and counters: what is lost is computed again, so nothing is kept on disk.
save ""
appendonly no
maxmemory 256mb
maxmemory-policy volatile-lru
"""


def main(folder: Path) -> None:
    database = kept(folder / "database" / "password", random())
    kept(folder / "database" / "root_password", random())
    redis_conf = kept(folder / "redis" / "redis.conf", REDIS.format(password=random()))
    redis = redis_conf.split()[1]
    app = folder / "app"
    kept(app / "secret_key", random())
    kept(app / "metrics_token", random())
    kept(app / "database_url", f"mysql://persenaut:{database}@database:3306/persenaut")
    kept(app / "redis_url", f"redis://:{redis}@redis:6379/0")


def kept(path: Path, value: str) -> str:
    """What is in the file; `value`, from now on, if there is none."""
    if not path.exists():
        draft = path.with_name(f".{path.name}.draft")
        draft.write_text(value, encoding="utf-8")
        draft.chmod(0o444)
        os.replace(draft, path)  # never half a secret
        sys.stdout.write(f"made {path}\n")
    return path.read_text(encoding="utf-8")


def random() -> str:
    """384 bits, of characters that need no quoting anywhere."""
    return secrets.token_hex(48)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
