"""What the engine adds to every object, and what the gate must know of its root."""

from collections.abc import Iterable
from functools import cache
from struct import Struct

from pipelines.verify.demands import Check, Rule
from pipelines.verify.pixels import IMAGE_TAGS
from rules.version import VERSION

CONTRIBUTING_EQUIPMENT_SEQUENCE = 0x0018A001
PRIVATE_CHARACTERISTICS_SEQUENCE = 0x00080300
_ITEMS = Rule(Check.ITEMS, is_sequence=True)
OUR_RULES: dict[int, Rule | None] = {
    PRIVATE_CHARACTERISTICS_SEQUENCE: _ITEMS,
    0x00120062: None,
    0x00120063: None,
    0x00120064: _ITEMS,
    CONTRIBUTING_EQUIPMENT_SEQUENCE: _ITEMS,
    0x00280303: None,
}
"""Root elements that the engine adds or adds to, whatever the plan says."""
VISUAL_FEATURES = 0x00280302
_WITH_FEATURES: dict[int, Rule | None] = {**OUR_RULES, VISUAL_FEATURES: None}
CAPTURED = frozenset(
    [
        *(0x00080016, 0x00080018, 0x0020000D, 0x0020000E),  # the UIDs of the instance
        *(0x00100010, 0x00100020),  # Patient's Name, Patient ID
        *IMAGE_TAGS,
        *(0x00080008, 0x00480010),  # Image Type, Specimen Label in Image
        *(0x00420011, 0x00420015),  # Encapsulated Document and its length
        # Photometric Interpretation, Planar Configuration, Bits Stored
        *(0x00280004, 0x00280006, 0x00280101),
        *_WITH_FEATURES,
    ]
)

_implicit = Struct("<HHL").pack
_explicit = Struct("<HH2sH").pack
_long = Struct("<HH2sHL").pack
_item = Struct("<HHL").pack

Element = tuple[int, bytes, bytes]
"""Tag, VR and value."""


def our_rules(*, was_examined: bool) -> dict[int, Rule | None]:
    """Return the root elements that the engine adds to an object.

    Parameters
    ----------
    was_examined : bool
        Somebody looked for a face in it.
    """
    return _WITH_FEATURES if was_examined else OUR_RULES


@cache
def equipment_item(*, implicit: bool) -> bytes:
    """Return our item of Contributing Equipment Sequence (PS3.3, C.12.1.1.5)."""
    purpose = _encoded_item(
        [
            (0x00080100, b"SH", b"109104"),
            (0x00080102, b"SH", b"DCM"),
            (0x00080104, b"LO", b"De-identifying Equipment"),
        ],
        implicit=implicit,
    )
    return _encoded_item(
        [
            (0x00080070, b"LO", b"Narthex"),
            (0x00081090, b"LO", b"Narthex"),
            (0x00181020, b"LO", VERSION.encode("ascii")),
            (0x0040A170, b"SQ", purpose),
        ],
        implicit=implicit,
    )


def characteristics(blocks: Iterable[tuple[str, int]], *, implicit: bool) -> bytes:
    """Return the items of Private Data Element Characteristics (PS3.3, C.12.1.1.7).

    Parameters
    ----------
    blocks : Iterable[tuple[str, int]]
        Private creator and group of the blocks of the root, in order.
    """
    return b"".join(
        _encoded_item(
            [
                (0x00080301, b"US", group.to_bytes(2, "little")),
                (0x00080302, b"LO", creator.encode("latin-1")),
                (0x00080303, b"CS", b"SAFE"),
            ],
            implicit=implicit,
        )
        for creator, group in blocks
    )


def _encoded_item(elements: Iterable[Element], *, implicit: bool) -> bytes:
    content = b"".join(_encoded(*element, implicit=implicit) for element in elements)
    return _item(0xFFFE, 0xE000, len(content)) + content


def _encoded(tag: int, vr: bytes, value: bytes, *, implicit: bool) -> bytes:
    group, number = tag >> 16, tag & 0xFFFF
    value += b" " * (len(value) & 1)
    if implicit:
        return _implicit(group, number, len(value)) + value
    if vr == b"SQ":
        return _long(group, number, vr, 0, len(value)) + value
    return _explicit(group, number, vr, len(value)) + value
