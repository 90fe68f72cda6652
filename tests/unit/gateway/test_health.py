"""The health pages over real databases and sockets."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from gateway import health
from gateway.databases import open_database, upgrade
from gateway.errors import SealedError, StateError, VaultUnavailableError
from gateway.tables import archive_object, association, job, outbox, spool_object, study
from tests.support.appliance import free_port, wait_until

NOW = 1_000_000.0


class _Clock:
    def now(self) -> float:
        return NOW


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    """Return a work database with a little of everything."""
    engine = open_database(f"sqlite:///{tmp_path / 'work.db'}")
    upgrade(engine, "gateway.work")
    digest = bytes(32)
    with engine.begin() as connection:
        connection.execute(association.insert().values(id="a", peer="ct", receiver="r", opened=NOW))
        connection.execute(
            study.insert().values(
                id="s",
                study_index=digest,
                peer="ct",
                generation=1,
                open=True,
                last_received=NOW,
                last_association="a",
            )
        )
        for name, state, reason in (
            ("1", "received", ""),
            ("2", "held", "identity.missing"),
            ("3", "held", "identity.missing"),
        ):
            connection.execute(
                spool_object.insert().values(
                    id=name,
                    study_id="s",
                    association_id="a",
                    generation=1,
                    sop_index=digest,
                    subject_index=digest,
                    content_digest=digest,
                    pixel_digest=digest,
                    size_bytes=1,
                    received=NOW - 60,
                    state=state,
                    reason=reason,
                )
            )
        connection.execute(
            job.insert().values(
                id="j", kind="clean", study_id="s", generation=1, state="due", created=NOW, due=NOW
            )
        )
        connection.execute(
            archive_object.insert().values(
                name="n",
                project="gone-from-the-settings",
                plan_hash="h",
                spool_id="1",
                sop_class_uid="1.2",
                transfer_syntax_uid="1.2",
                study_instance_uid="2.25.1",
                series_instance_uid="2.25.2",
                sop_instance_uid="2.25.3",
                size_bytes=1,
                created=NOW,
                state="current",
            )
        )
        connection.execute(
            outbox.insert().values(
                id="o", name="n", destination="research", state="queued", due=NOW - 30
            )
        )
    yield engine
    engine.dispose()


@contextmanager
def served(application: FastAPI) -> Iterator[httpx.Client]:
    """Serve over the loopback interface until the block ends."""
    port, stop = free_port(), threading.Event()
    thread = threading.Thread(
        target=health.serve_pages,
        args=(application,),
        kwargs={"host": "127.0.0.1", "port": port, "stop": stop},
    )
    thread.start()
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        try:
            wait_until(lambda: _is_up(client), "the pages to be served")
            yield client
        finally:
            stop.set()
            thread.join()
        assert not _is_up(client)


def _is_up(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").status_code == 200
    except httpx.HTTPError:
        return False


@contextmanager
def pages(engine: sa.Engine, folder: Path, *checks: health.Check) -> Iterator[httpx.Client]:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(
        health.Measurements(
            engine,
            spool=folder,
            names=health.Names(projects=frozenset({"lung"}), destinations=frozenset({"research"})),
            ask_sealed=lambda: False,
            clock=_Clock(),
        )
    )
    with served(health.create_pages(checks, registry)) as client:
        yield client


def test_metrics_count_what_is_in_the_database(engine: sa.Engine, tmp_path: Path) -> None:
    with pages(engine, tmp_path) as client:
        text = client.get("/metrics").text
    for line in (
        'narthex_objects{reason="identity.missing",state="held"} 2.0',
        'narthex_objects{reason="",state="received"} 1.0',
        'narthex_jobs{state="due"} 1.0',
        'narthex_outbox{destination="research",state="queued"} 1.0',
        'narthex_archive_objects{project="other",state="current"} 1.0',
        "narthex_studies_open 1.0",
        "narthex_associations_open 1.0",
        "narthex_received_oldest_seconds 60.0",
        "narthex_outbox_oldest_seconds 30.0",
        "narthex_vault_sealed 0.0",
    ):
        assert f"\n{line}\n" in text


def test_the_list_of_metrics_is_whole(engine: sa.Engine, tmp_path: Path) -> None:
    with pages(engine, tmp_path) as client:
        shown = re.findall(r"^# TYPE (\S+)", client.get("/metrics").text, re.MULTILINE)
    assert sorted(shown) == sorted(health.METRICS)


def test_ready_says_every_reason(engine: sa.Engine, tmp_path: Path) -> None:
    with pages(engine, tmp_path) as client:
        assert client.get("/readyz").json() == {"ready": True, "reasons": []}
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert health.receiver_check("127.0.0.1", port)() == ""
    checks = (
        health.receiver_check("127.0.0.1", port),
        health.disk_check(tmp_path, 1 << 62),
        health.disk_check(tmp_path, 0),
        health.vault_check(lambda: True),
        health.vault_check(_raise_unavailable),
        health.database_check(engine, "database.work"),
        health.database_check(sa.create_engine("sqlite:////nowhere/x.db"), "database.audit"),
    )
    with pages(engine, tmp_path, *checks) as client:
        answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == [
        "receiver.down",
        "disk.low",
        "vault.sealed",
        "vault.unavailable",
        "database.audit",
    ]
    assert set(answer.json()["reasons"]) <= set(health.REASONS)


def _raise_unavailable() -> bool:
    raise VaultUnavailableError


def test_a_silent_broker_counts_as_sealed(engine: sa.Engine, tmp_path: Path) -> None:
    def ask() -> bool:
        raise SealedError

    measured = health.Measurements(
        engine,
        spool=tmp_path,
        names=health.Names(projects=frozenset(), destinations=frozenset()),
        ask_sealed=ask,
        clock=_Clock(),
    )
    sealed = next(each for each in measured.collect() if each.name == "narthex_vault_sealed")
    assert sealed.samples[0].value == 1


def test_alive_is_alive_and_nothing_else_is_served(engine: sa.Engine, tmp_path: Path) -> None:
    with pages(engine, tmp_path) as client:
        assert client.get("/healthz").json()["alive"] is True
        assert client.get("/healthz").headers["cache-control"] == "no-store"
        for page in ("/", "/docs", "/redoc", "/openapi.json"):
            assert client.get(page).status_code == 404


def test_a_taken_port_is_an_error(engine: sa.Engine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(StateError, match=str(port)):
            health.serve_pages(
                health.create_pages((), CollectorRegistry()),
                host="127.0.0.1",
                port=port,
                stop=threading.Event(),
            )
