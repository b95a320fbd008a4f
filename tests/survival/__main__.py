"""./test --survival [--soak SECONDS] [NAME...]: one fault after the other, a line of figures for each, and JSON."""

import argparse
import json
import os
import sys
import time
from pathlib import Path

import tests.environment  # noqa: F401  the environment of all that is started here
from tests.servers import ServerFault, ended_politely

RESULTS = Path(__file__).parent / "results"
LIMIT = 20 * 60  # seconds for all, a longer soak aside


def main(arguments: list[str]) -> int:
    from tests.survival import clusters, load  # noqa: F401  their faults
    from tests.survival.faults import FAULTS

    parser = argparse.ArgumentParser(prog="./test --survival")
    parser.add_argument("--soak", type=int, default=120, metavar="SECONDS", help="length of the soak (full: 600)")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(FAULTS)}")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.names) - set(FAULTS):
        parser.error(f"no such fault: {', '.join(sorted(unknown))}")
    load.soak_seconds = asked.soak
    RESULTS.mkdir(exist_ok=True)
    failed, skipped, begun = [], [], time.monotonic()
    with ended_politely():
        for name in asked.names or FAULTS:
            if time.monotonic() - begun > LIMIT + asked.soak:
                skipped.append(name)
                continue
            if not run(name, FAULTS[name]):
                failed.append(name)
    if skipped:
        say(f"out of time, not run: {', '.join(skipped)}")
    say(f"FAILED: {', '.join(failed)}" if failed else f"All survived, after {time.monotonic() - begun:.0f} s.")
    return 1 if failed or skipped else 0


def run(name: str, fault: "object") -> bool:
    started = time.monotonic()
    try:
        result = fault()  # type: ignore[operator]
        figures, wrong = result.figures, result.wrong
    except (AssertionError, ServerFault, OSError) as exc:
        figures, wrong = {}, [f"{type(exc).__name__}: {exc}"]
    figures |= {"run s": round(time.monotonic() - started), "load": round(os.getloadavg()[0], 1)}
    shown = ", ".join(f"{what} {figure}" for what, figure in figures.items())
    say(f"{'ok    ' if not wrong else 'FAILED'} {name}: {shown}")
    for sentence in wrong:
        say(f"       {sentence}")
    kept = {"fault": (fault.__doc__ or "").strip(), "date": time.strftime("%F %R"), "figures": figures, "wrong": wrong}
    (RESULTS / f"{name}.json").write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n")
    return not wrong


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
