"""Read the settings: ``narthex.toml``, then ``NARTHEX_SECTION__KEY``; the environment wins.

This is the only reader of both. An unknown key is an error, values are frozen after
start, secrets are paths to files. ``ops/manual/settings.md`` lists every setting; the
docstrings here say unit and reason.
"""

import ipaddress
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings import SettingsError as PydanticSettingsError

from gateway.errors import SettingsError

PREFIX = "NARTHEX_"

_STATE_ARGUMENT = "--state"
"""How the argument travels beside the file, whose `state` it must not be taken for."""


def _name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", value):
        raise ValueError("letters, digits, dot, hyphen and underscore, at most 64")
    return value


def _ae_title(value: str) -> str:
    if not re.fullmatch(r"[\x21-\x5b\x5d-\x7e](?:[\x20-\x5b\x5d-\x7e]{0,15})", value.strip(" ")):
        raise ValueError("1 to 16 printable ASCII characters without backslash (PS3.5, 6.2)")
    return value.strip(" ")


def _network(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value))
    except ValueError:
        raise ValueError("an IP address or a network such as 192.0.2.0/24") from None


def _url(value: str) -> str:
    try:
        url = sa.make_url(value)
    except sa.exc.ArgumentError:
        raise ValueError("not a database URL") from None
    if url.get_backend_name() not in {"sqlite", "postgresql"}:
        raise ValueError("sqlite:// or postgresql+psycopg://")
    if url.password is not None:
        raise ValueError("no password in a setting: use ?passfile=PATH")
    return value


def _tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


Name = Annotated[str, AfterValidator(_name)]
AETitle = Annotated[str, AfterValidator(_ae_title)]
Network = Annotated[str, AfterValidator(_network)]
Url = Annotated[str, AfterValidator(_url)]
Port = Annotated[int, Field(ge=1, le=65535)]


class _Section(BaseModel):
    """A frozen part of the settings that refuses unknown keys."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, use_attribute_docstrings=True
    )


class DatabaseSettings(_Section):
    """Where the databases are: SQLAlchemy URLs, one owner each."""

    work: Url
    """Jobs, archive index, outbox. SQLite in the state folder; PostgreSQL for more machines."""
    audit: Url
    """The audit log. Apart, so that nothing else is written to it."""
    vault: Url
    """Authenticated records of the vault. Part of bulk backups."""
    keyring: Url
    """Wrapped subject keys and tombstones. Never part of bulk backups: erasure depends on it."""


class DicomSettings(_Section):
    """The DICOM listener."""

    host: str = "127.0.0.1"
    """Address to listen on. Loopback until somebody decides otherwise."""
    port: Annotated[int, Field(ge=0, le=65535)] = 11112
    """TCP port; 11112 is registered for DICOM. 0 lets the system choose: for tests only."""
    ae_title: AETitle = "NARTHEX"
    """Our AE title; a caller must call it unless a project matches another one."""
    max_object_mb: Annotated[int, Field(ge=1)] = 2048
    """Largest object, MiB; a larger one is refused, so that one sender can't fill the disk."""
    minimum_free_mb: Annotated[int, Field(ge=0)] = 1024
    """Free space, MiB, below which we refuse (0xA700): the databases need room to finish."""
    private_sop_classes: Annotated[tuple[str, ...], BeforeValidator(_tuple)] = ()
    """Storage SOP Class UIDs of vendors that we accept besides the standard's."""
    maximum_associations: Annotated[int, Field(ge=1)] = 16
    """Associations at once; more are rejected (local limit exceeded)."""


class Peer(_Section):
    """Who may send to us. Without a peer nobody may."""

    name: Name
    """For people, logs and projects."""
    ae_title: AETitle
    """Its calling AE title."""
    address: Network
    """IP address or network (CIDR); an AE title alone proves nothing."""
    issuer: str = ""
    """Issuer of Patient ID where its objects have none; equal ids of two issuers never meet."""
    quiet_seconds: Annotated[float, Field(ge=0)] = 120
    """A study closes when it was quiet for so long, seconds; longer for slow modalities."""


