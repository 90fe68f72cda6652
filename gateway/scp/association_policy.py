"""Who may open an association. Decides; does no I/O.

A peer is known by its AE title together with its address. An empty list admits nobody.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network


class Rejection(Enum):
    """Result, source and reason of an A-ASSOCIATE-RJ (PS3.8, 9.3.4)."""

    CALLING_AE_TITLE = (1, 1, 3)
    CALLED_AE_TITLE = (1, 1, 7)
    CONGESTION = (2, 3, 1)
    LIMIT = (2, 3, 2)

    @property
    def code(self) -> str:
        """Return the stable code for logs and the audit."""
        return "association." + self.name.lower().replace("_", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A sender that is known.

    Attributes
    ----------
    name : str
        From the settings; the only thing said of a peer in logs.
    ae_title : str
        Calling AE title.
    address : str
        IP address or CIDR block.
    issuer : str
        Default Issuer of Patient ID.
    """

    name: str
    ae_title: str
    address: str
    issuer: str
    network: IPv4Network | IPv6Network = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "network", ip_network(self.address, strict=False))


def admit(
    peers: Iterable[Peer],
    *,
    own_ae_titles: Collection[str],
    called: str,
    calling: str,
    address: str,
) -> Peer | Rejection:
    """Return the peer that may go on, or why it may not.

    Parameters
    ----------
    own_ae_titles : Collection[str]
        Those that may be called.
    called, calling : str
        AE titles of the request. Spaces around them mean nothing (PS3.5, 6.2).
    address : str
        IP address of the other end of the connection.
    """
    source = _address(address)
    for peer in peers:
        if peer.ae_title.strip() == calling.strip() and source in peer.network:
            is_for_us = called.strip() in own_ae_titles
            return peer if is_for_us else Rejection.CALLED_AE_TITLE
    return Rejection.CALLING_AE_TITLE


def _address(text: str) -> IPv4Address | IPv6Address:
    """Return the address; IPv4 mapped into IPv6 (a dual-stack socket) is IPv4."""
    address = ip_address(text.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
