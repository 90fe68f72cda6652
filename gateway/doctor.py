"""Look at an installation and say what is wrong and what to do. Changes nothing."""

import importlib.util
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from pathlib import Path

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from pynetdicom.ae import ApplicationEntity
from sqlalchemy.exc import SQLAlchemyError

from gateway import state
from gateway.databases import open_database, reading
from gateway.errors import GatewayError, StateError
from gateway.settings import Destination, Settings
from gateway.vault.status import VaultStatus
from rules.conditions import parse_condition
from rules.errors import RulesError
from rules.load import load_plan
from rules.vocabulary import Option

OLDEST_PYTHON = (3, 11)
CONNECT_SECONDS = 5.0
MIB = 1 << 20
VERIFICATION = "1.2.840.10008.1.1"
_DATABASES = (
    ("work", "gateway.work", "alembic_version"),
    ("audit", "gateway.audit", "alembic_version_audit"),
    ("vault", "gateway.vault.records", "alembic_version_records"),
    ("keyring", "gateway.vault.keyring", "alembic_version_keyring"),
)
"""Setting, owner, and the table in which the owner's migrations keep their revision."""
_FACES = {
    "SimpleITK": "pip install SimpleITK",
    "pydeface": "pip install --no-deps pydeface (only its template is read)",
}
"""Packages without which nobody can look for a face."""
_OPTIONAL = {"torch": "enclave (pip install narthex[enclave])", "tenseal": "enclave"}


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    NOTE = "note"
    """Worth knowing; the node works."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found.

    Attributes
    ----------
    check : str
        Stable, dotted.
    words : str
        What is so, and what to do; never patient data.
    """

    check: str
    verdict: Verdict
    words: str


def examine(
    settings: Settings, *, vault_status: Callable[[], tuple[VaultStatus, bool]]
) -> Iterator[Finding]:
    """Yield what is found, check by check.

    Parameters
    ----------
    vault_status : Callable[[], tuple[VaultStatus, bool]]
        Returns the state of the vault, and whether the broker said so.
    """
    yield _python()
    yield from _state(settings)
    yield from _databases(settings)
    yield _vault(vault_status)
    yield _disk(settings)
    running = _is_running(settings)
    yield _port("dicom.port", settings.dicom.host, settings.dicom.port, running=running)
    yield _port("web.port", settings.web.host, settings.web.port, running=running)
    yield from _people(settings)
    yield from _rules(settings)
    yield from _faces(settings)
    for destination in settings.destinations:
        yield _echo(destination)
    for module, use in _OPTIONAL.items():
        there = importlib.util.find_spec(module) is not None
        yield _note(
            f"optional.{module}", "installed" if there else f"not installed: only for {use}"
        )


def _ok(check: str, words: str) -> Finding:
    return Finding(check=check, verdict=Verdict.OK, words=words)


def _note(check: str, words: str) -> Finding:
    return Finding(check=check, verdict=Verdict.NOTE, words=words)


def _failed(check: str, words: str) -> Finding:
    return Finding(check=check, verdict=Verdict.FAILED, words=words)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < OLDEST_PYTHON:
        return _failed("python", f"{version} is too old: 3.11 or newer")
    return _ok("python", version)


def _state(settings: Settings) -> Iterator[Finding]:
    if not settings.state.is_dir():
        yield _note("state", f"{settings.state} is made by the first narthex serve")
        return
    problems = [state.permissions(folder) for folder in state.folders(settings) if folder.exists()]
    yield from (_failed("state", problem) for problem in problems if problem)
    if not any(problems):
        yield _ok("state", f"{settings.state} is private")
    keys = [settings.receiver_key_file]
    if settings.vault.seal == "key-file":
        keys.append(settings.vault.key_file)
    for key in keys:
        name = f"key.{key.stem}"
        if not key.exists():
            yield _note(name, f"{key} is made by the first narthex serve")
        elif problem := state.permissions(key):
            yield _failed(name, problem)
        elif key.stat().st_size != state.KEY_BYTES:
            yield _failed(name, f"{key} has not {state.KEY_BYTES} bytes: restore it")
        else:
            yield _ok(name, f"{key} is private")


def _databases(settings: Settings) -> Iterator[Finding]:
    for name, package, table in _DATABASES:
        url = sa.make_url(getattr(settings.database, name))
        file = url.database if url.get_backend_name() == "sqlite" else None
        check = f"database.{name}"
        if file is not None and not Path(file).exists():
            yield _note(check, "is made by the first narthex serve")
            continue
        engine = open_database(url.render_as_string(hide_password=False))
        try:
            current = _is_current(engine, package, version_table=table)
        except (SQLAlchemyError, OSError) as error:
            yield _failed(check, f"does not answer ({type(error).__name__}): is the URL right?")
        else:
            words = "is current" if current else "is older or newer: narthex serve brings it up"
            yield (_ok if current else _note)(check, words)
        finally:
            engine.dispose()


