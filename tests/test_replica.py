"""Reads that say so go to the replica, and nothing else does. Two servers without replication show where each goes."""

import json
from urllib.parse import urlsplit

import pytest
from django.db import connection

from ops.database import for_reports
from tests.live import Live
from tests.people import register
from tests.servers import private_mariadb

pytestmark = pytest.mark.live
needs_mysql = pytest.mark.skipif(connection.vendor != "mysql", reason="about MySQL and MariaDB")

# Run where both databases are configured; says what it saw.
ASK = """
import json
from django.core.management import call_command
from django.db import connections, transaction
from accounts.models import User
from ops.database import for_reports
from ops.models import ModelBudget
said = {"alias": for_reports()}
said["usual"] = list(ModelBudget.objects.values_list("payer", flat=True))
said["report"] = list(ModelBudget.objects.using(for_reports()).values_list("payer", flat=True))
row = ModelBudget.objects.using(for_reports()).get()
row.used = 9
row.save()
said["saved"] = list(ModelBudget.objects.using("default").order_by("pk").values_list("payer", "used"))
with transaction.atomic():
    said["in a transaction"] = list(ModelBudget.objects.values_list("payer", flat=True)[:1])
try:
    ModelBudget.objects.using("replica").update(used=5)
except Exception as exc:
    said["refused"] = exc.args[0]
connections["replica"].close()
call_command("migrate", database="replica", verbosity=0)
print(json.dumps(said))
"""


# Run where both databases are configured: the admin exports lists whose rows differ in the two.
EXPORT = """
import json
from django.contrib.admin.models import LogEntry
from django.test import Client
from accounts.models import User
staff = User.objects.create_superuser(name="Eva", username="eva", email="eva@example.org", password=None)
client = Client()
client.force_login(staff)
def export(query="", **more):
    answer = client.post("/admin/ops/modelbudget/" + query, {"action": "export_csv", "_selected_action": ["77"]} | more)
    return b"".join(answer.streaming_content).decode().splitlines()
said = {"chosen": export(), "all": export("?q=2026-02-01", select_across="1")}
said["late"] = export(_selected_action=["77", "78"])
page = client.get("/admin/ops/modelbudget/").content.decode()
said["page"] = "la réplica de la base de datos aún no las tiene" in page
said["written down on the primary"] = LogEntry.objects.filter(user=staff).count()
print(json.dumps(said))
"""


def test_without_a_replica_reports_read_the_one_database():
    assert for_reports() == "default"


@pytest.fixture(scope="module")
def two_servers():
    with private_mariadb() as replica:
        elsewhere = Live(DATABASE_URL=replica.url)  # has its tables, as replication would have brought them
        server = Live(DATABASE_REPLICA_URL=replica.url)
        put(elsewhere, "replica")
        put(server, "primary")
        yield server, elsewhere, replica


def put(server, payer, *, day="2026-01-01", used=1, **fields):
    code = f"from ops.models import ModelBudget as B; B.objects.create(day='{day}', payer='{payer}', used={used}"
    code += "".join(f", {name}={value}" for name, value in fields.items()) + ")"
    server.manage("shell", "--verbosity", "0", "-c", code)


def questions(url):
    """How many statements the server has been sent, ours aside."""
    import MySQLdb

    parts = urlsplit(url)
    with MySQLdb.connect(host=parts.hostname, port=parts.port, user=parts.username) as other:
        cursor = other.cursor()
        cursor.execute("SHOW GLOBAL STATUS WHERE variable_name IN ('Com_select', 'Com_insert', 'Com_update')")
        return dict(cursor.fetchall())


@needs_mysql
def test_only_what_says_so_is_read_there(two_servers):
    server, _elsewhere, replica = two_servers
    done = server.manage("shell", "--verbosity", "0", "-c", ASK)
    said = json.loads(done.stdout)
    assert said.pop("refused") == 1792  # cannot execute statement in a READ ONLY transaction
    assert said == {
        "alias": "replica",
        "usual": ["primary"],
        "report": ["replica"],
        # What was read there and saved went to the primary, in whose stead it stands now.
        "saved": [["replica", 9]],
        "in a transaction": ["replica"],
    }


@needs_mysql
def test_no_request_asks_it(two_servers):
    server, _elsewhere, replica = two_servers
    with server:
        before = questions(replica.url)
        ana = register(server.url)
        started = ana.ok("POST", "/api/intensive-review/start", {"theme": "Historia", "gameMode": "timed"})
        for question in started["challenges"][:2]:
            ana.answer(question["id"], "B", started["sessionId"])
        ana.ok("POST", "/api/intensive-review/save-results", {"sessionId": started["sessionId"]})
        for name in ("overall", "sessions", "themes", "timeline", "game-modes", "achievements"):
            ana.figures(name)
        ana.ok("POST", "/api/tutor/advice", {"userId": ana.id})
        server.manage("rebuild_metrics", "--check")
        assert ana.get("/health").json()["status"] == "healthy"
        assert questions(replica.url) == before


@needs_mysql
def test_an_export_of_staff_reads_its_rows_there(two_servers):
    server, elsewhere, _replica = two_servers
    put(server, "on-the-primary", day="2026-02-01", used=7, pk=77)
    put(server, "not-replicated-yet", day="2026-02-01", used=7, pk=78)
    put(elsewhere, "on-the-replica", day="2026-02-01", used=7, pk=77)
    said = json.loads(server.manage("shell", "--verbosity", "0", "-c", EXPORT).stdout)
    there = ["\ufeffdía,a cuenta de,llamadas", "2026-02-01,on-the-replica,7"]
    assert said == {"chosen": there, "all": there, "late": there, "page": True, "written down on the primary": 3}
