"""Which projects take an object. Pure: what matches no project is held by the caller."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rules.conditions import Condition
from rules.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A project, what it takes and what it does with it.

    Attributes
    ----------
    project : str
    plan : Plan
    peers : tuple[str, ...]
        Names; none: any.
    called_ae_titles : tuple[str, ...]
        AE titles that the sender called; none: any.
    when : Condition or None
        Over root attributes; None: always.
    destinations : tuple[str, ...]
        Names.
    """

    project: str
    plan: Plan = field(repr=False)
    peers: tuple[str, ...] = ()
    called_ae_titles: tuple[str, ...] = ()
    when: Condition | None = None
    destinations: tuple[str, ...] = ()

    def takes(self, *, peer: str, called_ae_title: str, attributes: Mapping[str, str]) -> bool:
        """Return whether every part that is given holds."""
        return (
            (not self.peers or peer in self.peers)
            and (not self.called_ae_titles or called_ae_title in self.called_ae_titles)
            and (self.when is None or self.when.holds(attributes.get, attributes.get))
        )


def routes_of(
    routes: Sequence[Route],
    *,
    peer: str,
    called_ae_title: str,
    attributes: Mapping[str, str],
) -> tuple[Route, ...]:
    """Return the routes that take an object; several projects may.

    Parameters
    ----------
    called_ae_title : str
        "" where it is not known: a project that asks for one does not take the object.
    attributes : Mapping[str, str]
        `routing_attributes` of the object's root, decoded.
    """
    return tuple(
        route
        for route in routes
        if route.takes(peer=peer, called_ae_title=called_ae_title, attributes=attributes)
    )


def routing_attributes(routes: Sequence[Route]) -> frozenset[str]:
    """Return the keywords that the conditions of `routes` look at."""
    return frozenset(keyword for route in routes if route.when for keyword in route.when.attributes)
