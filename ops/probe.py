"""Asks the server of this machine whether it is ready: `python -m ops.probe`, for a container without curl.

Exit code 0 means yes. It knows the port as the server does, and loads neither Django nor settings: a container is
asked every few seconds.
"""

import http.client
import os
import sys

PATIENCE = 4  # seconds; the server itself gives its checks two


def main() -> int:
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT") or 8000), timeout=PATIENCE)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        said = answer.read(1000).decode(errors="replace")
    except OSError as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    finally:
        connection.close()
    sys.stdout.write(f"{said}\n")
    return 0 if answer.status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
