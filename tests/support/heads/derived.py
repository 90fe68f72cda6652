"""What is made of images: segmentations and structure sets in their frame of reference."""

from collections.abc import Mapping

import highdicom as hd
import numpy as np
from highdicom.sr.coding import CodedConcept
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian, RTStructureSetStorage
from skimage.measure import find_contours

from tests.support.heads.images import Series
from tests.support.heads.persons import Study
from tests.support.heads.planes import Plane
from tests.support.heads.scans import sampled

Mask = NDArray[np.bool_]


def parts_of(series: Series) -> dict[str, Mask]:
    """Return what is drawn on a head: brain, both eyes, all skin."""
    body, pose, planes = series.body, series.pose, series.planes
    x = np.arange(body.tissues.shape[2]) * body.step_mm + body.low[0]
    eyes = body.tissues == 9
    return {
        "brain": sampled(body, pose, body.brain, planes),
        "left eye": sampled(body, pose, eyes & (x > 0), planes),
        "right eye": sampled(body, pose, eyes & (x < 0), planes),
        "skin": sampled(body, pose, body.tissues > 0, planes),
    }


def write_segmentation(
    study: Study, series: Series, masks: Mapping[str, Mask], *, fractional: bool = False
) -> Dataset:
    """Write one segment for each mask, on the images of the series."""
    described = [
        hd.seg.SegmentDescription(
            segment_number=number,
            segment_label=label,
            segmented_property_category=codes.SCT.AnatomicalStructure,
            segmented_property_type=CodedConcept("12738006", "SCT", "Brain"),
            algorithm_type=hd.seg.SegmentAlgorithmTypeValues.MANUAL,
        )
        for number, label in enumerate(masks, start=1)
    ]
    kind = hd.seg.SegmentationTypeValues
    array = np.stack(list(masks.values()), axis=-1)
    made = hd.seg.Segmentation(
        source_images=list(series.datasets),
        pixel_array=array.astype(np.float32) if fractional else array.astype(np.uint8),
        segmentation_type=kind.FRACTIONAL if fractional else kind.BINARY,
        segment_descriptions=described,
        series_instance_uid=study.uid(),
        series_number=90,
        sop_instance_uid=study.uid(),
        instance_number=1,
        manufacturer="Phantom works",
        manufacturer_model_name="Phantom",
        software_versions="1",
        device_serial_number="1",
        transfer_syntax_uid=ExplicitVRLittleEndian,
        content_creator_name="Thistlewood^Ambrose",
    )
    return study.write(made)


def write_structures(study: Study, series: Series, masks: Mapping[str, Mask]) -> Dataset:
    """Write an RT Structure Set: a closed contour for each outline on each image, and a point.

    The point is the tip of the nose (Contour Geometric Type POINT).
    """
    dataset = study.dataset(sop_class=RTStructureSetStorage, modality="RTSTRUCT")
    dataset.StructureSetLabel, dataset.StructureSetDate = "1", "20210304"
    dataset.StructureSetTime = "101112"
    dataset.ReferencedFrameOfReferenceSequence = Items([_frame_of_reference(study, series)])
    regions, contours = [], []
    for number, (label, mask) in enumerate(masks.items(), start=1):
        regions.append(_region(study, number, label))
        contours.append(_outlines(series, number, mask))
    regions.append(_region(study, len(regions) + 1, "nasion"))
    tip = series.pose.to_patient(np.array([[0.0, -122.0, -63.0]]))
    near = [float(p.normal @ (tip[0] - np.array(p.position))) for p in series.planes]
    nearest = int(np.abs(near).argmin())
    contours.append(Dataset())
    contours[-1].ReferencedROINumber = len(regions)
    on_plane = tip - near[nearest] * series.planes[nearest].normal
    contours[-1].ContourSequence = Items([_contour(series, nearest, on_plane, "POINT")])
    dataset.StructureSetROISequence = Items(regions)
    dataset.ROIContourSequence = Items(contours)
    dataset.RTROIObservationsSequence = Items(
        [_observation(number) for number in range(1, len(regions) + 1)]
    )
    return study.write(dataset)


def _frame_of_reference(study: Study, series: Series) -> Dataset:
    images = [_reference(image) for image in series.datasets]
    within = Dataset()
    within.SeriesInstanceUID = series.datasets[0].SeriesInstanceUID
    within.ContourImageSequence = Items(images)
    of_study = Dataset()
    of_study.ReferencedSOPClassUID = "1.2.840.10008.3.1.2.3.1"
    of_study.ReferencedSOPInstanceUID = series.datasets[0].StudyInstanceUID
    of_study.RTReferencedSeriesSequence = Items([within])
    frame = Dataset()
    frame.FrameOfReferenceUID = study.frame_of_reference
    frame.RTReferencedStudySequence = Items([of_study])
    return frame


def _reference(image: Dataset) -> Dataset:
    made = Dataset()
    made.ReferencedSOPClassUID = image.SOPClassUID
    made.ReferencedSOPInstanceUID = image.SOPInstanceUID
    return made


def _region(study: Study, number: int, label: str) -> Dataset:
    made = Dataset()
    made.ROINumber, made.ROIName = number, label
    made.ReferencedFrameOfReferenceUID = study.frame_of_reference
    made.ROIGenerationAlgorithm = "MANUAL"
    return made


def _observation(number: int) -> Dataset:
    made = Dataset()
    made.ObservationNumber = made.ReferencedROINumber = number
    made.RTROIInterpretedType, made.ROIInterpreter = "ORGAN", "Thistlewood^Ambrose"
    return made


def _outlines(series: Series, number: int, mask: Mask) -> Dataset:
    made = Dataset()
    made.ReferencedROINumber = number
    made.ROIDisplayColor = [255, 0, 0]
    found: list[Dataset] = []
    for k, (plane, flat) in enumerate(zip(series.planes, mask, strict=True)):
        lines = find_contours(np.pad(flat.astype(float), 1), 0.5)
        found += [
            _contour(series, k, _lps(plane, line[:-1] - 1), "CLOSED_PLANAR")
            for line in lines
            if len(line) >= 8
        ]
    made.ContourSequence = Items(found)
    return made


def _lps(plane: Plane, line: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (row, column) positions as LPS."""
    return np.asarray(
        np.array(plane.position)
        + line[:, :1] * plane.spacing[0] * np.array(plane.column)
        + line[:, 1:] * plane.spacing[1] * np.array(plane.row)
    )


def _contour(series: Series, plane: int, points: NDArray[np.float64], kind: str) -> Dataset:
    made = Dataset()
    made.ContourImageSequence = Items([_reference(series.datasets[plane])])
    made.ContourGeometricType = kind
    made.NumberOfContourPoints = len(points)
    made.ContourData = [f"{v:.3f}" for v in points.ravel()]
    return made
