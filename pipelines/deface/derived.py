"""Decide what follows a face into each kind of object, by its SOP class (PS3.4, B.5).

==================================================== ========== ==================================
SOP classes                                          Treatment  Why
==================================================== ========== ==================================
CT, MR, PET, X-Ray 3D; classic, enhanced, legacy     image      voxels of the face itself
Segmentation, Label Map Segmentation                 image      a segment of the skin is a face;
                                                                binary, fractional and label maps
                                                                are filled with 0 (a label map
                                                                with its Pixel Padding Value)
Parametric Map                                       image      a map follows the skin; what can't
                                                                be filled (`face.unsupported`)
                                                                is held, not passed
RT Dose                                              image      dose is often computed in the body
                                                                only: where it begins is the skin.
                                                                Fill 0. Isodoses in it are
                                                                contours: `structures.clip` too
other images (CR, DX, US, NM, XA, OPT, SM, ...)      image      the plan names the modalities that
                                                                it concerns; the rest stay
RT Structure Set                                     contours   a skin contour is a face
photographs, renderings, surfaces, captures          rendering  see `pipelines.deface.renderings`
sheets of text; captures, views and surfaces of a    none       no face in them
study whose volumes show no head
presentation states, volume rendering ones too       none       refer to images that are masked;
                                                                graphics outline findings
SR, also with SCOORD3D; Spatial Fiducials;           none       single points and measurements
Microscopy Bulk Simple Annotations                              draw no surface
Spatial and Deformable Spatial Registration          none       a displacement stands at every
                                                                point of a grid, skin or not, and
                                                                other objects need it
Tractography Results, MR Spectroscopy                none       lines in white matter; spectra of
                                                                centimetres
RT plans, records, beams; waveforms; protocols;      none       no pixels, no patient's shape
measurements; Real World Value Mapping; MTL
Encapsulated PDF and CDA                             none       the text is set anew, without
                                                                pictures
Raw Data                                             rendering  may be reconstructed
unknown or private SOP classes                       image      what has no plane is then held
==================================================== ========== ==================================
"""

from enum import StrEnum

from pipelines.deface.renderings import Appearance, Rendering, StudyHead, is_rendering, rendering

_STORAGE = "1.2.840.10008.5.1.4.1.1"
_STRUCTURE_SET = f"{_STORAGE}.481.3"
_FOLLOWERS = frozenset(
    f"{_STORAGE}.{number}"
    for number in (
        "66.4",  # Segmentation
        "66.7",  # Label Map Segmentation
        "30",  # Parametric Map
        "481.2",  # RT Dose
        "481.3",  # RT Structure Set
    )
)
_HEAD_VOLUMES = frozenset(
    f"{_STORAGE}.{number}"
    for number in (
        "13.1.1",  # X-Ray 3D Angiographic
        "13.1.2",  # X-Ray 3D Craniofacial
    )
)
_WITHOUT_FACE = frozenset(
    f"{_STORAGE}.{number}"
    for number in (
        *("4.2", "8", "9", "9.1", "10", "11", "129"),  # MR Spectroscopy; standalone ones, retired
        *("66.1", "66.2", "66.3", "66.6", "67"),  # registrations, fiducials, tracts, mappings
        *("77.1.5.3", "80.1", "79.1"),  # stereometric relations; fields and maculae, measured
        *("91.1", "90.1", "131", "201.1"),  # annotations, assessments, displays, inventories
        *("104.1", "104.2", "104.5"),  # Encapsulated PDF, CDA, MTL
        *(f"11.{n}" for n in range(1, 13)),  # presentation states
        *(f"78.{n}" for n in range(1, 9)),  # measurements of eyes
        *(f"200.{n}" for n in (1, 2, 3, 7, 8)),  # protocols
        *(f"481.{n}" for n in range(4, 23)),  # RT plans, records, radiations
        "481.25",  # RT Patient Position Acquisition Instruction
    )
) | frozenset(
    f"1.2.840.10008.5.1.{number}"
    for number in (
        "1.27",  # Stored Print
        *("4.34.1", "4.34.7", "4.34.10"),  # delivery instructions
        *("4.38.1", "4.39.1", "4.43.1", "4.44.1", "4.45.1"),  # hangings, palettes, implants
    )
)
_FAMILIES = (f"{_STORAGE}.9.", f"{_STORAGE}.88.")
"""Waveforms and structured reports, to come ones too."""


class Treatment(StrEnum):
    """What is done with an object of a study."""

    IMAGE = "image"
    """Pixels in patient space: what the mask covers is filled, as the plan decides."""
    CONTOURS = "contours"
    """`pipelines.deface.structures.clip`."""
    RENDERING = "rendering"
    """A picture that no mask can follow: held or removed, as the rules say."""
    NONE = "none"
    """No face can be in it."""


def treatment(appearance: Appearance, *, head: StudyHead) -> Treatment:
    """Return what is to be done with an object, by the table of the module.

    Parameters
    ----------
    head : StudyHead
        What is known of the study that the object belongs to.
    """
    uid = appearance.sop_class_uid
    if is_rendering(appearance, head=head):
        return Treatment.RENDERING
    if uid == _STRUCTURE_SET:
        return Treatment.CONTOURS
    is_faceless = uid in _WITHOUT_FACE or uid.startswith(_FAMILIES)
    if is_faceless or rendering(appearance) is not Rendering.NONE:
        return Treatment.NONE
    return Treatment.IMAGE


def follows_images(sop_class_uid: str) -> bool:
    """Return whether an object is concerned whatever its modality.

    Derived objects (SEG, RTDOSE, ...) carry a modality of their own, which no rule names;
    they follow the face that was found in their frame of reference.
    """
    return sop_class_uid in _FOLLOWERS


def is_volume_of_head(sop_class_uid: str) -> bool:
    """Return whether objects of this class are volumes that a modality does not tell.

    Cone-beam images of the head are made by dental and angiographic X-ray units.
    """
    return sop_class_uid in _HEAD_VOLUMES
