from pydicom.uid import (
    AllTransferSyntaxes,
    CTImageStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MediaStorageDirectoryStorage,
)
from pynetdicom import AllStoragePresentationContexts
from pynetdicom.presentation import build_context
from pynetdicom.service_class import StorageServiceClass
from pynetdicom.sop_class import uid_to_service_class

from gateway.scp.contexts import (
    VERIFICATION,
    contexts_for,
    register_sop_classes,
    standard_sop_classes,
    transfer_syntaxes,
)

RETIRED_ULTRASOUND = "1.2.840.10008.5.1.4.1.1.6"
HANGING_PROTOCOL = "1.2.840.10008.5.1.4.38.1"
STORAGE_COMMITMENT = "1.2.840.10008.1.20.1"
PRIVATE = "1.2.826.0.1.3680043.8.498.1"


def test_every_storage_sop_class_is_there() -> None:
    listed = {str(context.abstract_syntax) for context in AllStoragePresentationContexts}
    assert listed | {RETIRED_ULTRASOUND, HANGING_PROTOCOL} <= standard_sop_classes()


def test_what_is_no_storage_is_not() -> None:
    others = {MediaStorageDirectoryStorage, STORAGE_COMMITMENT, VERIFICATION}
    assert not others & standard_sop_classes()


def test_all_are_served_by_the_storage_service() -> None:
    for uid in register_sop_classes([PRIVATE]):
        assert uid_to_service_class(uid) is StorageServiceClass


def test_every_transfer_syntax_of_a_dataset_is_there() -> None:
    streams = {"1.2.840.10008.1.2.7.1", "1.2.840.10008.1.2.7.2", "1.2.840.10008.1.2.7.3"}
    assert {str(uid) for uid in AllTransferSyntaxes} - streams <= set(transfer_syntaxes())
    assert transfer_syntaxes()[:2] == (ExplicitVRLittleEndian, ImplicitVRLittleEndian)


def test_only_what_was_requested_is_offered_once() -> None:
    requested = [
        build_context(CTImageStorage),
        build_context(CTImageStorage),
        build_context(VERIFICATION),
        build_context(PRIVATE),
    ]
    with_private = contexts_for(requested, sop_classes=frozenset({CTImageStorage, PRIVATE}))
    without = contexts_for(requested, sop_classes=frozenset({CTImageStorage}))
    assert [str(each.abstract_syntax) for each in with_private] == [
        CTImageStorage,
        VERIFICATION,
        PRIVATE,
    ]
    assert [str(each.abstract_syntax) for each in without] == [CTImageStorage, VERIFICATION]
