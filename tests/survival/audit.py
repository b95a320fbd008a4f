"""The auditor: compares what learners were told with what is stored, and the totals with the facts."""

import json
import subprocess
import sys
from dataclasses import dataclass

from tests.live import ROOT, Live
from tests.survival.crowd import Crowd

# Run where the server's database is; prints every stored answer, result and score.
STORED = """
import json
from learning.models import IntensiveResponse, IntensiveSession
from metrics.models import SessionScore
fields = ("session_id", "challenge_id", "selected_letter", "is_correct", "id")
print(json.dumps({
    "answers": [[str(row[0]), *row[1:]] for row in IntensiveResponse.objects.values_list(*fields)],
    "results": {str(pk): result for pk, result in IntensiveSession.objects.values_list("id", "result")},
    "scores": [str(pk) for pk in SessionScore.objects.values_list("session_id", flat=True)],
}))
"""


@dataclass
class Audit:
    acknowledged: int  # answers and closings
    lost: list[str]
    twice: list[str]
    stale: list[str]
    drift: str  # what `rebuild_metrics --check` has to say; "" when all is well

    def is_clean(self) -> bool:
        return not (self.lost or self.twice or self.stale or self.drift)

    def figures(self) -> dict[str, int | str]:
        return {
            "acknowledged": self.acknowledged, "lost": len(self.lost), "twice": len(self.twice),
            "stale": len(self.stale), "totals": self.drift or "clean",
        }  # fmt: skip


def audit(server: Live, crowd: Crowd) -> Audit:
    stored = json.loads(server.manage("shell", "--verbosity", "0", "-c", STORED).stdout.strip().splitlines()[-1])
    answers: dict[tuple[str, int], list[dict[str, object]]] = {}
    for session, question, letter, correct, ident in stored["answers"]:
        answers.setdefault((session, question), []).append({"letter": letter, "correct": correct, "id": ident})
    told = {key: answer for ledger in crowd.ledgers for key, answer in ledger.answers.items()}
    closed = {key: result for ledger in crowd.ledgers for key, result in ledger.closed.items()}
    lost = [f"answer {key}: told {answer}" for key, answer in told.items() if answer not in answers.get(key, [])]
    for session, result in closed.items():
        kept = stored["results"].get(session) or {}
        if any(kept.get(name) != value for name, value in result.items()) or session not in stored["scores"]:
            lost.append(f"session {session}: told {result}, stored {kept}")
    twice = [f"answer {key}: {rows}" for key, rows in answers.items() if len(rows) > 1]
    twice += [f"score of {session}" for session in set(stored["scores"]) if stored["scores"].count(session) > 1]
    check = server.manage("rebuild_metrics", "--check", "--verbosity", "0", check=False)
    drift = "" if check.returncode == 0 else (check.stdout + check.stderr)[-500:]
    stale = [sentence for ledger in crowd.ledgers for sentence in ledger.stale]
    return Audit(len(told) + len(closed), lost, twice, stale, drift)


class Mailbag:
    """Scheduled challenges that come due during a fault: each is to arrive once, and its mail."""

    def __init__(self, server: Live) -> None:
        self.server = server
        self.count = 0

    def fill(self, count: int, seconds: int, spread: int) -> None:
        """Before anybody else registers."""
        self.count = count
        self._many("fill", str(count), str(seconds), str(spread))

    def told(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self._many("tell"))
        return found

    def duplicates(self) -> int:
        """Deliveries beyond one for each schedule, of challenges or of rows in the outbox."""
        told = self.told()
        mails = told["ids"]
        assert isinstance(mails, list)
        return max(int(str(told["deliveries"])) - self.count, 0) + max(len(mails) - self.count, 0)

    def _many(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "learning.tests.many", *arguments]
        done = subprocess.run(command, env=self.server.env, cwd=ROOT, check=True, capture_output=True, text=True)
        return done.stdout
