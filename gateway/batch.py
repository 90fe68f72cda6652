"""Clean many files, in this process or in several: what ``narthex deidentify`` runs.

Where the plan asks for faces, the files are sorted by study first, from their headers, and
a study is the unit of work; else the files are cleaned as they are met.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from gateway.invocation import Invocation
from gateway.offline import Offline, Result
from gateway.ports import Vault
from gateway.studies import StudyKey, by_study, study_of
from gateway.vault.ephemeral import EphemeralVault
from pipelines.faces import is_asked
from rules.disclosure import install_hooks
from rules.load import load_plan
from rules.plan import Plan

_CHUNK = 16
_CHUNKS_PER_PROCESS = 2
"""One that is cleaned and one that waits."""
_EPHEMERAL = "ephemeral"
_THREADS = {"ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1"}
"""A process of several has one core."""

_T = TypeVar("_T")
_Found = tuple[Path, StudyKey | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What every process of a run is told. Holds the secret of the run."""

    output: Path
    rules: str
    project: str | None
    invocation: Invocation
    run_secret: bytes
    private_sop_classes: tuple[str, ...]
    explain: bool


def results(
    inputs: Iterable[Path], job: Job, *, plan: Plan, jobs: int, sorting: Callable[[int], None]
) -> Iterator[Result]:
    """Yield what became of each input, exactly one result for each.

    Parameters
    ----------
    plan : Plan
        Of `job.rules`.
    jobs : int
        Processes; 1: this one.
    sorting : Callable[[int], None]
        Told how many files are sorted by study so far.
    """
    offline = start(job)  # a sealed vault is said here, not by each process
    if not is_asked(plan):
        if jobs == 1:
            yield from (offline.clean_file(path, face=None) for path in inputs)
        else:
            yield from _cleaned(_chunks(list(inputs)), _clean_each, job, jobs, offline)
        return
    found: list[_Found] = []
    for each in _keys(inputs, job, jobs):
        found.append(each)
        sorting(len(found))
    studies, rest = by_study(found)
    if jobs == 1:
        for paths in studies:
            yield from offline.clean_study(paths)
        yield from (offline.clean_file(path, face=None) for path in rest)
        return
    yield from _cleaned(studies, _clean_study, job, jobs, offline)
    yield from _cleaned(_chunks(rest), _clean_each, job, jobs, offline)


def _keys(inputs: Iterable[Path], job: Job, jobs: int) -> Iterator[_Found]:
    if jobs == 1:
        yield from ((path, study_of(path)) for path in inputs)
        return
    yield from _in_children(
        _chunks(list(inputs)),
        _find_studies,
        lambda chunk: _apart(chunk, _find_studies, job, lambda path: (path, None)),
        job=job,
        jobs=jobs,
    )


def _chunks(paths: list[Path]) -> list[list[Path]]:
    return [paths[i : i + _CHUNK] for i in range(0, len(paths), _CHUNK)]


# Spawned processes


def _cleaned(
    units: list[list[Path]],
    clean: Callable[[list[Path]], list[Result]],
    job: Job,
    jobs: int,
    offline: Offline,
) -> Iterator[Result]:
    def retry(unit: list[Path]) -> Iterator[Result]:
        if clean is _clean_study:
            yield from _study_apart(unit, job, offline)
        else:
            yield from _apart(unit, clean, job, offline.died)

    yield from _in_children(units, clean, retry, job=job, jobs=jobs)


def _in_children(
    units: list[list[Path]],
    do: Callable[[list[Path]], list[_T]],
    retry: Callable[[list[Path]], Iterator[_T]],
    *,
    job: Job,
    jobs: int,
) -> Iterator[_T]:
    """Work in spawned processes; the results come in the order of `units`.

    Few units are under way at a time: all of them are lost when a process dies, and go to
    `retry`.
    """
    waiting = deque(units)
    under_way: deque[tuple[list[Path], Future[list[_T]]]] = deque()
    while waiting:
        is_alive = True
        with _pool(job, jobs) as pool:
            while under_way or (waiting and is_alive):
                while waiting and is_alive and len(under_way) < jobs * _CHUNKS_PER_PROCESS:
                    unit = waiting.popleft()
                    under_way.append((unit, _submit(pool, do, unit)))
                unit, future = under_way.popleft()
                try:
                    yield from future.result()
                except BrokenProcessPool:
                    is_alive = False
                    yield from retry(unit)


def _study_apart(paths: list[Path], job: Job, offline: Offline) -> Iterator[Result]:
    """Clean a study in a process of its own; where that dies too, nobody looks at its faces."""
    try:
        with _pool(job, 1) as pool:
            yield from pool.submit(_clean_study, paths).result()
    except BrokenProcessPool:
        yield from _apart(paths, _clean_each, job, offline.died)


def _apart(
    paths: list[Path],
    do: Callable[[list[Path]], list[_T]],
    job: Job,
    died: Callable[[Path], _T],
) -> Iterator[_T]:
    """Do what a process died of in a process of its own; halve it until one file is left."""
    try:
        with _pool(job, 1) as pool:
            yield from pool.submit(do, paths).result()
    except BrokenProcessPool:
        if len(paths) == 1:
            yield died(paths[0])
            return
        middle = len(paths) // 2
        yield from _apart(paths[:middle], do, job, died)
        yield from _apart(paths[middle:], do, job, died)


def _submit(
    pool: ProcessPoolExecutor, do: Callable[[list[Path]], list[_T]], unit: list[Path]
) -> Future[list[_T]]:
    try:
        return pool.submit(do, unit)
    except BrokenProcessPool as error:  # a process died while others were still told
        failed: Future[list[_T]] = Future()
        failed.set_exception(error)
        return failed


def _pool(job: Job, jobs: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        jobs, mp_context=get_context("spawn"), initializer=start_child, initargs=(job,)
    )


_CHILD: list[Offline] = []
"""The engine of a spawned process: set once by its initializer."""


def start_child(job: Job) -> None:
    """Make the engine of a spawned process."""
    os.umask(0o077)
    os.environ.update(_THREADS)
    install_hooks()  # of the parent's a spawned process has nothing
    _CHILD.append(start(job))


def _clean_each(paths: list[Path]) -> list[Result]:
    return [_CHILD[0].clean_file(path, face=None) for path in paths]


def _clean_study(paths: list[Path]) -> list[Result]:
    return list(_CHILD[0].clean_study(paths))


def _find_studies(paths: list[Path]) -> list[_Found]:
    return [(path, study_of(path)) for path in paths]


def start(job: Job) -> Offline:
    """Return the engine of this process."""
    if job.project is None:
        return _offline(job, EphemeralVault(job.run_secret), _EPHEMERAL)
    from gateway.app import open_project_vault  # noqa: PLC0415  (only a project needs the vault)

    return _offline(job, open_project_vault(job.invocation.settings()), job.project)


def _offline(job: Job, vault: Vault, project: str) -> Offline:
    return Offline(
        output=job.output,
        plan=load_plan(job.rules),
        vault=vault,
        project=project,
        private_sop_classes=job.private_sop_classes,
        explain=job.explain,
    )