def _is_current(engine: sa.Engine, package: str, *, version_table: str) -> bool:
    """Return whether the database has exactly the newest revision of `package`."""
    with resources.as_file(resources.files(package).joinpath("migrations")) as folder:
        config = Config()
        config.set_main_option("script_location", str(folder))
        heads = set(ScriptDirectory.from_config(config).get_heads())
    with reading(engine).connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": version_table})
        return set(context.get_current_heads()) == heads


def _vault(vault_status: Callable[[], tuple[VaultStatus, bool]]) -> Finding:
    try:
        status, by_broker = vault_status()
    except (GatewayError, SQLAlchemyError) as error:
        return _failed("vault", f"can't be asked ({type(error).__name__})")
    if not status.initialised:
        return _note("vault", "there is none yet: narthex vault init")
    if not by_broker:
        return _note("vault", f"no broker runs; it is opened by {status.seal}")
    if status.sealed:
        return _failed("vault", "is sealed: narthex vault unseal")
    return _ok("vault", f"is unsealed, epoch {status.epoch}")


def _disk(settings: Settings) -> Finding:
    folder = settings.spool if settings.spool.is_dir() else settings.state
    while not folder.exists():
        folder = folder.parent
    free, least = state.free_bytes(folder) // MIB, settings.dicom.minimum_free_mb
    if free < least:
        return _failed("disk", f"{free} MiB free, dicom.minimum_free_mb is {least}: make room")
    return _ok("disk", f"{free} MiB free")


def _is_running(settings: Settings) -> bool:
    if not (settings.state / "lock").exists():
        return False
    try:
        with state.locked(settings):
            return False
    except (StateError, OSError):
        return True


def _port(check: str, host: str, port: int, *, running: bool) -> Finding:
    try:
        socket.create_connection((host, port), CONNECT_SECONDS).close()
    except OSError:
        if running:
            return _failed(check, f"narthex serve runs, and nothing listens on {host}:{port}")
        return _ok(check, f"{host}:{port} is free")
    if running:
        return _ok(check, f"{host}:{port} answers")
    return _failed(check, f"another program listens on {host}:{port}: choose another port")


def _people(settings: Settings) -> Iterator[Finding]:
    for name, words in (
        ("peers", "nobody may send: add [[peers]]"),
        ("projects", "every object will be held: add [[projects]]"),
        ("destinations", "cleaned objects stay in the archive"),
    ):
        count = len(getattr(settings, name))
        yield _ok(name, f"{count} known") if count else _note(name, words)


def _rules(settings: Settings) -> Iterator[Finding]:
    for project in settings.projects:
        check = f"rules.{project.name}"
        try:
            plan = load_plan(project.rules)
            if project.match.when:
                parse_condition(project.match.when)
        except RulesError as error:
            yield _failed(check, str(error))
            continue
        for option, reason in sorted(plan.unavailable.items()):
            yield _note(check, f"{option} has no engine yet: objects are held with {reason}")
        yield _ok(check, f"{plan.name} compiles, plan {plan.hash[:12]}")


def _faces(settings: Settings) -> Iterator[Finding]:
    """Yield whether faces can be looked for; it fails where a project asks for that."""
    asking = [project.name for project in settings.projects if _asks_for_faces(project.rules)]
    for package, words in _FACES.items():
        check = f"faces.{package}"
        if importlib.util.find_spec(package) is not None:
            yield _ok(check, "installed")
        elif asking:
            held = f"images of {', '.join(asking)} are held (face.unchecked, face.no-template)"
            yield _failed(check, f"not installed: {held}; {words}")
        else:
            yield _note(check, f"not installed: faces can't be removed; {words}")


def _asks_for_faces(rules: str) -> bool:
    try:
        return Option.CLEAN_RECOGNIZABLE_VISUAL_FEATURES in load_plan(rules).options
    except RulesError:
        return False  # said elsewhere


def _echo(destination: Destination) -> Finding:
    check = f"destination.{destination.name}"
    entity = ApplicationEntity(ae_title=destination.calling_ae_title)
    entity.connection_timeout = entity.acse_timeout = CONNECT_SECONDS
    entity.dimse_timeout = entity.network_timeout = CONNECT_SECONDS
    entity.add_requested_context(VERIFICATION)
    association = entity.associate(
        destination.host, destination.port, ae_title=destination.ae_title
    )
    if not association.is_established:
        return _failed(check, "no association: are host, port and both AE titles right?")
    status = association.send_c_echo()
    association.release()
    if getattr(status, "Status", None) != 0:
        return _failed(check, "the association was accepted, C-ECHO was not answered")
    return _ok(check, "answers C-ECHO")
