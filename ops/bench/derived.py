"""Objects that refer to others, made with highdicom: CT images and what stands on them."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path

import highdicom as hd
import numpy as np
from highdicom.content import AlgorithmIdentificationSequence
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

_ROOT = "1.2.826.0.1.3680043.8.498.77"
_SLICES = 3
_MAKER, _MODEL, _SERIAL = "Maker", "Model", "4711"


def images(*, study: str = f"{_ROOT}.1") -> list[Dataset]:
    """Return the images of a CT series."""
    path = get_testdata_file("CT_small.dcm")
    if path is None:
        raise FileNotFoundError("CT_small.dcm")
    first = dcmread(str(path))
    first.PatientName = "Validity^Vera"
    first.PatientID = "VALID-0815"
    first.PatientBirthDate, first.PatientSex = "19600203", "F"
    first.StudyInstanceUID = study
    first.SeriesInstanceUID = f"{study}.1"
    first.FrameOfReferenceUID = f"{study}.9"
    first.AccessionNumber, first.StudyID = "A-0815", "S-0815"
    series: list[Dataset] = []
    for number in range(_SLICES):
        image = deepcopy(first)
        image.SOPInstanceUID = f"{study}.1.{number + 1}"
        image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
        image.InstanceNumber = number + 1
        image.ImagePositionPatient = [-158.1, -179.0, -75.7 + 5 * number]
        series.append(image)
    return series


def derived(source: list[Dataset]) -> dict[str, Dataset]:
    """Return one object of each kind that refers to the images, by kind."""
    makers: Mapping[str, Callable[[list[Dataset], str], Dataset]] = {
        "seg": _segmentation,
        "sr": _report,
        "kos": _key_objects,
        "gsps": _presentation_state,
        "pm": _parametric_map,
    }
    study = str(source[0].StudyInstanceUID)
    return {
        kind: make(source, f"{study}.{number}")
        for number, (kind, make) in enumerate(makers.items(), start=2)
    }


def write(folder: Path) -> list[Path]:
    """Write the images and what refers to them into `folder`."""
    series = images()
    folder.mkdir(parents=True, exist_ok=True)
    named = {f"ct{n}": image for n, image in enumerate(series)} | derived(series)
    for name, dataset in named.items():
        dataset.save_as(folder / f"{name}.dcm", enforce_file_format=True)
    return [folder / f"{name}.dcm" for name in named]


def _algorithm() -> AlgorithmIdentificationSequence:
    return AlgorithmIdentificationSequence(
        name="Threshold", family=codes.DCM.ArtificialIntelligence, version="1"
    )


def _segmentation(source: list[Dataset], series: str) -> Dataset:
    described = hd.seg.SegmentDescription(
        segment_number=1,
        segment_label="Liver",
        segmented_property_category=codes.SCT.Organ,
        segmented_property_type=codes.SCT.Liver,
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=_algorithm(),
    )
    mask = np.zeros((len(source), source[0].Rows, source[0].Columns), dtype=np.uint8)
    mask[:, 10:30, 20:40] = 1
    return hd.seg.Segmentation(
        source_images=source,
        pixel_array=mask,
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[described],
        series_instance_uid=series,
        series_number=2,
        sop_instance_uid=f"{series}.1",
        instance_number=1,
        software_versions="1",
        content_description="Liver",
        content_creator_name="Creator^Carla",
        manufacturer=_MAKER,
        manufacturer_model_name=_MODEL,
        device_serial_number=_SERIAL,
    )


def _report(source: list[Dataset], series: str) -> Dataset:
    observer = hd.sr.ObserverContext(
        observer_type=codes.DCM.Person,
        observer_identifying_attributes=hd.sr.PersonObserverIdentifyingAttributes(
            name="Reader^Rita"
        ),
    )
    region = hd.sr.ImageRegion(
        graphic_type=hd.sr.GraphicTypeValues.CIRCLE,
        graphic_data=np.array([[20.0, 20.0], [30.0, 20.0]]),
        source_image=hd.sr.SourceImageForRegion.from_source_image(source[0]),
    )
    group = hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(uid=f"{series}.77", identifier="Nodule 1"),
        referenced_region=region,
        finding_type=codes.SCT.Nodule,
        measurements=[
            hd.sr.Measurement(name=codes.SCT.Diameter, value=12.5, unit=codes.UCUM.Millimeter)
        ],
    )
    content = hd.sr.MeasurementReport(
        observation_context=hd.sr.ObservationContext(observer_person_context=observer),
        procedure_reported=codes.LN.CTUnspecifiedBodyRegion,
        imaging_measurements=[group],
    )
    return hd.sr.Comprehensive3DSR(
        evidence=source,
        content=content,
        series_instance_uid=series,
        series_number=3,
        sop_instance_uid=f"{series}.1",
        instance_number=1,
        manufacturer=_MAKER,
        is_complete=True,
        is_final=True,
        is_verified=True,
        verifying_observer_name="Reader^Rita",
        verifying_organization="Clinic",
    )


def _key_objects(source: list[Dataset], series: str) -> Dataset:
    content = hd.ko.KeyObjectSelection(
        document_title=codes.DCM.ForTeaching,
        referenced_objects=source[:2],
        observer_person_context=hd.sr.ObserverContext(
            observer_type=codes.DCM.Person,
            observer_identifying_attributes=hd.sr.PersonObserverIdentifyingAttributes(
                name="Reader^Rita"
            ),
        ),
        description="A case for teaching",
    )
    return hd.ko.KeyObjectSelectionDocument(
        evidence=source[:2],
        content=content,
        series_instance_uid=series,
        series_number=4,
        sop_instance_uid=f"{series}.1",
        instance_number=1,
        manufacturer=_MAKER,
    )


def _presentation_state(source: list[Dataset], series: str) -> Dataset:
    layer = hd.pr.GraphicLayer(layer_name="LAYER", order=1, description="Marks")
    text = hd.pr.TextObject(
        text_value="Nodule",
        units=hd.pr.AnnotationUnitsValues.PIXEL,
        anchor_point=(20.0, 20.0),
    )
    return hd.pr.GrayscaleSoftcopyPresentationState(
        referenced_images=source,
        series_instance_uid=series,
        series_number=5,
        sop_instance_uid=f"{series}.1",
        instance_number=1,
        software_versions="1",
        content_label="MARKS",
        content_description="Marks of the reader",
        content_creator_name="Creator^Carla",
        graphic_layers=[layer],
        graphic_annotations=[
            hd.pr.GraphicAnnotation(
                referenced_images=source, graphic_layer=layer, text_objects=[text]
            )
        ],
        manufacturer=_MAKER,
        manufacturer_model_name=_MODEL,
        device_serial_number=_SERIAL,
    )


def _parametric_map(source: list[Dataset], series: str) -> Dataset:
    shape = (len(source), source[0].Rows, source[0].Columns)
    mapping = hd.pm.RealWorldValueMapping(
        lut_label="1",
        lut_explanation="as it is",
        unit=codes.UCUM.NoUnits,
        value_range=(0.0, 1.0),
        intercept=0,
        slope=1,
    )
    return hd.pm.ParametricMap(
        source_images=source,
        pixel_array=np.linspace(0.0, 1.0, int(np.prod(shape)), dtype=np.float32).reshape(shape),
        series_instance_uid=series,
        series_number=6,
        sop_instance_uid=f"{series}.1",
        instance_number=1,
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[mapping],
        voi_lut_transformations=[hd.VOILUTTransformation(window_center=0.5, window_width=1.0)],
        software_versions="1",
        content_description="Likelihood",
        content_creator_name="Creator^Carla",
        manufacturer=_MAKER,
        manufacturer_model_name=_MODEL,
        device_serial_number=_SERIAL,
    )
