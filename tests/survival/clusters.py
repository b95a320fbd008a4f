"""Faults of clusters: a Redis behind three sentinels loses its primary, a Galera of three nodes loses one."""

import contextlib
import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import redis as redis_client

from tests.people import register
from tests.servers import DurableMariaDB, MariaDB, Redis, ServerFault, _folder, free_port, program
from tests.survival.faults import fault, unharmed
from tests.survival.stack import Result, Stack, Trial, stack
from tests.test_redis_kinds import running, sentinels

PROVIDER = "/usr/lib/galera/libgalera_smm.so"


@fault
def sentinel_fail_over() -> Result:
    """SIGKILL of the Redis primary behind three sentinels: no request fails, and the new primary is found."""
    with contextlib.ExitStack() as opened:
        servers = []
        for _ in range(3):
            servers.append(Redis(opened.enter_context(_folder())))
            opened.enter_context(running(servers[-1]))
        for replica in servers[1:]:
            with redis_client.Redis(port=replica.port) as client:
                client.replicaof("127.0.0.1", servers[0].port)
        ports = opened.enter_context(sentinels(opened.enter_context(_folder()), servers[0].port))
        time.sleep(3)  # until each sentinel knows the others and the replicas
        env = {
            "REDIS_URL": "redis://mymaster/0",
            "REDIS_SENTINELS": ",".join(f"127.0.0.1:{port}" for port in ports),
        }
        whole = opened.enter_context(stack(**env))
        with Trial(whole) as trial:
            ana = register(whole.server.url)  # who plays nothing: only a cache that is away makes a read a miss
            path = f"/api/metrics/user/{ana.id}/metrics/overall"
            trial.demand([ana.get(path)["X-Cache"] for _ in range(6)][-1] == "HIT", "no cache to begin with")
            killed = time.monotonic()
            servers[0].kill()
            states: list[str] = []
            while ("MISS" not in states or states[-6:] != ["HIT"] * 6) and time.monotonic() < killed + 60:
                states.append(ana.get(path)["X-Cache"])
                time.sleep(0.05)
            trial.figures["cache serves again after s"] = round(time.monotonic() - killed, 1)
            trial.demand(states[-6:] == ["HIT"] * 6, "the new primary was not found within a minute")
            trial.crowd.wait_for(20)
        return unharmed(trial)


# --- Galera ----------------------------------------------------------------------------------------------------------


class Node(DurableMariaDB):
    """A node of a cluster on this machine; `cluster` are the group ports of all."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.group, self.incremental = free_port(), free_port()
        self.cluster: list[int] | None = None  # None: alone, without replication
        self.founds = False
        self.position = ""  # in the cluster's history, where its own notes do not say

    def command(self) -> list[str]:
        if self.cluster is None:
            return super().command()
        address = "" if self.founds else ",".join(f"127.0.0.1:{port}" for port in self.cluster)
        options = (
            f"base_port={self.group};gmcast.listen_addr=tcp://127.0.0.1:{self.group};"
            f"ist.recv_addr=127.0.0.1:{self.incremental};gcache.size=64M;"
            "evs.keepalive_period=PT0.3S;evs.suspect_timeout=PT2S;evs.inactive_timeout=PT5S"
        )
        return [
            "env", f"PATH={Path(__file__).parent}:{os.environ['PATH']}",  # for wsrep_sst_copied
            *super().command(), "--binlog-format=ROW", "--innodb-autoinc-lock-mode=2", "--wsrep-on=ON",
            f"--wsrep-provider={PROVIDER}", f"--wsrep-cluster-address=gcomm://{address}",
            f"--wsrep-node-address=127.0.0.1:{self.group}", f"--wsrep-node-name=node{self.group}",
            f"--wsrep-provider-options={options}", "--wsrep-sst-method=copied",
            "--wsrep-sync-wait=1",  # a read sees what any node has acknowledged
            *([f"--wsrep-start-position={self.position}"] if self.position else []),
        ]  # fmt: skip

    def start(self) -> Self:
        try:
            return super().start()
        except ServerFault:  # on a busy machine galera-4 may ask for a thread of its own before it is there
            return super().start()

    def recover(self) -> None:
        """After a kill: find in InnoDB how far it came, as galera_recovery does, and join the others again."""
        command = [*super().command(), "--wsrep-on=ON", f"--wsrep-provider={PROVIDER}", "--wsrep-recover"]
        command += ["--wsrep-cluster-address=gcomm://", "--wsrep-sst-method=copied", "--binlog-format=ROW"]
        done = subprocess.run(command, capture_output=True, text=True)
        found = re.findall(r"WSREP: Recovered position:\s*(\S+)", done.stdout + done.stderr)
        if not found:
            raise ServerFault(f"no position was found:\n{done.stderr[-2000:]}")
        self.position = found[-1]
        self.start()

    def ask(self, sql: str) -> Any:
        import MySQLdb  # type: ignore[import-untyped]  # mysqlclient has no stubs

        how = {"connect_timeout": 2, "read_timeout": 2, "init_command": "SET wsrep_sync_wait=0"}
        connection = MySQLdb.connect(host="127.0.0.1", port=self.port, user="root", **how)
        try:
            cursor = connection.cursor()
            cursor.execute(sql)
            return cursor.fetchone()
        finally:
            connection.close()

    def answers(self) -> bool:
        import MySQLdb  # type: ignore[import-untyped]  # mysqlclient has no stubs

        if self.cluster is None:
            return super().answers()
        with contextlib.suppress(MySQLdb.Error):
            row = self.ask("SHOW STATUS LIKE 'wsrep_ready'")
            return bool(row and row[1] == "ON")
        return False


class HAProxy(MariaDB):
    """What clients take for the database: the first node that is well. One writes, the others stand by."""

    def __init__(self, folder: Path, nodes: list[Node]) -> None:
        super().__init__(folder)
        servers = "\n".join(
            f"  server node{number} 127.0.0.1:{node.port} check inter 500 fall 2 rise 2"
            f" on-marked-down shutdown-sessions{' backup' if number else ''}"
            for number, node in enumerate(nodes)
        )
        (folder / "haproxy.cfg").write_text(
            "defaults\n  mode tcp\n  timeout connect 1s\n  timeout client 1h\n  timeout server 1h\n"
            f"listen database\n  bind 127.0.0.1:{self.port}\n  option tcp-check\n{servers}\n"
        )

    def command(self) -> list[str]:
        return [program("haproxy"), "-f", str(self.folder / "haproxy.cfg"), "-db"]


@contextlib.contextmanager
def galera(count: int = 3) -> Iterator[list[Node]]:
    """A running cluster. All nodes begin with copies of the first one's data, so that none has to be sent it."""
    with contextlib.ExitStack() as opened:
        nodes = [Node(opened.enter_context(_folder())) for _ in range(count)]
        first = nodes[0]
        first.install()
        ports = [node.group for node in nodes]
        first.cluster, first.founds = ports, True
        opened.callback(first.stop)
        first.start()
        first.stop()  # now it knows its place in the cluster's history, which the copies share
        for node in nodes[1:]:
            shutil.copytree(first.folder / "data", node.folder / "data")
            (node.folder / "data" / "gvwstate.dat").unlink(missing_ok=True)
        first.start()
        for node in nodes[1:]:
            node.cluster = ports
            opened.callback(node.stop)
            node.start()
        first.founds = False
        yield nodes


