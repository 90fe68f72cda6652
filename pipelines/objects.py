"""What travels between the steps of the pipelines: inspected, cleaned, evidence."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipelines.context import RangeReader, Segment
from pipelines.deface.decision import Mask
from pipelines.metadata.outline import Outline
from pipelines.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What the gateway must know of an object before it can be cleaned.

    Patient data: never logged, never stored.

    Attributes
    ----------
    patient_id : str
        (0010,0020) without padding; never empty.
    issuer : str
        Issuer of Patient ID (0010,0021); "" if absent.
    attributes : Mapping[str, str]
        Values of the root attributes that were asked for, decoded; several values are
        joined by a backslash; absent attributes are missing.
    outline : Outline
        What was read, so that `clean` does not read it again. Stays in the process.
    normalised : bool
        True where pydicom had to re-encode the object.
    """

    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str
    series_instance_uid: str
    transfer_syntax_uid: str
    patient_id: str = field(repr=False)
    issuer: str = field(repr=False)
    attributes: Mapping[str, str] = field(repr=False)
    outline: Outline = field(repr=False, compare=False)
    normalised: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityValue:
    """A value of the source that must not be found in the output. Patient data.

    Attributes
    ----------
    tag : int
    value : bytes
        As encoded, padding included.
    encodings : tuple[str, ...]
        Python codecs of the Specific Character Set in force.
    """

    tag: int
    value: bytes = field(repr=False)
    encodings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceEvidence:
    """What was to be filled, and where. Patient data: lives in memory only.

    Attributes
    ----------
    original : RangeReader
        The object before it was filled, encoded as the walk met it.
    transfer_syntax_uid : str
        Of the original.
    mask : Mask
        In patient coordinates.
    masks : Mapping[int, NDArray]
        By number of the frame from 0: shape ``(rows, columns)``, True where it is filled.
    fill : int or float
        Stored value of every sample there.
    """

    original: RangeReader = field(repr=False)
    transfer_syntax_uid: str
    mask: Mask = field(repr=False)
    masks: Mapping[int, NDArray[np.bool_]] = field(repr=False)
    fill: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What verify needs to know of the source. Patient data: lives in memory only.

    Attributes
    ----------
    identity : tuple[IdentityValue, ...]
        Identifying values met at any depth (`pipelines.identity.IDENTITY_TAGS`),
        each distinct one once.
    uids : Mapping[str, str]
        Every UID that was replaced, with its replacement.
    face : FaceEvidence or None
        None where no pixel was changed.
    """

    identity: tuple[IdentityValue, ...] = field(repr=False)
    uids: Mapping[str, str] = field(repr=False)
    face: FaceEvidence | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """A cleaned object, not yet written.

    Attributes
    ----------
    segments : tuple[Segment, ...]
        The whole file (PS3.10), in order. Spans refer to `source`.
    source : RangeReader
        The reader that was given, or one over the normalised bytes.
    sop_class_uid, transfer_syntax_uid : str
    sop_instance_uid, study_instance_uid, series_instance_uid : str
        Of the output: new UIDs.
    """

    segments: tuple[Segment, ...] = field(repr=False)
    source: RangeReader = field(repr=False)
    sop_class_uid: str
    transfer_syntax_uid: str
    sop_instance_uid: str
    study_instance_uid: str
    series_instance_uid: str
    report: Report
    evidence: Evidence = field(repr=False)
