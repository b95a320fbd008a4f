"""schemathesis as a learner: what it sends is authenticated, and a log-out that it tries does not end the trying."""

import json
import os
from typing import Any
from zoneinfo import available_timezones

import schemathesis
import urllib3
from hypothesis import strategies as st

LOGIN = json.loads(os.environ.get("FUZZ_LOGIN", "{}"))  # e-mail and password; empty: as a visitor
BASE = os.environ["FUZZ_BASE"]
pool = urllib3.PoolManager()
token = ""


if LOGIN:

    @schemathesis.auth(refresh_interval=None)  # type: ignore[arg-type]
    class Learner:
        def get(self, case: schemathesis.Case, context: Any) -> str:
            global token
            if not token:
                reply = pool.request("POST", f"{BASE}/api/auth/login", json=LOGIN)
                token = reply.headers["Set-Cookie"].partition("token=")[2].partition(";")[0]
            return token

        def set(self, case: schemathesis.Case, data: str, context: Any) -> None:
            case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def after_call(context: Any, case: schemathesis.Case, response: schemathesis.Response) -> None:
    global token
    if case.path == "/api/auth/logout":
        token = ""
    if case.path == "/api/user/profile" and case.method == "PUT" and response.status_code == 200:
        LOGIN["email"] = response.json()["email"]


schemathesis.openapi.format("time-zone", st.sampled_from(["", *sorted(available_timezones())]))
