"""Write a cleaned object in another transfer syntax, without loss.

Only for a peer that refuses the stored syntax. Runs in the child: it decodes pixels.
"""

from collections.abc import Collection
from pathlib import Path

from pydicom import dcmread
from pydicom.uid import (
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from pipelines.errors import HeldError

REFUSED = "send.syntax-refused"

NATIVE = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
"""What we can write, the better one first."""

LOSSLESS = frozenset(
    {
        HTJ2KLossless,
        HTJ2KLosslessRPCL,
        JPEG2000Lossless,
        JPEGLSLossless,
        JPEGLossless,
        JPEGLosslessSV1,
        RLELossless,
    }
)


def is_possible(stored: str, target: str) -> bool:
    """Return whether `stored` can be written as `target` without loss, decoders permitting."""
    return target in NATIVE and (stored in NATIVE or stored in LOSSLESS)


def transcode(path: Path, output: Path, *, syntaxes: Collection[str]) -> str:
    """Write the object at `path` to `output` in one of `syntaxes` and return which.

    Raises
    ------
    pipelines.errors.HeldError
        `send.syntax-refused`: none of them is possible here without loss.
    """
    dataset = dcmread(path)
    stored = dataset.file_meta.TransferSyntaxUID
    target = next((s for s in NATIVE if s in syntaxes and is_possible(stored, s)), None)
    if target is None:
        raise HeldError(REFUSED)
    if stored in LOSSLESS:
        try:
            # as stored: no colour conversion, and the bits above Bits Stored stay
            dataset.decompress(as_rgb=False, generate_instance_uid=False, correct_unused_bits=False)
        except (RuntimeError, NotImplementedError, ImportError):
            raise HeldError(REFUSED) from None  # no decoder here
    dataset.file_meta.TransferSyntaxUID = target
    dataset.save_as(output, enforce_file_format=True)
    return str(target)
