"""Is the node alive, is it ready, how much is waiting: three pages without log-in.

``/healthz`` says that this process answers; ``/readyz`` is 503 with reason codes where
an object could not make its way; ``/metrics`` is text for Prometheus, computed from the
databases at each request. Nothing here names a person, a study or a file.
"""

import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import uvicorn
from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy.exc import SQLAlchemyError

from gateway.databases import reading
from gateway.errors import GatewayError, SealedError, StateError
from gateway.ports import Clock
from gateway.state import free_bytes
from gateway.tables import archive_object, association, job, outbox, spool_object, study
from rules.disclosure import log_error
from rules.version import VERSION

CONNECT_SECONDS = 1.0
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OTHER = "other"
"""Label of what is no longer in the settings: labels stay few."""

REASONS = {
    "vault.unavailable": "the broker does not answer",
    "vault.sealed": "the vault is sealed: objects are received and wait",
    "database.work": "the work database does not answer",
    "database.audit": "the database of the audit log does not answer",
    "disk.low": "less space is free than dicom.minimum_free_mb: objects are refused",
    "receiver.down": "nothing listens on the DICOM port",
}
"""Reason codes of ``/readyz``."""

Check = Callable[[], str]
"""Returns a reason code, or "" where all is well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names that may be labels: those of the settings."""

    projects: frozenset[str]
    destinations: frozenset[str]


def create_pages(checks: Sequence[Check], registry: CollectorRegistry) -> FastAPI:
    """Return the application with the three pages.

    Parameters
    ----------
    checks : Sequence[Check]
        Asked at each request of ``/readyz``.
    registry : CollectorRegistry
        Asked at each request of ``/metrics``.
    """
    pages = FastAPI(
        title="Narthex health",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,  # a redirect would repeat the query string in its Location
    )
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

    @pages.get("/healthz")
    def healthz() -> JSONResponse:
        return JSONResponse({"alive": True, "version": VERSION}, headers=headers)

    @pages.get("/readyz")
    def readyz() -> JSONResponse:
        reasons = [reason for check in checks if (reason := check())]
        status = 503 if reasons else 200
        return JSONResponse({"ready": not reasons, "reasons": reasons}, status, headers)

    @pages.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE, headers=headers)

    return pages


