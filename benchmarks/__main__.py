"""./bench: run scenarios and print their tables; JSON in benchmarks/results/, plots in docs/plots/ (--plots FOLDER)."""

import argparse
import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import tests.environment  # noqa: F401  the environment of all that is started here
from tests.servers import ended_politely, private_mariadb, private_redis

if TYPE_CHECKING:
    from benchmarks.scenarios import Table

# Minutes each, and about what a change to the code seldom touches: by name only.
LONG = {
    "flat_reads", "seed_example", "query_plans", "maintenance", "first_generation_import", "admin_lists",
    "cache_hit_rate", "worker_class",
}  # fmt: skip
RESULTS = Path(__file__).parent / "results"


def main(arguments: list[str]) -> int:
    asked = understood(arguments)
    if asked.short:
        os.environ["BENCH_SHORT"] = "1"
    begun = time.monotonic()
    with ended_politely(), private_mariadb() as database, private_redis() as redis:
        # A worker that is replaced in the midst of a run takes its CPU time along.
        os.environ |= {"DATABASE_URL": database.url, "REDIS_URL": redis.url, "GUNICORN_CMD_ARGS": "--max-requests 0"}
        from benchmarks import load, plot
        from benchmarks.scenarios import SCENARIOS

        assert database.process and redis.process
        load.neighbours |= {"MariaDB": database.process.pid, "Redis": redis.process.pid}
        if asked.plots:
            plot.FOLDER = asked.plots.resolve()
        if asked.list:
            for name, measure in SCENARIOS.items():
                say(f"{name:24}{'long' if name in LONG else '':6}{(measure.__doc__ or '').splitlines()[0]}")
            return 0
        if unknown := set(asked.scenarios) - set(SCENARIOS):
            say(f"no such scenario: {', '.join(sorted(unknown))}; ./bench --list")
            return 2
        failed, missed = [], []
        for name in asked.scenarios or [name for name in SCENARIOS if name not in LONG]:
            started = time.monotonic()
            try:
                table = SCENARIOS[name]()
            except Exception:  # the others can still be measured
                traceback.print_exc()
                failed.append(name)
                continue
            show(table, time.monotonic() - started)
            keep(name, table)
            missed += [f"{name}: {row.what}" for row in table.rows if row.is_hit is False]
    say(f"\n{time.monotonic() - begun:.0f} s in all")
    for title, names in (("failed", failed), ("targets missed", missed)):
        if names:
            say("\n  ".join([f"{title}:", *names]))
    return 1 if failed else 0


def understood(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./bench", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help="these; without any, all but the long ones")
    parser.add_argument("--list", action="store_true", help="what there is")
    parser.add_argument("--short", action="store_true", help="one short round: proves that it runs, measures little")
    parser.add_argument("--plots", type=Path, metavar="FOLDER", help="where plots go instead of docs/plots/")
    return parser.parse_args(arguments)


def show(table: "Table", seconds: float) -> None:
    say(f"\n{table.title}  ({seconds:.0f} s)")
    say(f"  {'':52} {'median':>10}      {'least - most':20} {'target':8}")
    for row in table.rows:
        spread = f"{min(row.values):.3f} - {max(row.values):.3f}" if len(row.values) > 1 else ""
        verdict = {True: "hit", False: "MISSED", None: ""}[row.is_hit]
        line = f"  {row.what:52} {row.median:10.3f} {row.unit:4} {spread:20} {row.target:8} {verdict:7}{row.note}"
        say(line.rstrip())


def keep(name: str, table: "Table") -> None:
    RESULTS.mkdir(exist_ok=True)
    rows = [
        {key: getattr(row, key) for key in ("what", "values", "median", "unit", "target", "is_hit", "note")}
        for row in table.rows
    ]
    (RESULTS / f"{name}.json").write_text(json.dumps({"title": table.title, "rows": rows}, indent=2) + "\n")


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
