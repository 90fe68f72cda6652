"""Store the mask of a series as a DICOM Segmentation, for a reviewer's own viewer.

It names the patient as its images do, and with the images it shows where the face is: it
is for review in the hospital, and is never forwarded.
"""

import warnings
from io import BytesIO

import highdicom as hd
import numpy as np
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian

from gateway.commands.deface.findings import SeriesFinding
from pipelines.errors import HeldError
from pipelines.faces import FrameMasks
from rules.version import VERSION

_SERIES_NUMBER = 9900
_LABEL = "FACE MASK"
_NOT_FOR_RELEASE = "Face mask, review only, not for release"


def segmentation(finding: SeriesFinding) -> bytes:
    """Return the file of a Segmentation that references the images of a series.

    Parameters
    ----------
    finding : SeriesFinding
        With a mask.

    Raises
    ------
    pipelines.errors.HeldError
        The series has no mask; its images can't be referenced by a Segmentation
        (`face.unsupported`).
    """
    if finding.stack is None:
        raise HeldError("face.no-geometry", where=finding.not_drawn)
    if finding.decision.mask is None:
        raise HeldError(finding.decision.code or "face.doubtful", where="no mask")
    numbers = list(dict.fromkeys(each.image for each in finding.stack.frames))
    sources = [finding.dataset(number) for number in numbers]
    pixels = np.concatenate([_masks(finding, number) for number in numbers])
    if not pixels.any():
        raise HeldError("face.no-geometry", where="the mask is beside the images")
    face = hd.seg.SegmentDescription(
        segment_number=1,
        segment_label="Face",
        segmented_property_category=codes.SCT.AnatomicalStructure,
        segmented_property_type=codes.SCT.Face,
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=hd.AlgorithmIdentificationSequence(
            name="Narthex", family=codes.DCM.MorphologicalOperations, version=VERSION
        ),
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they quote values
            made = hd.seg.Segmentation(
                source_images=sources,
                pixel_array=pixels,
                segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
                segment_descriptions=[face],
                series_instance_uid=hd.UID(),
                series_number=_SERIES_NUMBER,
                sop_instance_uid=hd.UID(),
                instance_number=1,
                manufacturer="Narthex",
                manufacturer_model_name="narthex deface preview",
                software_versions=VERSION,
                device_serial_number="0",
                content_label=_LABEL.replace(" ", "_"),
                content_description=_NOT_FOR_RELEASE,
                transfer_syntax_uid=ExplicitVRLittleEndian,
                series_description=_NOT_FOR_RELEASE,
            )
            file = BytesIO()
            made.save_as(file, enforce_file_format=True)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise HeldError("face.unsupported", where=type(error).__name__) from None
    return file.getvalue()


def _masks(finding: SeriesFinding, number: int) -> np.ndarray:
    """Return the masks of all frames of one object, shape ``(frames, rows, columns)``."""
    header = finding.headers[number]
    masks = FrameMasks(header, finding.decision)
    found = np.zeros((header.frames, header.rows, header.columns), dtype=np.uint8)
    for frame, mask in masks.items():
        found[frame] = mask
    return found