def serve_pages(pages: FastAPI, *, host: str, port: int, stop: threading.Event) -> None:
    """Serve until `stop` is set.

    Raises
    ------
    gateway.errors.StateError
        The address can't be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        raise StateError(
            f"can't listen on web.host {host}, web.port {port}: {error.strerror}"
        ) from None
    server = uvicorn.Server(
        uvicorn.Config(
            pages,
            access_log=False,  # it would hold query strings
            log_config=None,
            server_header=False,
        )
    )
    # Not in the main thread it leaves the signals to us.
    thread = threading.Thread(target=server.run, args=([listening],), name="web")
    thread.start()
    stop.wait()
    server.should_exit = True
    thread.join()
    listening.close()


def vault_check(ask_sealed: Callable[[], bool]) -> Check:
    """Return a check of the vault; `ask_sealed` asks the broker."""

    def check() -> str:
        try:
            return "vault.sealed" if ask_sealed() else ""
        except GatewayError:
            return "vault.unavailable"

    return check


def database_check(engine: sa.Engine, code: str) -> Check:
    """Return a check that the database answers."""

    def check() -> str:
        try:
            with reading(engine).connect() as connection:
                connection.execute(sa.select(1))
        except SQLAlchemyError as error:
            log_error(error)
            return code
        return ""

    return check


def disk_check(folder: Path, minimum_free_bytes: int) -> Check:
    """Return a check of the free space."""
    return lambda: "disk.low" if free_bytes(folder) < minimum_free_bytes else ""


def receiver_check(host: str, port: int) -> Check:
    """Return a check that something listens."""

    def check() -> str:
        try:
            socket.create_connection((host, port), CONNECT_SECONDS).close()
        except OSError:
            return "receiver.down"
        return ""

    return check


class Measurements:
    """What ``/metrics`` shows. A collector of prometheus-client.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        The work database.
    spool : Path
    names : Names
    ask_sealed : Callable[[], bool]
        Asks the broker; a `gateway.errors.GatewayError` counts as sealed.
    clock : Clock
    """

    def __init__(
        self,
        engine: sa.Engine,
        *,
        spool: Path,
        names: Names,
        ask_sealed: Callable[[], bool],
        clock: Clock,
    ) -> None:
        self._engine = engine
        self._spool = spool
        self._names = names
        self._ask_sealed = ask_sealed
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        yield _single("narthex_info", "Version, as a label.", 1, {"version": VERSION})
        yield _single(
            "narthex_spool_free_bytes", "Free for the spool, bytes.", free_bytes(self._spool)
        )
        yield _single("narthex_vault_sealed", "1 where no subject can be asked.", self._sealed())
        with reading(self._engine).connect() as connection:
            yield from self._work(connection)

    def _sealed(self) -> int:
        try:
            return int(self._ask_sealed())
        except SealedError:
            return 1

    def _work(self, connection: sa.Connection) -> Iterator[Metric]:
        now = self._clock.now()
        count = sa.func.count()
        yield _table(
            "narthex_objects",
            "Received objects by state and reason code.",
            ("state", "reason"),
            connection.execute(
                sa.select(spool_object.c.state, spool_object.c.reason, count).group_by(
                    spool_object.c.state, spool_object.c.reason
                )
            ),
        )
        yield _table(
            "narthex_jobs",
            "Jobs by state.",
            ("state",),
            connection.execute(sa.select(job.c.state, count).group_by(job.c.state)),
        )
        yield _table(
            "narthex_outbox",
            "Deliveries by destination and state.",
            ("destination", "state"),
            connection.execute(
                sa.select(outbox.c.destination, outbox.c.state, count).group_by(
                    outbox.c.destination, outbox.c.state
                )
            ),
            closed={0: self._names.destinations},
        )
        yield _table(
            "narthex_archive_objects",
            "Cleaned objects by project and state.",
            ("project", "state"),
            connection.execute(
                sa.select(archive_object.c.project, archive_object.c.state, count).group_by(
                    archive_object.c.project, archive_object.c.state
                )
            ),
            closed={0: self._names.projects},
        )
        for name, words, statement in (
            ("narthex_studies_open", "Studies that await more instances.", _open_studies()),
            ("narthex_associations_open", "Associations now.", _open_associations()),
        ):
            yield _single(name, words, connection.execute(statement).scalar_one())
        for name, words, earliest in (
            ("narthex_received_oldest_seconds", "Age of the oldest uncleaned object.", _received()),
            ("narthex_outbox_oldest_seconds", "Time the oldest delivery is overdue.", _queued()),
        ):
            oldest = connection.execute(earliest).scalar_one()
            yield _single(name, words, 0.0 if oldest is None else max(0.0, now - oldest))


def _open_studies() -> sa.Select[int]:
    return sa.select(sa.func.count()).select_from(study).where(study.c.open)


def _open_associations() -> sa.Select[int]:
    return sa.select(sa.func.count()).select_from(association).where(association.c.ended.is_(None))


def _received() -> sa.Select[float | None]:
    return sa.select(sa.func.min(spool_object.c.received)).where(spool_object.c.state == "received")


def _queued() -> sa.Select[float | None]:
    return sa.select(sa.func.min(outbox.c.due)).where(outbox.c.state.in_(("queued", "sending")))


def _single(
    name: str, words: str, value: float, labels: Mapping[str, str] | None = None
) -> GaugeMetricFamily:
    labels = labels or {}
    metric = GaugeMetricFamily(name, words, labels=list(labels))
    metric.add_metric(list(labels.values()), value)
    return metric


def _table(
    name: str,
    words: str,
    labels: tuple[str, ...],
    rows: Iterable[Sequence[Any]],  # of a query: strings, then the count
    *,
    closed: Mapping[int, frozenset[str]] | None = None,
) -> GaugeMetricFamily:
    """Return a metric from rows of label values and a count.

    `closed` has the values that a label may take; others become `OTHER`.
    """
    counts: dict[tuple[str, ...], int] = {}
    for row in rows:
        key = tuple(
            value if value in (closed or {}).get(i, {value}) else OTHER
            for i, value in enumerate(map(str, row[:-1]))
        )
        counts[key] = counts.get(key, 0) + int(row[-1])
    metric = GaugeMetricFamily(name, words, labels=list(labels))
    for key, count in sorted(counts.items()):
        metric.add_metric(list(key), count)
    return metric


METRICS = (
    "narthex_info",
    "narthex_spool_free_bytes",
    "narthex_vault_sealed",
    "narthex_objects",
    "narthex_jobs",
    "narthex_outbox",
    "narthex_archive_objects",
    "narthex_studies_open",
    "narthex_associations_open",
    "narthex_received_oldest_seconds",
    "narthex_outbox_oldest_seconds",
)
"""Every name; a test compares it to what is shown and to the manual."""
