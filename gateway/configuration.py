"""The settings in the words of the parts: what `gateway.app` hands to them.

Each function imports only the part that it speaks to.
"""

from typing import TYPE_CHECKING

from gateway.settings import Destination, Settings

if TYPE_CHECKING:
    from gateway.health import Names
    from gateway.scp.receiver import ReceiverConfiguration
    from gateway.send.scu import Address
    from gateway.work.child_process import Limits
    from gateway.work.routing import Route

MIB = 1 << 20


def receiver_configuration(
    settings: Settings, *, spool_public_key: bytes, receiver_key: bytes, receiver_id: str
) -> "ReceiverConfiguration":
    """Return what the receiver must know."""
    from gateway.scp.association_policy import Peer
    from gateway.scp.receiver import ReceiverConfiguration

    dicom = settings.dicom
    return ReceiverConfiguration(
        host=dicom.host,
        port=dicom.port,
        own_ae_titles=own_ae_titles(settings),
        peers=tuple(
            Peer(name=each.name, ae_title=each.ae_title, address=each.address, issuer=each.issuer)
            for each in settings.peers
        ),
        private_sop_classes=dicom.private_sop_classes,
        object_bytes_at_most=dicom.max_object_mb * MIB,
        minimum_free_bytes=dicom.minimum_free_mb * MIB,
        maximum_associations=dicom.maximum_associations,
        spool=settings.spool,
        spool_public_key=spool_public_key,
        receiver_key=receiver_key,
        receiver_id=receiver_id,
    )


def own_ae_titles(settings: Settings) -> frozenset[str]:
    """Return the AE titles that may be called."""
    called = (title for each in settings.projects for title in each.match.called_ae_titles)
    return frozenset({settings.dicom.ae_title, *called})


def routes_of(settings: Settings) -> "tuple[Route, ...]":
    """Return the projects as the router has them, with their plans compiled.

    Raises
    ------
    rules.errors.RulesError
        A rule set or a condition is refused.
    """
    from gateway.work.routing import Route
    from rules.conditions import parse_condition
    from rules.load import load_plan

    return tuple(
        Route(
            project=project.name,
            plan=load_plan(project.rules),
            peers=project.match.peers,
            called_ae_titles=project.match.called_ae_titles,
            when=parse_condition(project.match.when) if project.match.when else None,
            destinations=project.destinations,
        )
        for project in settings.projects
    )


def child_limits(settings: Settings) -> "Limits":
    """Return what a parsing child may use."""
    from gateway.work.child_process import Limits

    return Limits(
        memory_mb=settings.work.child_memory_mb,
        cpu_seconds=settings.work.child_cpu_seconds,
        wall_seconds=settings.work.child_wall_seconds,
        faces_cpu_seconds=settings.work.faces_cpu_seconds,
        faces_object_cpu_seconds=settings.work.faces_object_cpu_seconds,
    )


def address_of(destination: Destination) -> "Address":
    """Return where a destination listens."""
    from gateway.send.scu import Address

    return Address(
        host=destination.host,
        port=destination.port,
        ae_title=destination.ae_title,
        calling_ae_title=destination.calling_ae_title,
    )


def names_of(settings: Settings) -> "Names":
    """Return the names that may be labels of metrics."""
    from gateway.health import Names

    return Names(
        projects=frozenset(project.name for project in settings.projects),
        destinations=frozenset(each.name for each in settings.destinations),
    )
