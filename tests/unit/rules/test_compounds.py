"""Compound actions, resolved by the Type of the attribute (ops/manual/metadata.md)."""

import pytest

from rules.compounds import resolve
from rules.tables import confidentiality_table

TABLE = """
X       D Z X X
Z       D Z Z Z
D       D D D D
X/Z     Z Z X Z
X/D     D D X D
Z/D     D Z Z D
X/Z/D   D Z X D
X/Z/U*  K K X K
U       U U U U
"""


@pytest.mark.parametrize("line", TABLE.strip().splitlines())
def test_every_compound_by_every_type(line: str) -> None:
    action, *letters = line.split()
    for types, letter in zip([("1", "1C"), ("2", "2C"), ("3",), ("",)], letters, strict=True):
        for type_ in types:
            assert resolve(action, type_=type_) == letter


def test_every_basic_action_of_the_table_is_resolved() -> None:
    for row in confidentiality_table().rows.values():
        for type_ in ("1", "1C", "2", "2C", "3", ""):
            assert resolve(row.basic, type_=type_) in "XZDKU"
