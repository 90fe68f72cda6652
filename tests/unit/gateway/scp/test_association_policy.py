import pytest

from gateway.scp.association_policy import Peer, Rejection, admit

CT = Peer(name="ct", ae_title="CT1", address="10.1.2.3", issuer="A")
WARD = Peer(name="ward", ae_title="WARD", address="10.2.0.0/16", issuer="B")
SIX = Peer(name="six", ae_title="SIX", address="2001:db8::/32", issuer="B")
PEERS = (CT, WARD, SIX)


def asked(
    calling: str, address: str, *, called: str = "NARTHEX", peers: tuple[Peer, ...] = PEERS
) -> Peer | Rejection:
    return admit(
        peers, own_ae_titles={"NARTHEX", "OTHER"}, called=called, calling=calling, address=address
    )


@pytest.mark.parametrize(
    ("calling", "address", "peer"),
    [
        ("CT1", "10.1.2.3", CT),
        (" CT1 ", "10.1.2.3", CT),
        ("WARD", "10.2.255.1", WARD),
        ("WARD", "::ffff:10.2.0.9", WARD),
        ("SIX", "2001:db8::7", SIX),
        ("SIX", "2001:db8::7%eth0", SIX),
    ],
)
def test_title_and_address_together_admit(calling: str, address: str, peer: Peer) -> None:
    assert asked(calling, address) is peer
    assert asked(calling, address, called=" OTHER ") is peer


@pytest.mark.parametrize(
    ("calling", "address"),
    [
        ("CT1", "10.1.2.4"),
        ("ct1", "10.1.2.3"),
        ("WARD", "10.3.0.1"),
        ("CT1", "10.2.0.1"),
        ("NARTHEX", "10.1.2.3"),
        ("", "10.1.2.3"),
        ("SIX", "10.1.2.3"),
    ],
)
def test_anybody_else_is_an_unknown_caller(calling: str, address: str) -> None:
    assert asked(calling, address) is Rejection.CALLING_AE_TITLE


def test_an_empty_list_admits_nobody() -> None:
    assert asked("CT1", "10.1.2.3", peers=()) is Rejection.CALLING_AE_TITLE


def test_a_known_peer_that_calls_another_title_is_told_so() -> None:
    assert asked("CT1", "10.1.2.3", called="PACS") is Rejection.CALLED_AE_TITLE


def test_a_stranger_does_not_learn_our_titles() -> None:
    answers = {asked("X", "10.9.9.9", called=called) for called in ("NARTHEX", "PACS")}
    assert answers == {Rejection.CALLING_AE_TITLE}


def test_one_title_at_two_addresses_is_two_peers() -> None:
    other = Peer(name="ct-2", ae_title="CT1", address="10.9.0.0/24", issuer="C")
    assert asked("CT1", "10.9.0.8", peers=(CT, other)) is other


def test_codes_are_those_of_the_standard() -> None:
    assert {each.code: each.value for each in Rejection} == {
        "association.calling-ae-title": (1, 1, 3),
        "association.called-ae-title": (1, 1, 7),
        "association.congestion": (2, 3, 1),
        "association.limit": (2, 3, 2),
    }
