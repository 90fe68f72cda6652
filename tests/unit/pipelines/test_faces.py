"""What was decided about a face is carried out on the object, and looked at again."""

import dataclasses
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import (
    EnhancedCTImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    ParametricMapStorage,
    RLELossless,
    RTStructureSetStorage,
    SegmentationStorage,
    UltrasoundImageStorage,
)

from pipelines.deface.apply import frame_mask
from pipelines.deface.decision import DecidedBy, FaceDecision, FaceOutcome, Mask
from pipelines.errors import HeldError, RefusedError, ResidualError
from pipelines.metadata.normalise import BytesReader
from pipelines.objects import Cleaned
from pipelines.run import clean, inspect, verify
from pipelines.volumes import FramePlane
from tests.support.engine import plan_of
from tests.support.faces import (
    FILL,
    REMOVED,
    Half,
    as_file,
    doubtful,
    frames_of,
    screenshot_of,
    slice_of,
)
from tests.support.objects import CONTEXT, joined, options

FACES = options("clean-recognizable-visual-features")
NOBODY = FaceDecision(outcome=FaceOutcome.NO_FACE)


def _clean(data: bytes, face: FaceDecision | None, rules: str = FACES) -> Cleaned:
    source, plan = BytesReader(data), plan_of(rules)
    inspection = inspect(source, attributes=())
    return clean(
        source, plan=plan, context=CONTEXT, inspection=inspection, explain=False, face=face
    )


def _verify(result: Cleaned, data: bytes | None = None, rules: str = FACES) -> None:
    written = joined(result) if data is None else data
    verify(BytesReader(written), cleaned=result, plan=plan_of(rules), context=CONTEXT)


def _released(dataset: Dataset, face: FaceDecision | None, rules: str = FACES) -> FileDataset:
    result = _clean(as_file(dataset), face, rules)
    _verify(result, rules=rules)
    return pydicom.dcmread(io.BytesIO(joined(result)))


def _held(dataset: Dataset, face: FaceDecision | None, rules: str = FACES) -> str:
    with pytest.raises(HeldError) as caught:
        _clean(as_file(dataset), face, rules)
    return caught.value.code


def _methods(dataset: Dataset) -> set[str]:
    return {item.CodeValue for item in dataset.DeidentificationMethodCodeSequence}


