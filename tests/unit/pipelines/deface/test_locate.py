"""What Body Part Examined is taken for, and what an image must say against a head."""

import pytest

from pipelines.deface.locate import BodyPart, body_part, no_head_below

PARTS = {
    "HEAD": BodyPart.HEAD,
    "BRAIN": BodyPart.HEAD,
    "SKULL": BodyPart.HEAD,
    "HEADNECK": BodyPart.HEAD,
    "NECK": BodyPart.HEAD,
    "Orbits": BodyPart.HEAD,
    "C-SPINE": BodyPart.HEAD,
    "CSPINE": BodyPart.HEAD,
    "SINUSES": BodyPart.HEAD,
    "head and neck": BodyPart.HEAD,
    "NECKCHESTABDPELV": BodyPart.HEAD,
    "WHOLEBODY": BodyPart.HEAD,
    "WHOLE SPINE": BodyPart.HEAD,
    "CHEST": BodyPart.TRUNK,
    "Abdomen": BodyPart.TRUNK,
    "ABDOMEN/PELVIS": BodyPart.TRUNK,
    "LSPINE": BodyPart.TRUNK,
    "L-SPINE": BodyPart.TRUNK,
    "HEART": BodyPart.TRUNK,
    "KNEE": BodyPart.EXTREMITY,
    " foot ": BodyPart.EXTREMITY,
    "FOREARM": BodyPart.EXTREMITY,
    "": BodyPart.UNKNOWN,
    "??": BodyPart.UNKNOWN,
    "BODY": BodyPart.UNKNOWN,
    "KOPF": BodyPart.UNKNOWN,
    "KNEE LEFT": BodyPart.UNKNOWN,
    "CHESTNUT": BodyPart.UNKNOWN,
}


@pytest.mark.parametrize(("value", "expected"), PARTS.items())
def test_body_part(value: str, expected: BodyPart) -> None:
    assert body_part(value) is expected


@pytest.mark.parametrize("other", ["CHEST", "ABDOMEN", "KNEE", "PELVIS", "HIP", "LSPINE"])
def test_a_head_in_the_label_outweighs_all_else_in_it(other: str) -> None:
    assert body_part(f"HEAD {other}") is BodyPart.HEAD
    assert body_part(f"{other}_NECK") is BodyPart.HEAD


def test_the_more_a_label_speaks_against_a_head_the_more_an_image_must_show_one() -> None:
    """Of a head by its label no image says that there is none."""
    order = [BodyPart.HEAD, BodyPart.UNKNOWN, BodyPart.TRUNK, BodyPart.EXTREMITY]
    limits = [no_head_below(part) for part in order]
    assert limits[0] == 0
    assert limits == sorted(set(limits))
    assert set(order) == set(BodyPart)


@pytest.mark.parametrize("part", [BodyPart.UNKNOWN, BodyPart.TRUNK, BodyPart.EXTREMITY])
def test_a_head_under_any_label_is_above_the_limit(part: BodyPart) -> None:
    """Parts of heads reach 0.15, whole ones 0.17: see the module."""
    assert no_head_below(part) <= 0.15
