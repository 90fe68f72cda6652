"""Kill the appliance again and again, and check that nothing acknowledged is lost.

Two parts per database, each on a state folder of its own:

failpoints
    Every name of `gateway.failpoints`: one process is armed, dies there while a study
    is on its way, and is started again. Some are passed only where a copy comes, or at
    the start of a receiver whose predecessor died: then that is arranged.
rounds
    ``narthex serve`` with two workers under a continuous C-STORE stream; at a random
    moment a random process is killed (SIGKILL): receiver, worker, its child, broker,
    supervisor, or all of them. Moments and victims come from the seed.

Then the books are compared (`ops.bench.ledger`): sender, spool, archive, outbox,
destination, disk, audit log. Prints JSON; exit code 1: a promise was broken.

Usage: ``python -m ops.bench.faults [--databases sqlite,postgresql] [--rounds 20]
[--seed N] [--keep DIR]``.
"""

import argparse
import json
import random
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from gateway.failpoints import DESCRIPTIONS
from ops.bench.ledger import Ledger, reconcile
from ops.bench.node import (
    DATABASES,
    Node,
    Process,
    VainError,
    kill,
    kill_one,
    listens,
    tree,
    wait_until,
)
from ops.bench.traffic import Sender, receiving, silence

ORPHANS = {
    "orphan.set-aside": "spool.written",
    "orphan.recorded": "spool.renamed",
    "orphan.removed": "spool.recorded",
}
"""Failpoints at the start of a receiver, and where its predecessor dies to leave an orphan."""
COPIES = frozenset({"spool.copy-removed", "orphan.removed"})
"""Passed where an exact copy comes of what was acknowledged."""
OF_THE_RECEIVER = frozenset({"spool.written", "spool.renamed", "spool.recorded", *COPIES, *ORPHANS})
VICTIMS = ("receiver", "worker", "child", "broker", "supervisor", "all")
PROJECTS = ("heart", "lung")
WORKERS = 2
DEATH_SECONDS = 90.0
DRAIN_SECONDS = 300.0
ALIVE_SECONDS = 120.0
LONGEST_WAIT_SECONDS = 3.0


def run(
    folder: Path, *, database: str, rounds: int, seed: int, failpoints: bool = True
) -> dict[str, Any]:
    """Run both parts on one kind of database and return what happened.

    Parameters
    ----------
    folder : pathlib.Path
        For state, logs and databases.
    database : str
        ``sqlite`` or ``postgresql``.
    rounds : int
        Of random kills; 0: none.
    """
    silence()
    result: dict[str, Any] = {"database": database, "seed": seed}
    if failpoints:
        with databases(database) as urls:
            result["failpoints"] = run_failpoints(folder / "failpoints", urls=urls, seed=seed)
    if rounds:
        with databases(database) as urls:
            result["random"] = run_rounds(folder / "random", urls=urls, rounds=rounds, seed=seed)
    return result


@contextmanager
def databases(kind: str) -> Iterator[dict[str, str]]:
    """Yield the URLs of fresh databases; none for SQLite, which lives in the state folder."""
    if kind == "sqlite":
        yield {}
        return
    from tests.support.postgres import fresh_database, running_cluster

    with running_cluster() as cluster, ExitStack() as stack:
        yield {name: stack.enter_context(fresh_database(cluster)) for name in DATABASES}


# 1. failpoints


def run_failpoints(folder: Path, *, urls: dict[str, str], seed: int) -> dict[str, Any]:
    """Let a process die once at each failpoint."""
    result: dict[str, Any] = {}
    ledger = Ledger()
    with (
        receiving() as recipient,
        Node(
            folder=folder, destination_port=recipient.port, projects=PROJECTS, databases=urls
        ) as node,
    ):
        node.run("vault", "init")
        node.start("broker")
        sender = Sender(port=node.dicom_port, seed=seed, pause_seconds=0.0)
        running = {}
        for verb in ("receive", "work"):
            running[verb] = node.start(verb)
        for name in DESCRIPTIONS:
            say(f"failpoint {name}")
            try:
                result[name] = _die_at(name, node=node, sender=sender, running=running)
                ledger = reconcile(node, list(sender.acknowledged.values()), recipient)
            except VainError as error:
                ledger.faults.append(f"{name}: waited in vain: {error}")
            if ledger.faults:
                break
    result["ledger"] = dict(ledger.counts)
    result["faults"] = ledger.faults
    return result


def _die_at(
    name: str,
    *,
    node: Node,
    sender: Sender,
    running: dict[str, "subprocess.Popen[bytes]"],
) -> dict[str, float]:
    """Arm, send, wait for the death, start again, drain; return how long it took."""
    verb = "receive" if name in OF_THE_RECEIVER else "work"
    running[verb].send_signal(signal.SIGTERM)
    running[verb].wait(timeout=DEATH_SECONDS)
    sender.make_study(count=3)
    armed = node.start(verb, failpoint=ORPHANS.get(name, name))
    wait_until(lambda: listens(node.dicom_port), "the receiver to listen")
    if verb == "receive":
        traffic = _copies(sender) if name in COPIES else sender
        wait_until(lambda: _sent_until_dead(traffic, armed), "its death", seconds=DEATH_SECONDS)
    else:
        sender.flush(seconds=ALIVE_SECONDS)
    _await_death(armed)
    if name in ORPHANS:
        _await_death(node.start(verb, failpoint=name))
    started = time.monotonic()
    running[verb] = node.start(verb)
    wait_until(lambda: sender.flush(seconds=1), "everything to be acknowledged")
    wait_until(node.is_drained, "the node to drain", seconds=DRAIN_SECONDS)
    return {"recovered_seconds": round(time.monotonic() - started, 1)}


