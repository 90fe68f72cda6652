"""Classic single-frame series of CT, MR and PET."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, MRImageStorage, PositronEmissionTomographyImageStorage

from tests.support.heads.anatomy import Body
from tests.support.heads.persons import Study
from tests.support.heads.planes import Plane
from tests.support.heads.poses import Pose
from tests.support.heads.scans import Frames, scan
from tests.support.heads.tissues import Contrast

_SOP_CLASS = {
    "CT": CTImageStorage,
    "MR": MRImageStorage,
    "PT": PositronEmissionTomographyImageStorage,
}
_MR = {  # Scanning Sequence, Repetition Time, Echo Time, Inversion Time
    Contrast.T1: ("GR", 8.0, 3.0, 900.0),
    Contrast.T1_CONTRAST: ("GR", 8.0, 3.0, 900.0),
    Contrast.T2: ("SE", 4000.0, 100.0, 0.0),
    Contrast.FLAIR: ("IR", 9000.0, 120.0, 2500.0),
    Contrast.PD: ("SE", 3000.0, 15.0, 0.0),
    Contrast.DWI: ("EP", 5000.0, 90.0, 0.0),
    Contrast.ANGIOGRAPHY: ("GR", 22.0, 3.5, 0.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """What was written, and the truth of it.

    Attributes
    ----------
    datasets : tuple[Dataset, ...]
        In the order of `planes`.
    names : tuple[str, ...]
        File names, likewise.
    """

    body: Body
    pose: Pose
    contrast: Contrast
    planes: tuple[Plane, ...]
    datasets: tuple[Dataset, ...]
    names: tuple[str, ...]


def geometry(dataset: Dataset, plane: Plane) -> None:
    """Write Image Plane (PS3.3 C.7.6.2)."""
    dataset.ImagePositionPatient = list(plane.position)
    dataset.ImageOrientationPatient = [*plane.row, *plane.column]
    dataset.PixelSpacing = list(plane.spacing)
    dataset.SliceThickness = plane.thickness


def pixels(dataset: Dataset, stored: NDArray[np.integer], *, bits: int) -> None:
    """Write Image Pixel of 16 bits (PS3.3 C.7.6.3)."""
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = stored.shape[-2:]
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, bits, bits - 1
    dataset.PixelRepresentation = int(stored.dtype.kind == "i")
    dataset.PixelData = stored.astype(stored.dtype.newbyteorder("<")).tobytes()
    dataset["PixelData"].VR = "OW"


def stored(
    frame: NDArray[np.float32], contrast: Contrast, dataset: Dataset
) -> tuple[NDArray[np.integer], int]:
    """Return stored values and bits; the rescale goes to the dataset."""
    if contrast is Contrast.CT_SOFT:
        dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = -1024, 1, "HU"
        return np.clip(np.rint(frame + 1024), 0, 4095).astype(np.uint16), 12
    if contrast is Contrast.CT_BONE:
        dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = 0, 1, "HU"
        return np.clip(np.rint(frame), -1024, 3071).astype(np.int16), 16
    if contrast is Contrast.PET:
        slope = float(max(frame.max(), 1.0)) / 32000
        dataset.RescaleIntercept, dataset.RescaleSlope = 0, f"{slope:.8f}"
        return np.rint(frame / float(dataset.RescaleSlope)).astype(np.int16), 16
    return np.clip(np.rint(frame * 3), 0, 4095).astype(np.uint16), 12


def write_series(
    study: Study,
    body: Body,
    pose: Pose,
    contrast: Contrast,
    planes: tuple[Plane, ...],
    *,
    seed: int = 0,
    order: Sequence[int] | None = None,
    compress: str = "",
    **attributes: object,
) -> Series:
    """Scan and write a series.

    Parameters
    ----------
    order : Sequence[int] | None
        Indices of planes in the order of instance numbers and files; None: from the last to
        the first, as some scanners do.
    compress : str
        Transfer syntax, or "".
    attributes : object
        Written over every object; a tuple is one value for each plane.
    """
    frames = scan(body, pose, contrast, planes, seed=seed)
    series, found = study.uid(), dict[int, tuple[str, Dataset]]()
    for number, k in enumerate(order or range(len(planes) - 1, -1, -1), start=1):
        dataset = _image(study, contrast, planes[k], frames[k], series=series)
        dataset.InstanceNumber = number
        for keyword, value in attributes.items():
            setattr(dataset, keyword, value[k] if isinstance(value, tuple) else value)
        if compress:
            dataset.compress(compress, generate_instance_uid=False)
        study.write(dataset)
        found[k] = (list(study.files)[-1], dataset)
    kept = [found[k] for k in sorted(found)]
    return Series(
        body=body,
        pose=pose,
        contrast=contrast,
        planes=tuple(planes[k] for k in sorted(found)),
        datasets=tuple(dataset for _, dataset in kept),
        names=tuple(name for name, _ in kept),
    )


def _image(
    study: Study, contrast: Contrast, plane: Plane, frame: NDArray[np.float32], *, series: str
) -> Dataset:
    modality = contrast.modality
    dataset = study.dataset(sop_class=_SOP_CLASS[modality], modality=modality, series=series)
    dataset.SeriesDescription = f"{contrast.value} of Quillfeather"
    dataset.SeriesNumber = list(Contrast).index(contrast) + 1
    dataset.ImageType = ["ORIGINAL", "PRIMARY", {"MR": "M", "CT": "AXIAL"}.get(modality, "PRIMARY")]
    dataset.AcquisitionNumber = 1
    geometry(dataset, plane)
    values, bits = stored(frame, contrast, dataset)
    pixels(dataset, values, bits=bits)
    if modality == "MR":
        _mr(dataset, contrast)
    elif modality == "CT":
        dataset.KVP, dataset.ConvolutionKernel = 120, "H60s" if contrast == "ct-bone" else "H30s"
        dataset.WindowCenter, dataset.WindowWidth = 40, 80
    else:
        dataset.Units, dataset.SeriesType = "BQML", ["STATIC", "IMAGE"]
        dataset.CountsSource, dataset.DecayCorrection = "EMISSION", "START"
        dataset.CorrectedImage, dataset.ImageIndex = ["DECY", "ATTN"], 1
        dataset.NumberOfSlices = 1
    return dataset


def _mr(dataset: Dataset, contrast: Contrast) -> None:
    sequence, repetition, echo, inversion = _MR[contrast]
    dataset.ScanningSequence, dataset.SequenceVariant, dataset.ScanOptions = sequence, "NONE", ""
    dataset.MRAcquisitionType = "3D" if sequence == "GR" else "2D"
    dataset.RepetitionTime, dataset.EchoTime = repetition, echo
    dataset.InversionTime, dataset.EchoTrainLength = inversion, 1
    dataset.MagneticFieldStrength = 3
    if contrast is Contrast.T1_CONTRAST:
        dataset.ContrastBolusAgent = "Gadolinium"
    if contrast is Contrast.DWI:
        dataset.DiffusionBValue = 1000.0


def frames_of(series: Series) -> Frames:
    """Return the real-world values as written."""
    values = []
    for d in series.datasets:
        slope = float(d.get("RescaleSlope", 1))
        values.append(d.pixel_array * slope + float(d.get("RescaleIntercept", 0)))
    return np.asarray(values, dtype=np.float32)
