"""Lines on a pipe that several processes share stay whole."""

import json
import os
import subprocess
import sys

WRITER = """
import logging, sys
from ops.logs.handlers import StdoutHandler
from ops.logs.lines import JsonFormatter
handler = StdoutHandler()
handler.setFormatter(JsonFormatter(service="test", environment="test"))
for number in range(1000):
    size = 20_000 if number % 5 == 0 else 100  # every fifth line is longer than a pipe takes at once
    facts = {"name": "test", "levelno": 20, "msg": "x" * size, "ident": f"{sys.argv[1]}/{number}"}
    handler.handle(logging.makeLogRecord(facts))
sys.exit(handler.dropped)
"""


def test_lines_of_three_processes_on_one_pipe_stay_whole():
    reader, writer = os.pipe()
    running = [subprocess.Popen([sys.executable, "-c", WRITER, str(n)], stdout=writer) for n in range(3)]
    os.close(writer)
    with open(reader, "rb") as pipe:
        idents = [json.loads(line)["ident"] for line in pipe]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert sorted(idents) == sorted(f"{n}/{number}" for n in range(3) for number in range(1000))


def test_a_reader_that_went_away_is_no_reason_to_raise():
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", WRITER, "0"], stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60
    )
    os.close(writer)
    assert done.returncode == 1000 & 0xFF
    assert done.stderr.count("\n") == 1
    assert "Broken pipe" in done.stderr
