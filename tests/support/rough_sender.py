"""A DICOM sender without manners: any bytes, any identifiers, any moment to hang up."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

from pydicom.uid import UID
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_FIND, C_STORE
from pynetdicom.pdu_primitives import UserIdentityNegotiation

from tests.support.canaries import Phantom

NO_ANSWER = -1
_WAIT_SECONDS = 30.0


@contextmanager
def associated(
    port: int,
    objects: list[Phantom],
    *,
    calling: str,
    called: str = "NARTHEX",
    username: str = "",
) -> Iterator[Association]:
    """Open an association with a context for each kind of object, whatever comes of it.

    Parameters
    ----------
    username : str
        Sent as user identity, with itself as passcode.
    """
    entity = AE(ae_title=calling)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = _WAIT_SECONDS
    kinds = sorted({(each.sop_class_uid, each.transfer_syntax_uid) for each in objects})
    for sop_class, syntax in kinds:
        entity.add_requested_context(UID(sop_class), [UID(syntax)])
    extra: list[Any] = []  # pynetdicom's list of ten classes, none of them their base
    if username:
        identity = UserIdentityNegotiation()
        identity.user_identity_type = 2
        identity.primary_field = identity.secondary_field = username.encode()
        extra.append(identity)
    association = entity.associate("127.0.0.1", port, ae_title=called, ext_neg=extra)
    try:
        yield association
    finally:
        if association.is_established:
            association.release()


def send(port: int, *objects: Phantom, calling: str) -> list[int]:
    """C-STORE objects in one association; return the answers."""
    with associated(port, list(objects), calling=calling) as association:
        return [store(association, each) for each in objects]


def store(association: Association, each: Phantom, *, sop_instance_uid: str = "") -> int:
    """C-STORE the bytes of an object as they are; return the status.

    Parameters
    ----------
    sop_instance_uid : str
        Said in the command instead of that of the object.
    """
    context = _context(association, each)
    if context is None or not association.is_established:
        return NO_ANSWER
    request = C_STORE()
    request.MessageID = 7
    request.AffectedSOPClassUID = UID(each.sop_class_uid)
    request.AffectedSOPInstanceUID = UID(sop_instance_uid or each.sop_instance_uid)
    request.Priority = 2
    request.MoveOriginatorApplicationEntityTitle = "MOVER"
    request.DataSet = BytesIO(each.encoded)
    association._reactor_checkpoint.clear()  # or it takes our answer
    try:
        association.dimse.send_msg(request, context)
        _, answer = association.dimse.get_msg(block=True)
    finally:
        association._reactor_checkpoint.set()
    return NO_ANSWER if answer is None else int(answer.Status or 0)


def find(association: Association, each: Phantom) -> None:
    """Send a C-FIND over a storage context: a message that nobody expects there."""
    context = _context(association, each)
    assert context is not None
    request = C_FIND()
    request.MessageID = 9
    request.AffectedSOPClassUID = UID(each.sop_class_uid)
    request.Priority = 2
    request.Identifier = BytesIO(each.encoded)
    association.dimse.send_msg(request, context)


def hang_up_within(association: Association, text: bytes) -> None:
    """Say that a large data PDU comes, send its start, and drop the connection."""
    transport = association.dul.socket
    assert transport is not None
    assert transport.socket is not None
    pdu = struct.pack(">BBL", 4, 0, 100_000) + struct.pack(">LBB", 99_996, 1, 0) + text
    transport.socket.sendall(pdu)
    transport.socket.shutdown(socket.SHUT_RDWR)


def say(port: int, data: bytes) -> bytes:
    """Send bytes that need not be a protocol; return what is answered, if anything."""
    with socket.create_connection(("127.0.0.1", port), timeout=_WAIT_SECONDS) as connection:
        connection.settimeout(1.0)
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while piece := connection.recv(65536):
                answer += piece
        except OSError:
            pass
        return answer


def _context(association: Association, each: Phantom) -> int | None:
    for context in association.accepted_contexts:
        if (str(context.abstract_syntax), str(context.transfer_syntax[0])) == (
            each.sop_class_uid,
            each.transfer_syntax_uid,
        ):
            return context.context_id
    return None
