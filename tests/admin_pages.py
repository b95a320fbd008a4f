"""Every way to look at the admin's lists: as they open, a later page, each search, each filter, and one row of each."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from django.contrib import admin
from django.db import connection
from django.test import Client, RequestFactory

from learning import quality_page

MOST_QUERIES = 20
# A row, a user (by number, address, name), the beginning of a name, a theme, a session, a question, a day.
TERMS = [
    "#77", "77", "1", "ana77@example.org", "@ana77", "ana77", "a", "Tema 3", f"{77:032x}", "f" * 64, "2026-11-01",
]  # fmt: skip
# Pages that are no lists.
DRAWN = [
    "operations/", "operations/data?span=hour", "operations/data?span=day",
    *(f"quality/?o={order}" for order in sorted(quality_page.ORDERS)), "quality/?p=40", "quality/?o=facility&p=40",
]  # fmt: skip


def pages(staff: Any, *, terms: list[str] = TERMS, choices: int = 3, learner: int = 1) -> dict[str, Callable[[], int]]:
    """{what is looked at: a function that asks for it as `staff` and returns the status of the answer}; `learner`
    is the user whose page is looked at."""
    client = Client()
    client.force_login(staff)
    asked = {"admin index": lambda: ask(client, "/admin/")}
    asked |= {
        f"admin {path}": lambda path=path: ask(client, f"/admin/{path}") for path in [*DRAWN, f"learners/{learner}/"]
    }  # type: ignore[misc]
    for model, its_admin in admin.site._registry.items():
        path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        for way, query in _ways(its_admin, staff, terms, choices).items():
            where = f"admin {model._meta.db_table}{way}"
            asked[where] = lambda path=path, query=query: ask(client, path + query)  # type: ignore[misc]
        if row := model._default_manager.order_by("pk").first():
            one = f"{path}{row.pk}/change/"
            asked[f"admin {model._meta.db_table} one"] = lambda one=one: ask(client, one)  # type: ignore[misc]
    return asked


def _ways(its_admin: Any, staff: Any, terms: list[str], choices: int) -> dict[str, str]:
    request = RequestFactory().get("/")
    request.user = staff
    ways = {"": "", " page": "?p=2", " last page": "?p=20"}
    if its_admin.get_search_fields(request):
        ways |= {f" search {term}": f"?q={quote(term)}" for term in terms}
    changes = its_admin.get_changelist_instance(request)
    for spec in changes.filter_specs:
        for choice in list(spec.choices(changes))[1 : 1 + choices]:
            ways[f" {spec.title}: {choice['display']}"] = choice["query_string"]
    return ways


def ask(client: Client, path: str) -> int:
    """The status; fails when it took more than MOST_QUERIES queries."""
    asked = []

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        status = client.get(path).status_code
    assert len(asked) <= MOST_QUERIES, f"{path}: {len(asked)} queries\n" + "\n".join(asked)
    return status
