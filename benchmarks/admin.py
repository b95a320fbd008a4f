"""The staff's lists in front of large tables."""

import statistics
import time

from benchmarks.database import database, django_here, fresh_database
from benchmarks.scenarios import Table, scenario

ROWS = 1_000_000


@scenario
def admin_lists() -> Table:
    """Every list, search and filter of the admin at 1,000,000 rows a table: queries, plans, rows read, time."""
    django_here()
    from django.conf import settings

    from accounts.models import User
    from tests import bulk
    from tests.admin_pages import MOST_QUERIES, TERMS, pages
    from tests.plans import Recorder

    settings.ALLOWED_HOSTS = ["testserver"]
    site = bulk.Site(
        users=ROWS, responses=ROWS, sessions=ROWS, per_session=1, deliveries=1, calls=1, mails=1, tokens=1, house=ROWS
    )
    table = Table(f"Admin lists: {ROWS:,} users, as many of what each did (a fiftieth of it one learner's)")
    recorder, times = Recorder(), {}
    with database(fresh_database()):
        began = time.monotonic()
        bulk.fill(site)
        filled = time.monotonic() - began
        asked = pages(User.objects.get(pk=bulk.STAFF), terms=[*TERMS, "a", "ana1", "a@"])
        for look in asked.values():  # once, so that what is measured is in memory
            assert look() == 200
        for where, look in asked.items():
            began = time.perf_counter()
            with recorder.at(where):
                look()
            times[where] = 1000 * (time.perf_counter() - began)
        statements = list(recorder.statements.values())
        troubles = [f"{trouble}; {one}" for one in statements for trouble in one.troubles()]
    if troubles:
        raise RuntimeError("\n".join(troubles))
    slowest = max(times, key=lambda where: times[where])
    table.add("pages looked at", [len(times)], "", f"each within {MOST_QUERIES} queries; filled in {filled:.0f} s")
    table.add("statements that scan or sort a table", [len(troubles)], "", f"of {len(statements)}", target="<= 0")
    table.add("rows read by one statement: most", [max(one.read for one in statements)], "")
    table.add("a page, with the client: median", [statistics.median(times.values())], "ms")
    table.add("a page: slowest", [times[slowest]], "ms", slowest)
    return table
