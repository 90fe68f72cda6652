"""Tell what an encapsulated document is, by what it says and by what it holds."""

import codecs
import re
from enum import StrEnum


class Kind(StrEnum):
    """Kinds of encapsulated documents (PS3.3, A.45 and A.85 to A.87)."""

    PDF = "pdf"
    CDA = "cda"
    STL = "stl"
    OBJ = "obj"
    MTL = "mtl"
    OTHER = "other"


_DECLARED = {
    "application/pdf": Kind.PDF,
    "text/xml": Kind.CDA,
    "model/stl": Kind.STL,
    "application/sla": Kind.STL,
    "model/obj": Kind.OBJ,
    "model/mtl": Kind.MTL,
}
_HEAD = 65536
_CDA = re.compile(r"<(?:[\w.-]+:)?ClinicalDocument[\s>]")
_OBJ = re.compile(r"^[ \t]*(?:v[ \t]+[-+.\d]|f[ \t]+\d)", re.MULTILINE)
_MTL = re.compile(r"^[ \t]*newmtl\b", re.MULTILINE)
_STL = re.compile(r"\s*solid\b.*?\bfacet\b", re.DOTALL)


def document_kind(mime_type: str, data: bytes) -> Kind:
    """Return the kind that declaration and content agree on.

    Parameters
    ----------
    mime_type : str
        MIME Type of Encapsulated Document (0042,0012), as it stands.
    data : bytes
        Encapsulated Document (0042,0011).

    Returns
    -------
    Kind
        `Kind.OTHER` when the type is not known, the content is of no known kind or of
        several, or the two contradict each other.
    """
    declared = _DECLARED.get(mime_type.strip(" \0").lower())
    return declared if declared is not None and _held(data) == {declared} else Kind.OTHER


def _held(data: bytes) -> set[Kind]:
    head = _text(data[:_HEAD])
    found = {
        Kind.PDF: b"%PDF-" in data[:1024],  # where readers look for it
        Kind.CDA: _CDA.search(head) is not None,
        Kind.STL: _is_binary_stl(data) or _STL.match(head) is not None,
        Kind.OBJ: _OBJ.search(head) is not None,
        Kind.MTL: _MTL.search(head) is not None,
    }
    if found[Kind.PDF] and data.startswith(b"%PDF-"):
        return {Kind.PDF}  # what its streams look like says nothing
    return {kind for kind, there in found.items() if there}


def _is_binary_stl(data: bytes) -> bool:
    size = 84 + 50 * int.from_bytes(data[80:84], "little")
    return len(data) > 84 and len(data) in {size, size + 1}  # padded to even length


def _text(head: bytes) -> str:
    utf_16 = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return head.decode("utf-16" if utf_16 else "latin-1", errors="replace")
