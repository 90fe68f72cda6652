r"""Tell pictures of a face that no mask can follow: photographs, surfaces, renderings, captures.

Attributes decide, pixels are not looked at. What counts, and where it is held:

============================================================== ========== =====================
What it is                                                     Kind       Held where the study
============================================================== ========== =====================
VL and Video Photographic, Dermoscopic Photography, the        photograph in any case
retired VL images on trial, Video Endoscopic (it begins and
ends outside the body), DICOS body scans; modality XC, DMS, TG
Surface Scan Mesh and Point Cloud; modality LS, OSS            photograph in any case
Surface Segmentation, Encapsulated STL and OBJ; modality M3D   surface    may show a head
a word of Image Type that names a rendering or an unrolled     view       may show a head
view, whatever plane the object claims
CT, MR, PT in colour without a plane                           view       may show a head
3D, SURFACE, VR in Image Type of what is derived, in colour    view       may show a head
or without a plane; VOLUME if without one (with one it is a
flavour of enhanced images)
CT, MR, PT that is a projection (MIP, MINIP, rotating), but    view       may show a head
of a slab of at most 20 mm whose plane is known
Secondary Capture, Hardcopy; CT, MR, PT whose Image Type says  capture    has a head, or nobody
screen or capture, without a plane                                        could look
Raw Data                                                       capture    the same
a sheet of text: see below                                     sheet      never
everything else                                                none       never
============================================================== ========== =====================

*May show a head*: a head was found, or it is in doubt, or there was no volume to look at.

A sheet is a capture that is Multi-frame Single Bit (two tones draw no face), has a modality
of documents and curves, says of itself that it reports dose (Exposure Dose Sequence, Comments
on Radiation Dose), or whose Image Type has a word for protocol, dose, report or graph
(``DERIVED\SECONDARY\OTHER\CT_SOM5 PROT``). ``SCREEN SAVE`` is no such word: one vendor writes
it for dose reports and for 3-D views. A word for a rendering outweighs a word for a sheet.

Not pictures of a face: Encapsulated MTL holds colours and names textures, which are images of
their own; volume rendering presentation states refer to volumes, which are masked; ophthalmic
photography and still endoscopy show an eye, or the inside.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from pipelines.volumes.header import ImageHeader

_STORAGE = "1.2.840.10008.5.1.4.1.1"
_PHOTOGRAPHS = frozenset(
    f"{_STORAGE}.{number}"
    for number in (
        "77.1",  # VL Image, on trial
        "77.2",  # VL Multi-frame Image, on trial
        "77.1.1.1",  # Video Endoscopic
        "77.1.4",  # VL Photographic
        "77.1.4.1",  # Video Photographic
        "77.1.7",  # Dermoscopic Photography
        "68.1",  # Surface Scan Mesh
        "68.2",  # Surface Scan Point Cloud
        "501.4",  # DICOS 2D AIT
        "501.5",  # DICOS 3D AIT
    )
)
_PHOTOGRAPHED = frozenset(["XC", "DMS", "TG", "LS", "OSS"])
_SURFACES = frozenset(
    f"{_STORAGE}.{number}"
    for number in (
        "66.5",  # Surface Segmentation
        "104.3",  # Encapsulated STL
        "104.4",  # Encapsulated OBJ
    )
)
_MODELLED = "M3D"
_SINGLE_BIT_CAPTURE = f"{_STORAGE}.7.1"
_CAPTURES = frozenset(
    [
        f"{_STORAGE}.7",  # Secondary Capture
        _SINGLE_BIT_CAPTURE,
        f"{_STORAGE}.7.2",  # Multi-frame Grayscale Byte Secondary Capture
        f"{_STORAGE}.7.3",  # Multi-frame Grayscale Word Secondary Capture
        f"{_STORAGE}.7.4",  # Multi-frame True Color Secondary Capture
        "1.2.840.10008.5.1.1.29",  # Hardcopy Grayscale
        "1.2.840.10008.5.1.1.30",  # Hardcopy Color
    ]
)
_RAW_DATA = f"{_STORAGE}.66"
_VOLUMES = frozenset(["CT", "MR", "PT"])
_SHEETS = frozenset(["DOC", "SR", "ECG", "EEG", "EMG", "EOG", "EPS", "HD", "RESP"])

_RENDERING_WORDS = frozenset([
    "RENDER", "RENDERED", "RENDERING", "VRENDER", "VRENDERED", "VOLREN", "VOLREND",
    "VOLUMERENDER", "VOLUMERENDERING", "SURFACERENDER", "VRT", "CVRT", "CINEMATIC", "SSD",
    "SHADED", "SHADEDSURFACE", "CURVED", "CURVEDMPR", "CPR", "PANORAMIC", "PANORAMA",
    "UNFOLDED", "FLYTHROUGH",
])  # fmt: skip
_LIKELY_WORDS = frozenset(["3D", "VR", "SURFACE"])
_VOLUME_WORD = "VOLUME"
_PROJECTION_WORDS = frozenset([
    "MIP", "MAXIP", "MAXMIP", "MIPS", "MINIP", "MINMIP", "MNIP", "MPROJECTION", "PROJECTION",
    "RAYSUM", "RADIAL", "ROTATING", "ROTATION", "TUMBLE", "TUMBLING",
])  # fmt: skip
_CAPTURE_WORDS = frozenset(["SCREEN", "SCREENSAVE", "SCREENSHOT", "CAPTURE", "SNAPSHOT"])
_SHEET_WORDS = frozenset([
    "PROT", "PROTOCOL", "DOSE", "DOSEREPORT", "DOSEINFO", "DOSESUMMARY", "REPORT", "CURVE",
    "GRAPH", "CHART",
])  # fmt: skip
_DERIVED = frozenset(["DERIVED", "SECONDARY"])
_GREY = frozenset(["", "MONOCHROME1", "MONOCHROME2"])
_THICKEST_SLAB_MM = 20.0
_word = re.compile(r"[A-Z0-9]+")


class Rendering(StrEnum):
    """Kinds of pictures; the table of the module says what is one."""

    PHOTOGRAPH = "photograph"
    SURFACE = "surface"
    VIEW = "view"
    CAPTURE = "capture"
    SHEET = "sheet"
    NONE = "none"


class StudyHead(StrEnum):
    """What is known of heads in the volumes of a study."""

    FOUND = "found"
    """A head is in some field of view, defaced or not, or that is in doubt."""
    NONE = "none"
    """Every volume was looked at, and no head is there."""
    UNSEEN = "unseen"
    """The study has no volume that could be looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """What an object says of itself, as far as it is asked.

    Attributes
    ----------
    sop_class_uid, modality, photometric : str
    image_type : tuple[str, ...]
        Of the root and of its frames; with Volume Based Calculation Technique (0008,9207)
        where there is one.
    samples : int
        Samples per Pixel; 0 where it is absent.
    has_plane : bool
        True where every frame has a plane.
    thickness_mm : float
        Of the thickest frame; 0 where it is not known.
    says_dose : bool
        True where Exposure Dose Sequence (0040,030E) or Comments on Radiation Dose
        (0040,0310) is there.
    """

    sop_class_uid: str
    modality: str
    image_type: tuple[str, ...] = field(repr=False)
    samples: int
    photometric: str
    has_plane: bool
    thickness_mm: float
    says_dose: bool = False

    @property
    def is_colour(self) -> bool:
        """Return whether pixels are more than shades of grey."""
        return self.samples > 1 or self.photometric.upper() not in _GREY