@pytest.mark.parametrize(
    "syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless, ExplicitVRBigEndian]
)
def test_the_face_is_filled_and_nothing_else_changes(syntax: pydicom.uid.UID) -> None:
    source = slice_of(syntax=syntax)
    before = source.pixel_array.copy()
    after = _released(source, REMOVED)
    assert (after.pixel_array[:8] == FILL).all()
    assert np.array_equal(after.pixel_array[8:], before[8:])
    assert after.RecognizableVisualFeatures == "NO"
    assert "113102" in _methods(after)
    is_native = syntax in (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
    expected = syntax if is_native else ExplicitVRLittleEndian
    assert after.file_meta.TransferSyntaxUID == expected


def test_the_report_says_what_was_found() -> None:
    report = _clean(as_file(slice_of()), REMOVED).report
    assert (report.face, report.face_figures) == ("removed", {"confidence": 0.9})
    assert report.face_decided_by == "look"
    assert report.notes == ()


@pytest.mark.parametrize("by", list(DecidedBy))
@pytest.mark.parametrize("decision", [REMOVED, FaceDecision(outcome=FaceOutcome.NO_FACE)])
def test_an_object_says_where_a_person_decided(decision: FaceDecision, by: DecidedBy) -> None:
    decision = dataclasses.replace(decision, decided_by=by)
    assert _clean(as_file(slice_of()), decision).report.face_decided_by == by
    said = list(_released(slice_of(), decision).DeidentificationMethod)
    assert ("Face: decided by a person" in said) is (by is DecidedBy.PERSON)
    assert said[-1].startswith("sha256:")


@pytest.mark.parametrize("outcome", [FaceOutcome.NO_FACE, FaceOutcome.ALREADY])
def test_what_was_looked_at_says_so_and_keeps_its_pixels(outcome: FaceOutcome) -> None:
    source = slice_of(RecognizableVisualFeatures="YES")
    after = _released(source, FaceDecision(outcome=outcome))
    assert after.PixelData == source.PixelData
    assert after.RecognizableVisualFeatures == "NO"
    assert "113102" in _methods(after)


def test_a_frame_after_the_last_one_is_not_released() -> None:
    """Decoders leave it out, and nobody looked at it."""
    native = slice_of()
    native.PixelData = native.PixelData * 2
    assert _held(native, NOBODY) == "face.unsupported"
    encapsulated = slice_of(syntax=RLELossless)
    frame = next(generate_frames(encapsulated.PixelData, number_of_frames=1))
    encapsulated.PixelData = encapsulate([frame, frame], has_bot=False)
    with pytest.raises(ResidualError) as caught:
        _released(encapsulated, NOBODY)
    assert caught.value.code == "verify.pixels"


def test_a_frame_beside_the_face_keeps_its_pixels() -> None:
    source = slice_of()
    after = _released(source, dataclasses.replace(REMOVED, mask=Half(-100.0)))
    assert after.PixelData == source.PixelData
    assert after.RecognizableVisualFeatures == "NO"


def test_without_the_option_a_decision_does_not_count() -> None:
    source = slice_of(RecognizableVisualFeatures="YES")
    for face in (None, REMOVED, doubtful("face.doubtful")):
        after = _released(source, face, options())
        assert after.PixelData == source.PixelData
        assert after.RecognizableVisualFeatures == "YES"
        assert _methods(after) == {"113100"}
    assert _clean(as_file(source), REMOVED, options()).report.face == ""


def test_frames_are_filled_each_where_it_is() -> None:
    noise = np.random.default_rng(3).integers(-500, 2000, (3, 16, 16), dtype=np.int16)
    source = frames_of(3, SOPClassUID=EnhancedCTImageStorage, PixelData=noise.tobytes())
    after = _released(source, REMOVED).pixel_array
    assert (after[[0, 2], :8] == FILL).all()
    assert np.array_equal(after[[0, 2], 8:], noise[[0, 2], 8:])
    assert np.array_equal(after[1], noise[1])


@pytest.mark.parametrize("size", [5, 16])
def test_bits_of_a_segmentation_are_cleared(size: int) -> None:
    bits = np.random.default_rng(size).integers(0, 2, (3, size, size), dtype=np.uint8)
    packed = np.packbits(bits.reshape(-1), bitorder="little").tobytes()
    source = frames_of(
        3,
        SOPClassUID=SegmentationStorage,
        Modality="SEG",
        Rows=size,
        Columns=size,
        BitsAllocated=1,
        BitsStored=1,
        HighBit=0,
        PixelRepresentation=0,
        PixelData=packed + bytes(len(packed) % 2),
    )
    after = _released(source, dataclasses.replace(REMOVED, mask=Half(-6.0))).pixel_array
    assert not after[[0, 2], :2].any()
    assert np.array_equal(after[[0, 2], 2:], bits[[0, 2], 2:])
    assert np.array_equal(after[1], bits[1])


def test_real_numbers_are_filled() -> None:
    noise = np.random.default_rng(3).normal(size=(2, 16, 16)).astype("<f4")
    source = frames_of(2, SOPClassUID=ParametricMapStorage, Modality="MR", BitsAllocated=32)
    for keyword in ("PixelData", "BitsStored", "HighBit", "PixelRepresentation"):
        del source[keyword]
    source.FloatPixelData = noise.tobytes()
    result = _clean(as_file(source), REMOVED)
    _verify(result)
    written = pydicom.dcmread(io.BytesIO(joined(result))).FloatPixelData
    after = np.frombuffer(written, "<f4").reshape(noise.shape)
    assert not after[0, :8].any()
    assert np.array_equal(after[0, 8:], noise[0, 8:])
    assert np.array_equal(after[1], noise[1])


@pytest.mark.parametrize("planar", [0, 1])
def test_colours_are_filled(planar: int) -> None:
    noise = np.random.default_rng(3).integers(1, 255, (16, 16, 3), dtype=np.uint8)
    ordered = noise.transpose(2, 0, 1) if planar else noise
    source = slice_of(
        SamplesPerPixel=3,
        PlanarConfiguration=planar,
        PhotometricInterpretation="RGB",
        BitsAllocated=8,
        BitsStored=8,
        HighBit=7,
        PixelRepresentation=0,
        PixelData=np.ascontiguousarray(ordered).tobytes(),
    )
    after = _released(source, REMOVED).pixel_array
    assert not after[:8].any()
    assert np.array_equal(after[8:], noise[8:])


def test_doubt_holds_with_its_reason() -> None:
    assert _held(slice_of(), None) == "face.unchecked"
    assert _held(slice_of(), doubtful("face.no-geometry")) == "face.no-geometry"
    assert _held(slice_of(), doubtful("")) == "face.doubtful"
    assert _held(slice_of(Modality="OT"), None) == "face.unchecked", "the SOP class says CT"
    no_mask = FaceDecision(outcome=FaceOutcome.REMOVED)
    assert _held(slice_of(), no_mask) == "face.doubtful"


def test_a_face_whose_place_is_not_known_is_held() -> None:
    source = slice_of()
    del source.ImagePositionPatient
    assert _held(source, REMOVED) == "face.no-geometry"


def test_an_image_that_the_plan_does_not_name_claims_nothing() -> None:
    source = slice_of(SOPClassUID=UltrasoundImageStorage, Modality="US")
    for face in (None, FaceDecision(outcome=FaceOutcome.UNCONCERNED)):
        result = _clean(as_file(source), face)
        _verify(result)
        assert result.report.face == "unconcerned"
        assert result.report.notes == ("clean-recognizable-visual-features.unexamined",)
        assert result.report.methods == ("113100",)
    only_mr = f"{FACES}deface: {{modalities: [MR]}}\n"
    assert _released(slice_of(), None, only_mr).PixelData == slice_of().PixelData


def test_what_has_no_pixels_needs_nobody_to_look() -> None:
    source = slice_of()
    for keyword in ("PixelData", "Rows", "Columns", "BitsAllocated"):
        del source[keyword]
    after = _released(source, None)
    assert "113102" in _methods(after)
    assert "RecognizableVisualFeatures" not in after


def test_renderings_are_held_or_refused() -> None:
    removing = f"{FACES}deface: {{renderings: remove}}\n"
    for face in (None, doubtful("face.rendering")):
        assert _held(screenshot_of(), face) == "face.rendering"
        with pytest.raises(RefusedError) as caught:
            _clean(as_file(screenshot_of()), face, removing)
        assert caught.value.code == "face.rendering.removed"
    assert _held(slice_of(), None, removing) == "face.unchecked"


# Contours


def _contours(*frames: str, frame: str) -> Dataset:
    """Return a structure set with one ROI in each of `frames`."""
    made = slice_of(SOPClassUID=RTStructureSetStorage, Modality="RTSTRUCT")
    for keyword in ("PixelData", "Rows", "Columns", "BitsAllocated", "FrameOfReferenceUID"):
        del made[keyword]
    if frame:
        made.FrameOfReferenceUID = frame
    made.StructureSetLabel = "1"
    made.StructureSetROISequence, made.ROIContourSequence = [], []
    for number, uid in enumerate(frames):
        roi, drawn, contour = Dataset(), Dataset(), Dataset()
        roi.ROINumber, roi.ROIName = number, "skin"
        if uid:
            roi.ReferencedFrameOfReferenceUID = uid
        contour.ContourGeometricType, contour.NumberOfContourPoints = "CLOSED_PLANAR", 3
        contour.ContourData = [0, 5, 0, 9, 5, 0, 9, 9, 0]
        drawn.ContourSequence, drawn.ReferencedROINumber = [contour], number
        made.StructureSetROISequence.append(roi)
        made.ROIContourSequence.append(drawn)
    return made


@pytest.mark.parametrize("outcome", [FaceOutcome.NO_FACE, FaceOutcome.ALREADY, FaceOutcome.REMOVED])
def test_contours_in_a_space_that_nobody_decided_about_are_held(outcome: FaceOutcome) -> None:
    face = dataclasses.replace(REMOVED, outcome=outcome)
    after = _released(_contours("1.2.3.1", "1.2.3.1", frame="1.2.3.1"), face)
    assert len(after.ROIContourSequence[1].ContourSequence) == 1
    for frames, frame in (("1.2.3.2",), "1.2.3.1"), (("1.2.3.1", "1.2.3.2"), "1.2.3.1"):
        assert _held(_contours(*frames, frame=frame), face) == "face.missing-reference"
    assert _held(_contours("", frame="1.2.3.1"), face) == "face.missing-reference"
    assert _held(_contours("", frame=""), face) == "face.missing-reference"


# Copies of the pixels


def _with_copy(keyword: str, *, syntax: pydicom.uid.UID, depth: int = 1) -> Dataset:
    """Return an image that holds its pixels a second time, in an item of a sequence."""
    made = slice_of()
    inner = Dataset()
    inner.ReferencedSOPClassUID, inner.ReferencedSOPInstanceUID = made.SOPClassUID, "1.2.3.4"
    inner.Rows, inner.Columns, inner.PixelData = made.Rows, made.Columns, made.PixelData
    inner["PixelData"].VR = "OW"
    inner.BitsAllocated = 16
    for _ in range(depth - 1):
        outer = Dataset()
        outer.PurposeOfReferenceCodeSequence = [inner]
        inner = outer
    setattr(made, keyword, [inner])
    made.file_meta.TransferSyntaxUID = syntax
    return made


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize("depth", [1, 2])
def test_a_copy_in_an_item_is_held(syntax: pydicom.uid.UID, depth: int) -> None:
    source = _with_copy("VOILUTSequence", syntax=syntax, depth=depth)
    assert _held(source, REMOVED) == "face.unsupported"
    assert "VOILUTSequence" in _released(source, NOBODY), "no pixel was filled"


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_an_icon_goes_and_is_no_copy(syntax: pydicom.uid.UID) -> None:
    after = _released(_with_copy("IconImageSequence", syntax=syntax), REMOVED)
    assert "IconImageSequence" not in after
    assert (after.pixel_array[:8] == FILL).all()


@pytest.mark.parametrize("size", [512, 20_000])
@pytest.mark.parametrize("tag", [0x7F020010, 0x7FE00020])
def test_other_forms_of_pixels_at_the_root_are_held(tag: int, size: int) -> None:
    source = slice_of()
    source.add_new(tag, "OW", bytes(size))
    with pytest.raises(HeldError) as caught:
        _clean(as_file(source), REMOVED)
    assert (caught.value.code, caught.value.where) == (
        "face.unsupported",
        f"({tag >> 16:04X},{tag & 0xFFFF:04X})",
    )


@pytest.mark.parametrize("vr", ["OB", "UN"])
def test_bytes_that_look_like_pixel_data_are_none(vr: str) -> None:
    source = slice_of()
    source.VOILUTSequence = [Dataset()]
    source.VOILUTSequence[0].ReferencedSOPInstanceUID = "1.2.3"
    source.PixelData = (b"\xe0\x7f\x10\x00OW\0\0\4\0\0\0" * 43)[:512]
    source.ICCProfile = b"\xfe\xff\x00\xe0\xff\0\0\0\xe0\x7f\x10\x00OW\0\0\4\0\0\0"
    source["ICCProfile"].VR = vr
    assert (_released(source, REMOVED).pixel_array[:8] == FILL).all()


def test_what_the_walk_removes_is_no_copy() -> None:
    source = slice_of()
    block = source.private_block(0x7FE1, "SIEMENS CSA NON-IMAGE", create=True)
    block.add_new(0x10, "OB", source.PixelData)
    assert (_released(source, REMOVED).pixel_array[:8] == FILL).all()


# The gate


def _changed(change: Callable[[Dataset], None], face: FaceDecision = REMOVED) -> ResidualError:
    result = _clean(as_file(slice_of()), face)
    written = pydicom.dcmread(io.BytesIO(joined(result)))
    change(written)
    data = joined(result)[: -len(written.PixelData)] + written.PixelData
    with pytest.raises(ResidualError) as caught:
        _verify(result, data)
    return caught.value


def _set(row: int, value: int) -> Callable[[Dataset], None]:
    def change(dataset: Dataset) -> None:
        pixels = dataset.pixel_array.copy()
        pixels[row, 3] = value
        dataset.PixelData = pixels.tobytes()

    return change


@pytest.mark.parametrize(("row", "value"), [(0, -999), (7, 0), (8, -1000), (15, 5000)])
def test_one_wrong_pixel_is_seen(row: int, value: int) -> None:
    error = _changed(_set(row, value))
    assert (error.code, error.where) == ("verify.pixels", "frame 1")


def test_a_mask_in_the_wrong_place_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def turned(mask: Mask, plane: FramePlane, **more: Any) -> np.ndarray:  # noqa: ANN401  (passed on)
        return frame_mask(mask, plane, **more).T

    monkeypatch.setattr("pipelines.deface.apply.frame_mask", turned)
    source = slice_of(Rows=64, Columns=64, PixelData=bytes(2 * 64 * 64))
    source.ImagePositionPatient = [-32, -32, 0]
    result = _clean(as_file(source), REMOVED)
    with pytest.raises(ResidualError) as caught:
        _verify(result)
    assert caught.value.where == "place of the mask"


@pytest.mark.parametrize("face", ["doubtful", "", "no-face"])
def test_a_report_that_does_not_fit_is_not_believed(face: str) -> None:
    result = _clean(as_file(slice_of()), REMOVED)
    lying = dataclasses.replace(result, report=dataclasses.replace(result.report, face=face))
    with pytest.raises(ResidualError):
        _verify(lying)


def test_what_nobody_asked_for_is_not_released() -> None:
    result = _clean(as_file(slice_of()), REMOVED)
    with pytest.raises(ResidualError):
        _verify(result, rules=options())