def _copies(sender: Sender) -> Sender:
    """Return a sender of the first study of `sender` once more: the seed makes it again."""
    copies = Sender(port=sender.port, seed=sender.seed, pause_seconds=0.0)
    copies.make_study(count=3)
    return copies


def _await_death(armed: "subprocess.Popen[bytes]") -> None:
    wait_until(lambda: armed.poll() is not None, "its death", seconds=DEATH_SECONDS)
    if armed.returncode != -signal.SIGKILL:
        raise VainError(f"a death by SIGKILL; it ended with {armed.returncode}")


def _sent_until_dead(sender: Sender, armed: "subprocess.Popen[bytes]") -> bool:
    sender.flush(seconds=0.5)
    return armed.poll() is not None


# 2. random kills


def run_rounds(folder: Path, *, urls: dict[str, str], rounds: int, seed: int) -> dict[str, Any]:
    """Kill random processes under a stream, then drain."""
    chance = random.Random(seed)  # noqa: S311  (a schedule, no secret)
    done: list[dict[str, Any]] = []
    ledger = Ledger()
    with (
        receiving() as recipient,
        Node(
            folder=folder,
            destination_port=recipient.port,
            projects=PROJECTS,
            workers=WORKERS,
            databases=urls,
        ) as node,
    ):
        appliance = node.start("serve")
        sender = Sender(port=node.dicom_port, seed=seed)
        try:
            wait_until(node.is_ready, "the appliance to be ready")
            with sender.streaming():
                for number in range(rounds):
                    appliance, told = _round(node, appliance, sender, chance)
                    done.append(told)
                    say(f"round {number + 1}: {told}")
            wait_until(lambda: sender.flush(seconds=10), "everything to be acknowledged")
            drained = wait_until(node.is_drained, "the node to drain", seconds=DRAIN_SECONDS)
            ledger = reconcile(node, list(sender.acknowledged.values()), recipient)
            ledger.counts["drained in seconds"] = round(drained)
        except VainError as error:
            ledger.faults.append(f"waited in vain: {error}")
            ledger.counts.update(f"{state} {reason}" for state, reason in node.held_rows())
    return {
        "rounds": done,
        "kills": dict(Counter(each["killed"] for each in done)),
        "answers": dict(sender.statuses),
        "ledger": dict(ledger.counts),
        "faults": ledger.faults,
    }


def _round(
    node: Node, appliance: "subprocess.Popen[bytes]", sender: Sender, chance: random.Random
) -> tuple["subprocess.Popen[bytes]", dict[str, Any]]:
    """Kill somebody; return the appliance that runs afterwards, and what was done."""
    victim, moment = chance.choice(VICTIMS), chance.uniform(0.1, LONGEST_WAIT_SECONDS)
    wait_until(lambda: bool(_victims(appliance, victim)), f"a {victim}", pause=0.02)
    time.sleep(moment)
    before = len(sender.acknowledged)
    started = time.monotonic()
    if victim == "all":
        kill(appliance)
    elif victim == "supervisor":
        left = tree(appliance.pid)
        kill_one(appliance.pid)
        appliance.wait()
        wait_until(lambda: not _alive(left), "the parts to end with their supervisor")
    else:
        wait_until(lambda: _strike(appliance, victim, chance), f"a {victim}", pause=0.02)
    if victim in {"all", "supervisor"}:
        appliance = node.start("serve")
    wait_until(
        lambda: _is_whole(node, appliance) and len(sender.acknowledged) > before,
        f"life after the death of {victim}",
        seconds=ALIVE_SECONDS,
    )
    return appliance, {
        "killed": victim,
        "after_seconds": round(moment, 2),
        "acknowledged_before": before,
        "recovered_seconds": round(time.monotonic() - started, 1),
    }


def _victims(appliance: "subprocess.Popen[bytes]", kind: str) -> list[Process]:
    processes = tree(appliance.pid)
    return [each for each in processes if kind in {each.kind, "all"}]


def _strike(appliance: "subprocess.Popen[bytes]", kind: str, chance: random.Random) -> bool:
    victims = _victims(appliance, kind)
    if victims:
        kill_one(chance.choice(victims).pid)
    return bool(victims)


def _alive(processes: list[Process]) -> list[int]:
    """Return which of them still run; a number that was given to another one does not count."""
    return [
        each.pid
        for each in processes
        if any(found.pid == each.pid and found.kind == each.kind for found in tree(each.pid))
    ]


def _is_whole(node: Node, appliance: "subprocess.Popen[bytes]") -> bool:
    kinds = Counter(each.kind for each in tree(appliance.pid))
    parts = kinds["receiver"] == kinds["broker"] == 1 and kinds["worker"] == WORKERS
    return parts and node.is_ready()


def say(line: str) -> None:
    """Tell the person who waits."""
    print(line, file=sys.stderr, flush=True)


def is_good(result: dict[str, Any]) -> bool:
    """Return whether every promise was kept."""
    return not any(result[part]["faults"] for part in ("failpoints", "random") if part in result)


def main() -> int:
    """Run and print; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 31))
    parser.add_argument("--no-failpoints", action="store_true")
    parser.add_argument("--keep", type=Path, help="folder that keeps states and logs")
    arguments = parser.parse_args()
    say(f"seed {arguments.seed}")
    folder = arguments.keep or Path(tempfile.mkdtemp(prefix="narthex-faults-"))
    try:
        results = [
            run(
                folder / database,
                database=database,
                rounds=arguments.rounds,
                seed=arguments.seed,
                failpoints=not arguments.no_failpoints,
            )
            for database in arguments.databases.split(",")
        ]
    finally:
        if arguments.keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(results, indent=1))
    return 0 if all(map(is_good, results)) else 1


if __name__ == "__main__":
    sys.exit(main())
