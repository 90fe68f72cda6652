"""Localizers, renderings, photographs: objects that show a face without being a stack of it."""

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import (
    CTImageStorage,
    MultiFrameTrueColorSecondaryCaptureImageStorage,
    SecondaryCaptureImageStorage,
    VLPhotographicImageStorage,
)

from tests.support.heads.images import Series, frames_of, geometry, pixels
from tests.support.heads.persons import Study
from tests.support.heads.planes import Cut, Plane, stack


def scout_plane(*, lateral: bool) -> Plane:
    """Return the one plane of a CT scout, in the middle of the head."""
    planes = stack(Cut.SAGITTAL if lateral else Cut.CORONAL, pixel_mm=2.0, step_mm=2.0)
    return planes[len(planes) // 2]


def write_scout(study: Study, series: Series, *, lateral: bool = True) -> Dataset:
    """Write a projection through the CT series (Image Type LOCALIZER, PS3.3 C.8.2.1.1.1)."""
    plane = scout_plane(lateral=lateral)
    frames = np.maximum(frames_of(series) + 1000, 0)
    axis = 2 if lateral else 1
    summed = frames.mean(axis=axis) * 6  # (slices, rows or columns), from the feet up
    points = plane.points()
    first = np.array(series.planes[0].position)
    z = (points[..., 2] - first[2]) / (series.planes[1].position[2] - series.planes[0].position[2])
    other = points[..., 1] if lateral else points[..., 0]
    spacing = series.planes[0].spacing[0 if lateral else 1]
    u = (other - first[1 if lateral else 0]) / spacing
    k = np.rint(z).astype(int)
    i = np.rint(u).astype(int)
    seen = (k >= 0) & (k < summed.shape[0]) & (i >= 0) & (i < summed.shape[1])
    image = np.zeros(k.shape)
    image[seen] = summed[k[seen], i[seen]]
    dataset = study.dataset(sop_class=CTImageStorage, modality="CT")
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    dataset.SeriesDescription, dataset.AcquisitionNumber = "Scout", 1
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.KVP = -1024, 1, 120
    geometry(dataset, plane)
    pixels(dataset, np.clip(image, 0, 4095).astype(np.uint16), bits=12)
    return study.write(dataset)


def rendered(series: Series, *, threshold: float) -> NDArray[np.uint8]:
    """Return the face from the front as a grey picture, for a stack of axial planes."""
    solid = frames_of(series) > threshold
    depth, hit = solid.argmax(axis=1).astype(float), solid.any(axis=1)
    slopes = np.gradient(depth)
    shade = np.where(hit, 255 / np.sqrt(1 + slopes[0] ** 2 + slopes[1] ** 2), 0)
    return np.asarray(np.clip(shade, 0, 255).astype(np.uint8)[::-1])


def write_rendering(study: Study, picture: NDArray[np.uint8], *, frames: int = 1) -> Dataset:
    """Write a volume rendering as a secondary capture, as workstations do; several turn it."""
    sop_class = (
        SecondaryCaptureImageStorage
        if frames == 1
        else MultiFrameTrueColorSecondaryCaptureImageStorage
    )
    dataset = study.dataset(sop_class=sop_class, modality="CT")
    dataset.ImageType = ["DERIVED", "SECONDARY", "VOLREN"]
    dataset.ConversionType, dataset.SeriesDescription = "WSD", "3D VR"
    if frames > 1:
        dataset.NumberOfFrames = frames
    _colour(dataset, np.stack([np.roll(picture, 3 * k, axis=1) for k in range(frames)]))
    del dataset.FrameOfReferenceUID, dataset.PositionReferenceIndicator
    return study.write(dataset)


def write_photograph(study: Study, picture: NDArray[np.uint8]) -> Dataset:
    """Write a photograph of the patient (PS3.3 A.32.4)."""
    dataset = study.dataset(sop_class=VLPhotographicImageStorage, modality="XC")
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    dataset.SeriesDescription = "Patient"
    _colour(dataset, picture[None])
    del dataset.FrameOfReferenceUID, dataset.PositionReferenceIndicator
    return study.write(dataset)


def _colour(dataset: Dataset, grey: NDArray[np.uint8]) -> None:
    array = np.stack([grey, grey * 0.8, grey * 0.7], axis=-1).astype(np.uint8)
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 3, "RGB"
    dataset.PlanarConfiguration = 0
    dataset.Rows, dataset.Columns = array.shape[1:3]
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
    dataset.PixelRepresentation = 0
    data = array.tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OB"
