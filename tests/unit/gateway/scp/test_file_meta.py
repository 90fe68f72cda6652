from io import BytesIO

import pytest
from pydicom import dcmread

from gateway.scp.file_meta import file_start
from rules.version import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from tests.support.receiver import dataset_bytes, sample, sample_path


@pytest.mark.parametrize("uid", ["1.2.3", "1.2.34"])
def test_the_start_and_a_dataset_are_a_file(uid: str) -> None:
    source = sample("CT_small.dcm")
    start = file_start(
        source.SOPClassUID, uid, transfer_syntax_uid=source.file_meta.TransferSyntaxUID
    )
    read = dcmread(BytesIO(start + dataset_bytes(sample_path("CT_small.dcm"))))
    assert read == source
    assert read.preamble == bytes(128)
    meta = read.file_meta
    assert meta[0x00020000].value == len(start) - 132 - 12
    assert meta.FileMetaInformationVersion == b"\0\1"
    assert uid == meta.MediaStorageSOPInstanceUID
    assert source.SOPClassUID == meta.MediaStorageSOPClassUID
    assert meta.ImplementationClassUID == IMPLEMENTATION_CLASS_UID
    assert meta.ImplementationVersionName == IMPLEMENTATION_VERSION_NAME
    assert "SourceApplicationEntityTitle" not in meta
