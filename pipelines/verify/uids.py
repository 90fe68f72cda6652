"""Find source UIDs in bytes."""

import re
from collections.abc import Iterator, Mapping

_token = re.compile(rb"[0-9.]+")
_numeric = re.compile(r"[0-9.]+")
_PREFIX = 16
_SHORT_PREFIX = 4
_MAX_PREFIXES = 6
_LEAST_DOTS = 3
_LEAST_CHARACTERS = 10
_LEAST_IN_UI = 4
"""Characters: a shorter word may be anything, also where it stands for a class."""
_OURS = "2.25."


class UidSearch:
    """Finds the source UIDs of one object.

    Parameters
    ----------
    uids : Mapping[str, str]
        Replaced UIDs of the source, with their replacements.
    """

    __slots__ = ("_numeric", "_others", "_prefixes")

    def __init__(self, uids: Mapping[str, str]) -> None:
        gone = [uid for uid, new in uids.items() if uid != new]
        self._numeric = {uid.encode() for uid in gone if _numeric.fullmatch(uid)}
        self._others = {uid.encode("latin-1", "replace") for uid in gone} - self._numeric
        prefixes = {_OURS if uid.startswith(_OURS) else uid[:_PREFIX] for uid in gone}
        if len(prefixes) > _MAX_PREFIXES:
            prefixes = {uid[:_SHORT_PREFIX] for uid in gone}
        self._prefixes = [p.encode("latin-1", "replace") for p in prefixes if p]

    def candidates(self, data: bytes, end: int) -> Iterator[tuple[int, int]]:
        """Yield spans of ``data[:end]`` that may be a source UID; `remains` decides."""
        for prefix in self._prefixes:
            position = data.find(prefix, 0, end)
            while position >= 0:
                found = _token.match(data, position)
                stop = found.end() if found is not None else position + len(prefix)
                if self._may_be(data[position:stop]):
                    yield position, stop
                position = data.find(prefix, position + 1, end)

    def _may_be(self, token: bytes) -> bool:
        # the byte after it may be the group of the next element
        numeric = self._numeric
        return (
            token in numeric
            or token[:-1] in numeric
            or token.rstrip(b".") in numeric
            or any(other.startswith(token) for other in self._others)
        )

    def remains(self, value: bytes, vr: str) -> bool:
        """Return True where a source UID stands in `value`.

        Short ones and those that are none, as malformed objects have them, count in
        VR UI only: elsewhere they look like numbers and words. What the plan replaces is
        compared with the source's, whatever its length (`pipelines.verify.pairs`).
        """
        for token in _token.findall(value):
            uid = token.strip(b".")
            is_uid = uid.count(b".") >= _LEAST_DOTS and len(uid) >= _LEAST_CHARACTERS
            if uid in self._numeric and (is_uid or (vr == "UI" and len(uid) >= _LEAST_IN_UI)):
                return True
        if vr == "UI" and self._others:
            uids = (each.strip(b"\0 ") for each in value.split(b"\\"))
            return any(len(each) >= _LEAST_IN_UI and each in self._others for each in uids)
        return any(len(o) >= _LEAST_CHARACTERS and o in value for o in self._others)
