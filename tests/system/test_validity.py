"""What is released is no less valid than its source, by a validator of somebody else's."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

from ops.bench import derived, validity
from rules.load import builtin_names
from tests.support.shared_data import SHARED, needs_shared

_CORPUS = (
    "enhanced_multiframe/emri_small_big_endian.dcm",
    "enhanced_multiframe/emri_small_RLE.dcm",
    "malformed/rtstruct.dcm",
    "rt/rtplan.dcm",
    "rt/rtdose_1frame.dcm",
    "rt/rtdose_expb_1frame.dcm",
    "rt/RTImageStorage.dcm",
    "sr/REPORT_PF_PAT_POS_BW_INTERP_TEST.SR.HEAD_HARMS.0099.0001.201.dcm",
    "sr/sr.dcm",
    "sr/test-SR.dcm",
    "sr/structured_report.dcm",
    "seg/liver_deflate.dcm",
    "seg/seg_image_cr_binary.dcm",
    "presentation_state/prLUTs.dcm",
    "document/key_object_selection.dcm",
    "document/encapsulated_pdf.dcm",
    "wsi/sm_image.dcm",
    "wsi/sm_annotations.dcm",
    "ct/CT1_RLE.dcm",
    "mr/4919.dcm",
    "mr/MR_small_bigendian.dcm",
    "us/US1_RLE.dcm",
    "us/examples_palette.dcm",
    "mg/OutOfBoundsOverlay.dcm",
    "nuclear/NM1_RLE.dcm",
    "waveform/waveform_ecg.dcm",
    "xray/XA1_RLE.dcm",
)
_SHIPPED = ("CT_small.dcm", "rtstruct.dcm", "rtplan.dcm", "rtdose.dcm", "liver_1frame.dcm")

needs_dciodvfy = pytest.mark.skipif(
    validity.validator() is None, reason="dciodvfy (Debian: dicom3tools) is missing"
)


def _shipped(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield what is there without the corpus."""
    yield from validity.files_of([*{path.parent for path in derived.write(folder / "made")}])
    for name in _SHIPPED:
        found = get_testdata_file(name)
        assert found is not None
        yield name, Path(found)


def _measure(
    rules: str, files: Iterator[tuple[str, Path]], place: Path
) -> tuple[validity.Figures, int]:
    names = validity.gather(files, place / "in")
    return validity.measure(rules, names, place / "out"), len(names)


@needs_dciodvfy
@pytest.mark.parametrize("rules", builtin_names())
def test_objects_that_refer_to_others_stay_valid(tmp_path: Path, rules: str) -> None:
    figures, count = _measure(rules, _shipped(tmp_path), tmp_path)
    assert figures.are_clean, figures
    assert figures.compared == count == 8 + len(_SHIPPED), figures.held


@needs_dciodvfy
@needs_shared
@pytest.mark.parametrize("rules", builtin_names())
def test_every_kind_of_the_corpus_stays_valid(tmp_path: Path, rules: str) -> None:
    assert SHARED is not None
    corpus = SHARED / "corpus"
    figures, count = _measure(rules, ((name, corpus / name) for name in _CORPUS), tmp_path)
    assert figures.are_clean, figures
    assert figures.compared == count == len(_CORPUS), figures.held


@needs_dciodvfy
def test_the_comparison_sees_what_is_missing(tmp_path: Path) -> None:
    (image, *_) = derived.images()
    image.save_as(tmp_path / "source.dcm", enforce_file_format=True)
    del image.RescaleSlope
    image.StudyDate = "2004-01-19"
    image.PixelData = bytes(len(image.PixelData))
    image.save_as(tmp_path / "output.dcm", enforce_file_format=True)
    pair = validity.Pair(
        name="ct", source=tmp_path / "source.dcm", output=tmp_path / "output.dcm", reason=""
    )
    before, after = validity.compare(pair)
    assert not before
    found = " ".join(after)
    assert "RescaleSlope" in found
    assert "Study Date" in found
    assert "2004-01-19" not in found
    assert not validity.are_same_pixels(pair)
