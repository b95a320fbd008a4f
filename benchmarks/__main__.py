"""./bench: run scenarios and print their tables; JSON beside them in benchmarks/results/."""

import json
import os
import sys
import time
from pathlib import Path

import tests.environment  # noqa: F401  the environment of all that is started here
from tests.servers import ended_politely, private_mariadb, private_redis

# Minutes each, and about what a change to the code seldom touches: by name only.
LONG = {"flat_reads", "seed_example", "query_plans", "maintenance", "first_generation_import"}
RESULTS = Path(__file__).parent / "results"


def main(asked: list[str]) -> int:
    with ended_politely(), private_mariadb() as database, private_redis() as redis:
        # A worker that is replaced in the midst of a run takes its CPU time along.
        os.environ |= {"DATABASE_URL": database.url, "REDIS_URL": redis.url, "GUNICORN_CMD_ARGS": "--max-requests 0"}
        from benchmarks.scenarios import SCENARIOS, Table

        if asked == ["--list"]:
            for name, measure in SCENARIOS.items():
                say(f"{name:16} {(measure.__doc__ or '').splitlines()[0]}")
            return 0
        if unknown := set(asked) - set(SCENARIOS):
            say(f"no such scenario: {', '.join(sorted(unknown))}; ./bench --list")
            return 2
        tables: dict[str, Table] = {}
        for name in asked or [name for name in SCENARIOS if name not in LONG]:
            begun = time.monotonic()
            tables[name] = SCENARIOS[name]()
            show(tables[name], time.monotonic() - begun)
    keep(tables)
    return 0


def show(table: "object", seconds: float) -> None:
    say(f"\n{table.title}  ({seconds:.0f} s)")
    for row in table.rows:
        spread = f"{min(row.values):.3f} - {max(row.values):.3f}" if len(row.values) > 1 else ""
        say(f"  {row.what:44} {row.median:10.3f} {row.unit:4} {spread:20} {row.note}")


def keep(tables: dict[str, "object"]) -> None:
    RESULTS.mkdir(exist_ok=True)
    for name, table in tables.items():
        rows = [{"what": row.what, "values": row.values, "unit": row.unit, "note": row.note} for row in table.rows]
        (RESULTS / f"{name}.json").write_text(json.dumps({"title": table.title, "rows": rows}, indent=2) + "\n")


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
