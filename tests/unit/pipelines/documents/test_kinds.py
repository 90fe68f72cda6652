import struct

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.documents import Kind, document_kind
from tests.support.shared_data import SHARED, needs_shared

CDA = b'<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"/>'
STL = bytes(80) + struct.pack("<L", 1) + bytes(50)
OBJ = b"# vertices\nv 0 0 1\nv 1.5 -2 0\nf 1 2 1\n"
MTL = b"newmtl skin\nKd 1 .8 .7\n"
PDF = b"%PDF-1.4\n"
OF = {
    "application/pdf": (PDF, Kind.PDF),
    "text/XML": (CDA, Kind.CDA),
    "model/stl": (STL, Kind.STL),
    "application/sla": (STL + b"\0", Kind.STL),
    "model/obj": (OBJ, Kind.OBJ),
    "model/mtl": (MTL, Kind.MTL),
}


@pytest.mark.parametrize("declared", OF)
@pytest.mark.parametrize("held", OF)
def test_declaration_and_content_have_to_agree(declared: str, held: str) -> None:
    data, kind = OF[held]
    expected = kind if OF[declared][1] is kind else Kind.OTHER
    assert document_kind(declared, data) is expected
    assert document_kind(f" {declared.upper()}\0", data) is expected


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\n\n junk" + PDF, Kind.PDF),
        (b" " * 2000 + PDF, Kind.OTHER),
        (b"", Kind.OTHER),
        (CDA + PDF, Kind.OTHER),
        (PDF + b"\nv 1 2 3\n", Kind.PDF),
    ],
)
def test_what_a_pdf_is(data: bytes, kind: Kind) -> None:
    assert document_kind("application/pdf", data) is kind


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_cda_in_other_encodings_and_with_a_prefix(encoding: str) -> None:
    for text in (CDA.decode(), '<h:ClinicalDocument xmlns:h="urn:hl7-org:v3">'):
        assert document_kind("text/xml", text.encode(encoding)) is Kind.CDA
    assert document_kind("text/xml", "<svg/>".encode(encoding)) is Kind.OTHER


def test_a_written_stl() -> None:
    assert document_kind("model/stl", b"solid x\n facet normal 0 0 1\n") is Kind.STL


@given(st.text(max_size=20), st.binary(max_size=200))
def test_what_is_not_declared_is_other(declared: str, data: bytes) -> None:
    if declared.strip(" \0").lower() not in OF:
        assert document_kind(declared, data) is Kind.OTHER


@needs_shared
def test_the_cda_of_the_corpus() -> None:
    assert SHARED is not None
    dataset = pydicom.dcmread(SHARED / "corpus" / "document" / "encapsulated_cda.dcm")
    data = dataset.EncapsulatedDocument
    assert document_kind(dataset.MIMETypeOfEncapsulatedDocument, data) is Kind.CDA