class Match(_Section):
    """What a project takes; every part that is given must hold."""

    peers: Annotated[tuple[Name, ...], BeforeValidator(_tuple)] = ()
    """Names of peers; none: any."""
    called_ae_titles: Annotated[tuple[AETitle, ...], BeforeValidator(_tuple)] = ()
    """AE titles that the sender called; none: any."""
    when: str = ""
    """Condition over root attributes, e.g. ``Modality in ["CT", "MR"]``; empty: always."""


class Project(_Section):
    """One use of the data, with its own pseudonyms."""

    name: Name
    """Part of every key of the vault: renaming a project makes a new one."""
    rules: str
    """A shipped rule set (``basic``) or the path of a YAML file."""
    match: Match = Match()
    """What it takes."""
    destinations: Annotated[tuple[Name, ...], BeforeValidator(_tuple)] = ()
    """Where cleaned objects go; none: they stay in the archive."""


class Destination(_Section):
    """A DICOM node that receives cleaned objects."""

    name: Name
    """For people, logs and projects."""
    host: str
    """Name or address."""
    port: Port
    """TCP port."""
    ae_title: AETitle
    """Its AE title."""
    calling_ae_title: AETitle = "NARTHEX"
    """How we call ourselves there."""


class VaultSettings(_Section):
    """How the vault is unsealed."""

    seal: Literal["key-file", "passphrase"] = "key-file"
    """``key-file`` starts unattended; ``passphrase`` needs a person after each start."""
    key_file: Path
    """32 random bytes, mode 0600; best on another disk than the databases."""
    passphrase_file: Path | None = None
    """File to read the passphrase from, for an unattended ``passphrase`` seal."""


class WorkSettings(_Section):
    """The workers and the children that parse."""

    workers: Annotated[int, Field(ge=1, le=64)] = 1
    """Worker processes; one per two cores."""
    lease_seconds: Annotated[float, Field(gt=0)] = 300
    """A job whose worker was silent for so long goes to another one, seconds."""
    batch: Annotated[int, Field(ge=1, le=10_000)] = 50
    """Objects committed together; more is faster, fewer repeats less after a crash."""
    child_memory_mb: Annotated[int, Field(ge=128)] = 1024
    """Address space of a parsing child beyond its start, MiB; a hostile file costs no more."""
    child_cpu_seconds: Annotated[int, Field(ge=1)] = 300
    """CPU time of one object, seconds."""
    child_wall_seconds: Annotated[float, Field(gt=0)] = 600
    """Time of one object by the clock, seconds."""
    faces_cpu_seconds: Annotated[int, Field(ge=1)] = 300
    """CPU time of the look at a study for faces, seconds; by the clock twice as much."""
    faces_object_cpu_seconds: Annotated[int, Field(ge=0)] = 2
    """CPU time beside, for each object of the study, seconds: a large study takes longer."""


