"""Enhanced CT and MR: a stack in one object (PS3.3 A.36, A.38)."""

from collections.abc import Sequence

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import EnhancedCTImageStorage, EnhancedMRImageStorage

from tests.support.heads.anatomy import Body
from tests.support.heads.images import Series, pixels
from tests.support.heads.persons import Study
from tests.support.heads.planes import Plane
from tests.support.heads.poses import Pose
from tests.support.heads.scans import scan
from tests.support.heads.tissues import Contrast


def write_enhanced(
    study: Study,
    body: Body,
    pose: Pose,
    contrast: Contrast,
    planes: tuple[Plane, ...],
    *,
    order: Sequence[int] | None = None,
    compress: str = "",
    seed: int = 0,
) -> Series:
    """Write a stack as one object; its frames stand in `order`.

    `planes` of the result are in the order of the frames.
    """
    order = list(order or range(len(planes)))
    planes = tuple(planes[k] for k in order)
    frames = scan(body, pose, contrast, planes, seed=seed)
    is_ct = contrast.modality == "CT"
    sop_class = EnhancedCTImageStorage if is_ct else EnhancedMRImageStorage
    dataset = study.dataset(sop_class=sop_class, modality=contrast.modality)
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    dataset.NumberOfFrames = len(planes)
    dataset.SharedFunctionalGroupsSequence = Items([_shared(planes[0], contrast)])
    dataset.PerFrameFunctionalGroupsSequence = Items(
        [_frame(plane, number) for number, plane in enumerate(planes, start=1)]
    )
    dataset.DimensionOrganizationSequence = Items([Dataset()])
    organization = study.uid()
    dataset.DimensionOrganizationSequence[0].DimensionOrganizationUID = organization
    index = Dataset()
    index.DimensionOrganizationUID = organization
    index.DimensionIndexPointer, index.FunctionalGroupPointer = 0x00200032, 0x00209113
    dataset.DimensionIndexSequence = Items([index])
    if is_ct:
        values = np.clip(np.rint(frames), -1024, 3071).astype(np.int16)
        pixels(dataset, values, bits=16)
    else:
        pixels(dataset, np.clip(np.rint(frames * 3), 0, 4095).astype(np.uint16), bits=12)
    if compress:
        dataset.compress(compress, generate_instance_uid=False)
    study.write(dataset)
    return Series(
        body=body,
        pose=pose,
        contrast=contrast,
        planes=planes,
        datasets=(dataset,),
        names=(list(study.files)[-1],),
    )


def _item(**values: object) -> Items:
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return Items([item])


def _shared(plane: Plane, contrast: Contrast) -> Dataset:
    shared = Dataset()
    shared.PlaneOrientationSequence = _item(ImageOrientationPatient=[*plane.row, *plane.column])
    shared.PixelMeasuresSequence = _item(
        PixelSpacing=list(plane.spacing), SliceThickness=plane.thickness
    )
    shared.PixelValueTransformationSequence = _item(
        RescaleIntercept=0, RescaleSlope=1, RescaleType="HU" if contrast.modality == "CT" else "US"
    )
    kind = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    if contrast.modality == "CT":
        shared.CTImageFrameTypeSequence = _item(FrameType=kind)
    else:
        shared.MRImageFrameTypeSequence = _item(FrameType=kind)
        shared.MREchoSequence = _item(EffectiveEchoTime=3.0)
    return shared


def _frame(plane: Plane, number: int) -> Dataset:
    group = Dataset()
    group.PlanePositionSequence = _item(ImagePositionPatient=list(plane.position))
    group.FrameContentSequence = _item(
        FrameAcquisitionNumber=1,
        StackID="1",
        InStackPositionNumber=number,
        DimensionIndexValues=[number],
    )
    return group