def appearance_of(header: ImageHeader) -> Appearance:
    """Return what a header says."""
    planes = [plane for plane in header.planes if plane is not None]
    thicknesses = [plane.thickness for plane in planes]
    return Appearance(
        sop_class_uid=header.sop_class_uid,
        modality=header.modality,
        image_type=header.image_type,
        samples=header.samples,
        photometric=header.photometric,
        has_plane=bool(planes) and len(planes) == len(header.planes),
        thickness_mm=max(thicknesses) if thicknesses and all(thicknesses) else 0.0,
        says_dose=header.says_dose,
    )


def rendering(appearance: Appearance) -> Rendering:
    """Return what kind of picture an object is, by the table of the module."""
    uid, modality = appearance.sop_class_uid, appearance.modality.strip().upper()
    if uid in _PHOTOGRAPHS or modality in _PHOTOGRAPHED:
        return Rendering.PHOTOGRAPH
    if uid in _SURFACES or modality == _MODELLED:
        return Rendering.SURFACE
    words = _words(appearance.image_type)
    if _is_view(appearance, words, is_volume=modality in _VOLUMES):
        return Rendering.VIEW
    is_loose = modality in _VOLUMES and not appearance.has_plane
    if uid in _CAPTURES or (is_loose and words & (_CAPTURE_WORDS | _SHEET_WORDS)):
        is_sheet = (
            uid == _SINGLE_BIT_CAPTURE
            or modality in _SHEETS
            or appearance.says_dose
            or bool(words & _SHEET_WORDS)
        )
        return Rendering.SHEET if is_sheet else Rendering.CAPTURE
    return Rendering.CAPTURE if uid == _RAW_DATA else Rendering.NONE


def is_rendering(appearance: Appearance, *, head: StudyHead) -> bool:
    """Return whether an object is to be treated as a picture of a face.

    Parameters
    ----------
    head : StudyHead
        What is known of the study that the object belongs to.
    """
    match rendering(appearance):
        case Rendering.PHOTOGRAPH:
            return True
        case Rendering.SURFACE | Rendering.VIEW | Rendering.CAPTURE:
            return head is not StudyHead.NONE
        case _:
            return False


def _is_view(appearance: Appearance, words: frozenset[str], *, is_volume: bool) -> bool:
    if words & _RENDERING_WORDS:
        return True
    likely = _LIKELY_WORDS if appearance.has_plane else _LIKELY_WORDS | {_VOLUME_WORD}
    is_loose = appearance.is_colour or not appearance.has_plane
    if is_loose and words & likely and words & _DERIVED:
        return True
    if not is_volume or appearance.sop_class_uid in _CAPTURES:
        return False
    if words & _PROJECTION_WORDS:
        is_slab = appearance.has_plane and 0 < appearance.thickness_mm <= _THICKEST_SLAB_MM
        return not is_slab
    return appearance.is_colour and not appearance.has_plane and not words & _SHEET_WORDS


def _words(values: Iterable[str]) -> frozenset[str]:
    """Return the words of Image Type, and each value without what parts its words."""
    found: set[str] = set()
    for value in values:
        words = _word.findall(value.upper())
        found.update(words, ["".join(words)])
    return frozenset(found)
