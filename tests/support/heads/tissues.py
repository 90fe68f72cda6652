"""The tissues of the phantoms, and how bright each is in a contrast.

Values are invented, but in the order that scanners show: T1 has bright fat and dark water,
T2 bright water, FLAIR neither, CT Hounsfield units, PET uptake.
"""

from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray


class Tissue(IntEnum):
    """What a point of a body is."""

    AIR = 0
    SKIN = 1
    FAT = 2
    MUSCLE = 3
    BONE = 4
    MARROW = 5
    CSF = 6
    GREY = 7
    WHITE = 8
    EYE = 9
    MUCOSA = 10
    VESSEL = 11
    CAVITY = 12
    TEETH = 13
    LUNG = 14
    LIVER = 15
    WATER = 16


class Contrast(StrEnum):
    """How it is looked at."""

    T1 = "t1"
    T1_CONTRAST = "t1c"
    T2 = "t2"
    FLAIR = "flair"
    PD = "pd"
    DWI = "dwi"
    ANGIOGRAPHY = "mra"
    CT_SOFT = "ct-soft"
    CT_BONE = "ct-bone"
    PET = "pet"

    @property
    def modality(self) -> str:
        """Return the Modality."""
        return {"c": "CT", "p": "PT"}.get(self.value[0], "MR") if self != "pd" else "MR"


_T = Tissue
_ROWS: dict[Tissue, tuple[float, ...]] = {
    # ______ T1   T1C   T2  FLAIR  PD  DWI  MRA   soft   bone   PET
    _T.AIR: (0, 0, 0, 0, 0, 0, 0, -1000, -1000, 0),
    _T.SKIN: (420, 460, 260, 300, 480, 30, 110, 30, 30, 400),
    _T.FAT: (820, 830, 520, 480, 650, 45, 150, -90, -90, 250),
    _T.MUSCLE: (330, 380, 170, 260, 480, 60, 120, 55, 55, 600),
    _T.BONE: (30, 30, 20, 20, 40, 6, 15, 1100, 1300, 250),
    _T.MARROW: (560, 600, 260, 300, 420, 25, 80, 500, 450, 350),
    _T.CSF: (130, 130, 900, 60, 620, 50, 40, 8, 8, 200),
    _T.GREY: (360, 370, 430, 500, 680, 330, 130, 39, 39, 4200),
    _T.WHITE: (480, 490, 300, 400, 580, 280, 125, 31, 31, 1700),
    _T.EYE: (140, 140, 880, 70, 620, 60, 40, 12, 12, 250),
    _T.MUCOSA: (340, 700, 560, 460, 560, 70, 140, 40, 40, 800),
    _T.VESSEL: (90, 900, 40, 60, 100, 10, 900, 60, 60, 500),
    _T.CAVITY: (0, 0, 0, 0, 0, 0, 0, -1000, -1000, 0),
    _T.TEETH: (15, 15, 10, 10, 20, 3, 8, 1900, 2200, 150),
    _T.LUNG: (40, 50, 60, 60, 70, 10, 30, -800, -800, 300),
    _T.LIVER: (430, 560, 200, 280, 480, 160, 120, 60, 60, 1800),
    _T.WATER: (300, 300, 800, 60, 700, 80, 60, 0, 0, 1000),
}
NOISE: dict[Contrast, float] = {
    **dict.fromkeys(Contrast, 10.0),
    Contrast.DWI: 8.0,
    Contrast.CT_SOFT: 12.0,
    Contrast.CT_BONE: 45.0,
    Contrast.PET: 60.0,
}
BLUR_MM: dict[Contrast, float] = {
    **dict.fromkeys(Contrast, 0.7),
    Contrast.DWI: 2.5,
    Contrast.CT_BONE: 0.4,
    Contrast.PET: 3.0,
}


def lookup(contrast: Contrast) -> NDArray[np.float32]:
    """Return the value of each tissue, by its number."""
    column = list(Contrast).index(contrast)
    order = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9)[column]
    return np.array([_ROWS[tissue][order] for tissue in Tissue], dtype=np.float32)
