"""Names and comments of structures, plans, doses, segmentations and maps."""

import io

import numpy as np
import pydicom
import pytest
from highdicom import UID, AlgorithmIdentificationSequence, VOILUTTransformation
from highdicom.pm import ParametricMap, RealWorldValueMapping
from highdicom.seg import Segmentation, SegmentDescription
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from tests.support.objects import options
from tests.unit.pipelines.metadata.planted import (
    RESEARCH,
    Result,
    assert_gone,
    cleaned,
    code,
    file_of,
    instance,
    item,
)

_RTSTRUCT = "1.2.840.10008.5.1.4.1.1.481.3"
_RTDOSE = "1.2.840.10008.5.1.4.1.1.481.2"
_BOTH = pytest.mark.parametrize("transfer_syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])


def _saved(dataset: Dataset) -> bytes:
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()


def _structures(*names: str) -> Dataset:
    regions, contours, observations = [], [], []
    for number, name in enumerate(names, start=1):
        regions.append(
            item(
                ROINumber=number,
                ReferencedFrameOfReferenceUID="1.2.840.1.9.1",
                ROIName=name,
                ROIDescription=f"drawn by Dr. Griffith: {name}",
                ROIGenerationAlgorithm="MANUAL",
            )
        )
        contour = item(
            ContourGeometricType="CLOSED_PLANAR",
            NumberOfContourPoints=3,
            ContourData=["0", "0", "0", "1", "0", "0", "1", "1", "0"],
        )
        contours.append(item(ReferencedROINumber=number, ContourSequence=Sequence([contour])))
        observations.append(
            item(
                ObservationNumber=number,
                ReferencedROINumber=number,
                ROIObservationLabel=name[:16],
                RTROIInterpretedType="ORGAN",
                ROIInterpreter="Griffith^Aldo",
            )
        )
    return instance(
        _RTSTRUCT,
        Modality="RTSTRUCT",
        StructureSetLabel="Lung",
        StructureSetName="Lung Marchetti",
        StructureSetDescription="for MR-40817, replan",
        StructureSetDate="20240229",
        StructureSetTime="101500",
        StructureSetROISequence=Sequence(regions),
        ROIContourSequence=Sequence(contours),
        RTROIObservationsSequence=Sequence(observations),
        OperatorsName="Okafor^Ngozi",
        ApprovalStatus="APPROVED",
        ReviewerName="Griffith^Aldo",
        ReviewDate="20240301",
        ReviewTime="090000",
    )


_ORGANS = ("GTV", "PTV_60Gy", "Heart", "Lung_L", "SpinalCord+5mm", "Parotid_R", "Bowel Bag")


@_BOTH
def test_names_of_regions_stay_and_names_of_persons_go(transfer_syntax: str) -> None:
    source = _structures(*_ORGANS, "GTV Marchetti", "Lucia")
    result = cleaned(file_of(source, transfer_syntax=transfer_syntax), RESEARCH)
    assert_gone(result, "Marchetti", "Lucia", "Griffith", "Okafor", "40817", "20240229")
    dataset = result.dataset
    names = [each.ROIName for each in dataset.StructureSetROISequence]
    assert names[: len(_ORGANS)] == list(_ORGANS)
    assert names[len(_ORGANS)] == "GTV"
    assert names[-1] in ("", None)  # Type 2
    assert dataset.StructureSetLabel == "Lung"
    assert dataset.StructureSetName == "Lung"
    assert "replan" in dataset.StructureSetDescription
    assert [each.ROINumber for each in dataset.StructureSetROISequence] == list(range(1, 10))
    contour = dataset.ROIContourSequence[0].ContourSequence[0]
    assert list(contour.ContourData) == [0, 0, 0, 1, 0, 0, 1, 1, 0]
    observation = dataset.RTROIObservationsSequence[0]
    assert "ROIInterpreter" in observation  # Type 2
    assert dataset.StructureSetDate == "20210604"
    assert {"113105", "113107"} <= result.methods


def test_without_the_option_structures_stay_valid() -> None:
    result = cleaned(_structures(*_ORGANS), options())
    dataset = result.dataset
    assert dataset.StructureSetLabel  # Type 1
    assert all("ROIName" in each for each in dataset.StructureSetROISequence)  # Type 2
    assert_gone(result, "Griffith", "Parotid")


def test_a_patient_called_heart_keeps_the_heart() -> None:
    source = _structures("Heart", "Lung_L", "Heart L.")
    source.PatientName = "HEART^LUCIA"
    source.StructureSetDescription = "Mrs Heart, second plan"
    result = cleaned(source, RESEARCH)
    names = [each.ROIName for each in result.dataset.StructureSetROISequence]
    assert names[:2] == ["Heart", "Lung_L"]
    assert "second plan" in result.dataset.StructureSetDescription
    assert_gone(result, "Mrs Heart")


def _plan() -> FileDataset:
    source = pydicom.dcmread(str(get_testdata_file("rtplan.dcm")))
    source.PatientName, source.PatientID = "Marchetti^Lucia", "MR-40817"
    source.RTPlanLabel = "Breast R"
    source.RTPlanName = "Marchetti Breast"
    source.RTPlanDescription = "Boost by Dr. Griffith, 5 x 2 Gy"
    source.ApprovalStatus = "APPROVED"
    source.ReviewerName = "Griffith^Aldo"
    source.ReviewDate, source.ReviewTime = "20240301", "090000"
    for beam in source.BeamSequence:
        beam.BeamName = "RAO Marchetti"
        beam.BeamDescription = "open field, set up by Okafor"
        beam.TreatmentMachineName = "LINAC-7"
    return source


def test_a_plan_keeps_what_is_delivered() -> None:
    before = _plan()
    result = cleaned(_saved(before), RESEARCH)
    assert_gone(result, "Marchetti", "Griffith", "40817", "LINAC-7", "COMPUTER002")
    after = result.dataset
    assert after.RTPlanLabel == "Breast R"
    assert after.RTPlanName == "Breast"
    assert "5 x 2 Gy" in after.RTPlanDescription
    for old, new in zip(before.BeamSequence, after.BeamSequence, strict=True):
        assert new.BeamName == "RAO"
        assert "open field" in new.BeamDescription
        assert "TreatmentMachineName" in new  # Type 2
        assert new.BeamNumber == old.BeamNumber
        assert new.ControlPointSequence[0].NominalBeamEnergy == (
            old.ControlPointSequence[0].NominalBeamEnergy
        )
    descriptions = [each.get("DoseReferenceDescription") for each in after.DoseReferenceSequence]
    assert descriptions == ["iso", "PTV"]
    (referenced,) = after.ReferencedStructureSetSequence
    assert referenced.ReferencedSOPInstanceUID.startswith("2.25.")


def test_a_dose_keeps_its_grid_and_loses_its_comment() -> None:
    source = pydicom.dcmread(str(get_testdata_file("rtdose_1frame.dcm")))
    source.PatientName, source.PatientID = "Marchetti^Lucia", "MR-40817"
    source.DoseComment = "Plan for Marchetti"
    result = cleaned(_saved(source), RESEARCH)
    assert_gone(result, "Marchetti")
    assert result.dataset.PixelData == source.PixelData
    assert result.dataset.DoseGridScaling == source.DoseGridScaling
    assert result.dataset.DoseUnits == source.DoseUnits
    assert list(result.dataset.GridFrameOffsetVector) == list(source.GridFrameOffsetVector)


def test_a_volume_histogram_is_kept() -> None:
    histogram = item(
        DVHReferencedROISequence=Sequence([item(ReferencedROINumber=1)]),
        DVHType="CUMULATIVE",
        DVHData=["0.1", "10", "0.2", "5"],
    )
    source = instance(_RTDOSE, Modality="RTDOSE", DoseUnits="GY", DVHSequence=Sequence([histogram]))
    (left,) = cleaned(source, RESEARCH).dataset.DVHSequence
    assert list(left.DVHData) == [0.1, 10, 0.2, 5]


# Derived objects


def _image() -> FileDataset:
    source = pydicom.dcmread(str(get_testdata_file("CT_small.dcm")))
    source.PatientName, source.PatientID = "Marchetti^Lucia", "MR-40817"
    return source


def _segmented() -> Dataset:
    image = _image()
    algorithm = AlgorithmIdentificationSequence(
        name="Marchetti-Net", family=codes.cid7162.ArtificialIntelligence, version="1.0"
    )
    segment = SegmentDescription(
        segment_number=1,
        segment_label="Liver",
        segmented_property_category=codes.cid7150.Tissue,
        segmented_property_type=codes.cid7166.ConnectiveTissue,
        algorithm_type="AUTOMATIC",
        algorithm_identification=algorithm,
        tracking_uid=UID(),
        tracking_id="Lesion 1 of Marchetti",
    )
    made = Segmentation(
        source_images=[image],
        pixel_array=np.ones((1, 128, 128), dtype=bool),
        segmentation_type="BINARY",
        segment_descriptions=[segment],
        series_instance_uid=UID(),
        series_number=1,
        sop_instance_uid=UID(),
        instance_number=1,
        manufacturer="ACME",
        manufacturer_model_name="Model",
        software_versions="1",
        device_serial_number="SN-8812-7743",
        content_creator_name="Griffith^Aldo",
        content_description="Liver of Lucia Marchetti",
        series_description="Segmentation by Griffith",
    )
    made.SegmentSequence[0].SegmentDescription = "checked by Dr. Griffith, smooth"
    return made


def _shared_derivation(dataset: Dataset) -> Dataset:
    groups = dataset.PerFrameFunctionalGroupsSequence[0]
    found: Dataset = groups.DerivationImageSequence[0]
    return found


def test_a_segmentation_keeps_its_segments_and_its_source() -> None:
    before = _segmented()
    _shared_derivation(before).DerivationDescription = "thresholded for Marchetti"
    result = cleaned(_saved(before), RESEARCH)
    assert_gone(result, "Lucia", "Griffith", "SN-8812", "40817", "of Marchetti", "for Marchetti")
    after = result.dataset
    (segment,) = after.SegmentSequence
    assert segment.SegmentLabel == "Liver"
    assert "smooth" in segment.SegmentDescription
    assert segment.TrackingID == "Lesion 1"
    assert segment.SegmentedPropertyTypeCodeSequence[0].CodeValue
    assert after.PixelData == before.PixelData
    derivation = _shared_derivation(after)
    assert "thresholded" in derivation.DerivationDescription
    image = cleaned(_saved(_image())).dataset
    (series,) = after.ReferencedSeriesSequence
    (referenced,) = series.ReferencedInstanceSequence
    assert series.SeriesInstanceUID == image.SeriesInstanceUID
    assert referenced.ReferencedSOPInstanceUID == image.SOPInstanceUID
    assert "SourceImageSequence" in derivation  # Type 2
    assert after.ContentDescription.startswith("Liver")
    assert after.DimensionOrganizationSequence[0].DimensionOrganizationUID == (
        after.DimensionIndexSequence[0].DimensionOrganizationUID
    )


def test_a_frame_of_a_segmentation_still_points_at_its_image() -> None:
    after = cleaned(_saved(_segmented()), RESEARCH).dataset
    (used,) = _shared_derivation(after).SourceImageSequence
    assert used.ReferencedSOPInstanceUID == cleaned(_saved(_image())).dataset.SOPInstanceUID


@pytest.mark.parametrize("rules", [options(), RESEARCH])
def test_a_segmentation_keeps_what_its_module_requires(rules: str) -> None:
    before = _segmented()
    before.ContentDescription = "Liver"
    before.SegmentSequence[0].SegmentDescription = "smooth"
    before.SegmentSequence[0].TrackingID = "Lesion 1"
    before.SegmentSequence[0].SegmentationAlgorithmIdentificationSequence[0].AlgorithmName = "Net"
    before.SegmentSequence[0].SegmentAlgorithmName = "Net"
    after = cleaned(_saved(before), rules).dataset
    assert after.ContentLabel
    assert "ContentDescription" in after
    assert "ContentCreatorName" in after
    assert after.DeviceSerialNumber  # Type 1 in Enhanced General Equipment
    assert after.ManufacturerModelName == "Model"
    assert after.SoftwareVersions
    assert len(after.PerFrameFunctionalGroupsSequence) == 1
    assert after.SegmentSequence[0].SegmentLabel == "Liver"


def test_a_segment_that_is_named_after_the_patient_is_not_any_more() -> None:
    before = _segmented()
    before.SegmentSequence[0].SegmentLabel = "Marchetti nodule"
    result = cleaned(_saved(before), RESEARCH)
    (segment,) = result.dataset.SegmentSequence
    assert segment.SegmentLabel == "nodule"
    assert segment.SegmentAlgorithmName in ("-Net", "Net", "REMOVED")


def test_a_parametric_map_keeps_its_meaning_and_values() -> None:
    image = _image()
    mapping = RealWorldValueMapping(
        lut_label="ADC",
        lut_explanation="ADC of Lucia Marchetti",
        unit=codes.UCUM.NoUnits,
        value_range=(0.0, 1.0),
        slope=1.0,
        intercept=0.0,
    )
    made = ParametricMap(
        [image],
        np.linspace(0, 1, 128 * 128, dtype=np.float32).reshape(1, 128, 128),
        UID(),
        2,
        UID(),
        1,
        manufacturer="ACME",
        manufacturer_model_name="Model",
        software_versions="1",
        device_serial_number="SN-8812-7743",
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[mapping],
        voi_lut_transformations=[VOILUTTransformation(window_center=0.5, window_width=1.0)],
        content_description="Map of Marchetti",
    )
    result = cleaned(_saved(made), RESEARCH)
    assert_gone(result, "Marchetti", "Lucia", "SN-8812")
    after = result.dataset
    assert after.FloatPixelData == made.FloatPixelData
    groups = after.SharedFunctionalGroupsSequence[0]
    (there,) = groups.RealWorldValueMappingSequence
    assert there.LUTLabel == "ADC"
    assert there.RealWorldValueSlope == 1.0
    assert there.LUTExplanation.startswith("ADC")


def test_derivations_of_images_stay_as_codes_and_as_words() -> None:
    source = _image()
    source.DerivationDescription = "MPR for Lucia Marchetti, 3 mm"
    source.DerivationCodeSequence = code("113072", "DCM", "Multiplanar reformatting")
    source.SourceImageSequence = Sequence(
        [
            item(
                ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.2",
                ReferencedSOPInstanceUID="1.2.840.1.9.3",
                PurposeOfReferenceCodeSequence=code("121322", "DCM", "Source image"),
            )
        ]
    )
    result: Result = cleaned(_saved(source), RESEARCH)
    assert_gone(result, "Marchetti", "1.2.840.1.9.3")
    assert "MPR" in result.dataset.DerivationDescription
    assert "3 mm" in result.dataset.DerivationDescription
    assert result.dataset.DerivationCodeSequence[0].CodeValue == "113072"