class Rival:
    """Writes on another node into the rows that learners' closings lock: one of the two fails its certification."""

    SQL = "UPDATE user_metrics SET updated_at = NOW(6)"

    def __init__(self, node: Node) -> None:
        self.node, self.writes, self.tries = node, 0, 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        self._thread.join()

    def wait_for(self, tries: int) -> None:
        deadline = time.monotonic() + 60
        while self.tries < tries and time.monotonic() < deadline:
            time.sleep(0.1)

    def _write(self) -> None:
        import MySQLdb  # type: ignore[import-untyped]  # mysqlclient has no stubs

        connection = MySQLdb.connect(host="127.0.0.1", port=self.node.port, user="root", db="persenaut")
        while not self._stop.wait(0.5):
            self.tries += 1
            with contextlib.suppress(MySQLdb.OperationalError):  # it lost
                connection.cursor().execute(self.SQL)
                connection.commit()
                self.writes += 1
        connection.close()


@fault
def galera_node_lost() -> Result:
    """SIGKILL of the Galera node that writes, of three behind HAProxy, and its return, twice; then two that write."""
    with contextlib.ExitStack() as opened:
        nodes = opened.enter_context(galera())
        proxy = HAProxy(opened.enter_context(_folder()), nodes)
        opened.callback(proxy.stop)
        proxy.start()
        whole: Stack = opened.enter_context(stack(proxy))
        back, last = [], []
        with Trial(whole) as trial:
            for _ in range(2):
                trial.crowd.wait_for(20)
                killed = time.monotonic()
                nodes[0].kill()
                trial.crowd.wait_for(40)
                returned = time.monotonic()
                back.append(trial.crowd.first_success(killed))
                last += [one.at + one.seconds - killed for one in trial.crowd.failures(killed, returned)]
                trial.demand(int(nodes[1].ask("SHOW STATUS LIKE 'wsrep_cluster_size'")[1]) == 2, "not two nodes left")
                nodes[0].recover()
                trial.crowd.wait_for(20)
            with Rival(nodes[2]) as rival:
                rival.wait_for(12)
        again = sum(
            file.read_text().count("transaction tried again") for file in whole.server.log_dir.glob("combined-*.log")
        )
        trial.figures |= {
            "kills": 2, "first success after s": round(max(back), 2),
            "last failure after s": round(max(last, default=0.0), 2),
            "rival writes": rival.writes, "units run again": again,
        }  # fmt: skip
        trial.demand({one.status for one in trial.crowd.failures()} <= {503}, "other failures than 503")
        trial.demand(again > 0, "no certification failed")
        trial.demand(max(last, default=0.0) < 20, "not back within 20 s")
        return trial.result()
