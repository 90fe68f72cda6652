"""Give real files the Patient ID and UIDs that they lack, so that they are not held for that."""

import warnings
from io import BytesIO

from pydicom import dcmread

from tests.support.datasets import base
from tests.support.oracle_held import value_at
from tests.support.oracle_reading import make, put

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def completed(data: bytes) -> bytes | None:
    """Return the file with what was missing; None if nothing was or pydicom can't write it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ds = dcmread(BytesIO(data), force=True)
        except Exception:  # noqa: BLE001  whatever pydicom raises: not for this test
            return None
        implicit, little = ds.original_encoding
        missing = [m for m in base(SECONDARY_CAPTURE) if not value_at(ds, m.tag)]
        if not missing or not little or "TransferSyntaxUID" not in ds.file_meta:
            return None
        for made in missing:
            value = made.value + b"\0" * (len(made.value) % 2)
            put(ds, make(made.tag, "" if implicit else made.vr, value))
        out = BytesIO()
        try:
            ds.save_as(out, enforce_file_format=False)
        except Exception:  # noqa: BLE001  whatever pydicom raises: not for this test
            return None
    return out.getvalue()