class WebSettings(_Section):
    """The health pages."""

    host: str = "127.0.0.1"
    """Address to listen on. Loopback: the pages have no log-in."""
    port: Port = 8042
    """TCP port."""


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    state: Path = Path("state")
    """Folder that holds all state; absolute after loading."""
    database: DatabaseSettings
    dicom: DicomSettings = DicomSettings()
    peers: Annotated[tuple[Peer, ...], BeforeValidator(_tuple)] = ()
    projects: Annotated[tuple[Project, ...], BeforeValidator(_tuple)] = ()
    destinations: Annotated[tuple[Destination, ...], BeforeValidator(_tuple)] = ()
    vault: VaultSettings
    work: WorkSettings = WorkSettings()
    web: WebSettings = WebSettings()
    failpoint: str = ""
    """Name of a failpoint at which the process kills itself; for tests of crashes only."""

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Derive from the state folder what is not set."""
        data = dict(data)
        state = Path(data.pop(_STATE_ARGUMENT, None) or data.get("state", "state")).absolute()
        database = {name: f"sqlite:///{state / name}.db" for name in ("work", "audit")}
        database["vault"] = f"sqlite:///{state / 'vault' / 'records.db'}"
        database["keyring"] = f"sqlite:///{state / 'keyring' / 'keyring.db'}"
        filled = data
        filled["state"] = state
        filled["database"] = database | dict(data.get("database", {}))
        filled["vault"] = {"key_file": state / "keys" / "unseal.key"} | dict(data.get("vault", {}))
        return filled

    @model_validator(mode="after")
    def _names(self) -> "Settings":
        """Refuse names that stand twice and names that nothing has."""
        for kind, names in (
            ("peers", [peer.name for peer in self.peers]),
            ("projects", [project.name for project in self.projects]),
            ("destinations", [destination.name for destination in self.destinations]),
        ):
            if len(set(names)) != len(names):
                raise ValueError(f"{kind}: a name stands twice")
        peers = {peer.name for peer in self.peers}
        destinations = {destination.name for destination in self.destinations}
        for project in self.projects:
            if not set(project.match.peers) <= peers:
                raise ValueError("projects.match.peers: no such peer")
            if not set(project.destinations) <= destinations:
                raise ValueError("projects.destinations: no such destination")
        return self

    @property
    def spool(self) -> Path:
        """Return the folder of received, encrypted objects."""
        return self.state / "spool"

    @property
    def archive(self) -> Path:
        """Return the folder of cleaned objects."""
        return self.state / "archive"

    @property
    def run(self) -> Path:
        """Return the folder of the broker's sockets."""
        return self.state / "run"

    @property
    def receiver_key_file(self) -> Path:
        """Return the receiver's own key, for recognising repeated UIDs."""
        return self.state / "keys" / "receiver.key"

    @property
    def spool_public_file(self) -> Path:
        """Return the public half of the spool keys: the receiver encrypts with it."""
        return self.state / "keys" / "spool.pub"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  (the shape pydantic asks for)
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the environment, then what the file says; nothing else."""
        return env_settings, init_settings


def load(*, config: Path | None, state: Path | None) -> Settings:
    """Return the settings.

    Parameters
    ----------
    config : Path or None
        The TOML file; None: ``narthex.toml`` of the current folder, if there is one.
    state : Path or None
        Overrides the state folder of file and environment.

    Raises
    ------
    gateway.errors.SettingsError
        With the keys that are wrong and how; never with a value.
    """
    unknown = sorted(_unknown_variables())
    if unknown:
        raise SettingsError(f"unknown in the environment: {', '.join(unknown)}")
    values = _read(config)
    if state is not None:
        values[_STATE_ARGUMENT] = state
    try:
        return Settings(**values)
    except ValidationError as error:
        raise SettingsError("; ".join(_explain(error))) from None
    except PydanticSettingsError as error:
        raise SettingsError(f"a variable of the environment is no JSON: {error}") from None


def _read(config: Path | None) -> dict[str, Any]:
    file = config or Path("narthex.toml")
    try:
        with file.open("rb") as stream:
            return tomllib.load(stream)
    except FileNotFoundError:
        if config is None:
            return {}
        raise SettingsError("the file of --config does not exist") from None
    except OSError as error:
        raise SettingsError(f"{file} can't be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is no TOML: {error}") from None


def _unknown_variables() -> Iterator[str]:
    known = {name.upper() for name in Settings.model_fields}
    for variable in os.environ:
        if variable.upper().startswith(PREFIX):
            section = variable.upper().removeprefix(PREFIX).split("__", 1)[0]
            if section not in known:
                yield variable


def _explain(error: ValidationError) -> Iterator[str]:
    """Return a line per mistake: key and what is wrong, no value."""
    for mistake in error.errors(include_url=False, include_context=False, include_input=False):
        yield f"{'.'.join(map(str, mistake['loc'])) or 'settings'}: {mistake['msg']}"
