"""Resolve the actions of PS3.15 Table E.1-1 by the Type of the attribute in its IOD."""

from collections.abc import Mapping

from rules.vocabulary import Action, Operation

OPERATIONS: Mapping[Action, Operation] = {
    Action.REMOVE: Operation.REMOVE,
    Action.EMPTY: Operation.EMPTY,
    Action.DUMMY: Operation.DUMMY,
    Action.KEEP: Operation.KEEP,
    Action.UID: Operation.REPLACE_UID,
}
"""What carries out a letter; C depends on the attribute."""

_BY_TYPE = {
    # action: Type 1 and 1C, Type 2 and 2C, Type 3, unknown
    "X": "DZXX",
    "Z": "DZZZ",
    "D": "DDDD",
    "X/Z": "ZZXZ",
    "X/D": "DDXD",
    "Z/D": "DZZD",
    "X/Z/D": "DZXD",
    "X/Z/U*": "KKXK",
    "U": "UUUU",
}
_COLUMNS = {"1": 0, "1C": 0, "2": 1, "2C": 1, "3": 2, "": 3}


def resolve(action: str, *, type_: str) -> Action:
    """Return the letter that `action` means for an attribute of `type_`.

    X and Z on Type 1 or 2: the object must not become less valid than it was.

    Parameters
    ----------
    action : str
        Of the basic column: a letter or a compound.
    type_ : str
        1, 1C, 2, 2C, 3, or "" if unknown.
    """
    return Action(_BY_TYPE[action][_COLUMNS[type_]])
