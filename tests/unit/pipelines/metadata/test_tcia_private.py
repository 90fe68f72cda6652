"""Private elements of real vendors: the standard's list, and that of TCIA (PS3.15, E.3.10)."""

import struct

import pytest

from tests.support.encoding import EXPLICIT, IMPLICIT, Made, MadeItem, encode
from tests.support.objects import joined, options, small, walked
from tests.unit.pipelines.metadata.planted import Result, assert_gone, cleaned

SAFE = options("retain-safe-private")
TEXTS = options("retain-safe-private", "clean-descriptors")
TCIA = "private_lists: [tcia]\n"
_NAME = Made(0x00100010, "PN", b"Marchetti^Lucia")
_MODIFIED = ("retain-safe-private", "clean-descriptors", "retain-longitudinal-modified-dates")
_FULL = ("retain-safe-private", "clean-descriptors", "retain-longitudinal-full-dates")
_BOTH = pytest.mark.parametrize("transfer_syntax", [EXPLICIT, IMPLICIT])


def _creator(tag: int, name: str) -> Made:
    return Made(tag, "LO", name.encode("ascii"))


def _cleaned(*elements: Made, rules: str, transfer_syntax: str = EXPLICIT) -> Result:
    return cleaned(small(_NAME, *elements, transfer_syntax=transfer_syntax), rules)


def _private(result: Result) -> list[int]:
    return [int(each.tag) for each in result.dataset if each.tag.is_private]


@_BOTH
def test_philips_numbers_are_those_of_the_list_not_of_the_dictionaries(
    transfer_syntax: str,
) -> None:
    # dictionaries say FD; the scanners write DS, and so does Table E.3.10-1
    block = (
        _creator(0x01F10010, "ELSCINT1"),
        Made(0x01F11001, "CS", b"HELIX"),
        Made(0x01F11007, "DS", b"98.6"),
        Made(0x01F11026, "DS", b"0.975"),
        Made(0x01F11027, "DS", b"0.75"),
    )
    # pydicom's own dictionary says FD, so it can't read the implicit file: the bytes must do
    result = walked(small(_NAME, *block, transfer_syntax=transfer_syntax), SAFE)
    written = joined(result)
    source = encode(block, implicit=transfer_syntax == IMPLICIT)
    assert source in written
    assert "113111" in result.report.methods


@_BOTH
@pytest.mark.parametrize("value", [struct.pack("<d", 0.975), b"Marchetti", b"0.9 Lucia "])
def test_what_is_no_number_is_not_kept_as_one(value: bytes, transfer_syntax: str) -> None:
    vr = "FD" if len(value) == 8 else "DS"
    block = (_creator(0x01F10010, "ELSCINT1"), Made(0x01F11026, vr, value))
    result = _cleaned(*block, rules=SAFE, transfer_syntax=transfer_syntax)
    assert _private(result) == []
    assert "113111" not in result.methods
    assert_gone(result, "Marchetti", "Lucia")


@_BOTH
def test_siemens_diffusion_stays(transfer_syntax: str) -> None:
    gradient = struct.pack("<3d", 0.5, 0.5, 0.7)
    block = (
        _creator(0x00190010, "SIEMENS MR HEADER"),
        Made(0x0019100C, "IS", b"1000"),
        Made(0x0019100D, "CS", b"DIRECTIONAL"),
        Made(0x0019100E, "FD", gradient),
        Made(0x00191008, "CS", b"IMAGE NUM 4"),  # not on the standard's list
    )
    result = _cleaned(*block, rules=SAFE, transfer_syntax=transfer_syntax)
    assert _private(result) == [0x00190010, 0x0019100C, 0x0019100D, 0x0019100E]
    assert gradient in result.written


def test_texts_on_the_list_are_cleaned() -> None:
    block = (
        _creator(0x00190010, "GEMS_ACQU_01"),
        Made(0x0019109E, "LO", b"EPI Marchetti"),  # Internal Pulse Sequence Name
    )
    result = _cleaned(*block, rules=TEXTS)
    assert result.dataset[0x0019109E].value == "EPI"
    assert {"113105", "113111"} <= result.methods
    without = _cleaned(*block, rules=SAFE)
    assert _private(without) == []
    assert "113111" not in without.methods


@pytest.mark.parametrize("transfer_syntax", [EXPLICIT, IMPLICIT])
def test_a_text_that_says_a_sequence_stays_word_for_word(transfer_syntax: str) -> None:
    block = (_creator(0x00190010, "GEMS_ACQU_01"), Made(0x0019109E, "LO", b"3DFASTSPGR"))
    result = _cleaned(*block, rules=TEXTS, transfer_syntax=transfer_syntax)
    assert b"3DFASTSPGR" in result.written


@pytest.mark.parametrize("transfer_syntax", [EXPLICIT, IMPLICIT])
def test_the_second_list_keeps_what_the_first_does_not_know(transfer_syntax: str) -> None:
    block = (
        _creator(0x00190010, "SIEMENS MR HEADER"),
        Made(0x0019100B, "DS", b"1.5"),
        Made(0x0019100F, "SH", b"Fast"),
    )
    rules = options("retain-safe-private", "clean-descriptors", rules=TCIA)
    result = _cleaned(*block, rules=rules, transfer_syntax=transfer_syntax)
    assert _private(result) == [0x00190010, 0x0019100B, 0x0019100F]
    assert _private(_cleaned(*block, rules=TEXTS)) == []


_DATED = (
    Made(0x00090010, "LO", b"GEMS_PETD_01"),
    Made(0x00091005, "DT", b"20240229101500"),  # C
    Made(0x00091007, "UI", b"1.2.840.1.9.7"),  # U
    Made(0x00130010, "LO", b"SIEMENS CM VA0  CMS"),
    Made(0x00131010, "DA", b"20240229"),  # C
    Made(0x00131012, "TM", b"101500"),  # K
)


@pytest.mark.parametrize(
    ("names", "moment"),
    [(("retain-safe-private",), None), (_MODIFIED, b"20210604"), (_FULL, b"20240229")],
)
def test_dates_of_the_second_list_follow_the_options_of_dates(
    names: tuple[str, ...], moment: bytes | None
) -> None:
    result = _cleaned(*_DATED, rules=options(*names, rules=TCIA))
    tags = _private(result)
    assert (0x00091005 in tags) is (0x00131010 in tags) is (moment is not None)
    if moment is None or moment != b"20240229":
        assert b"20240229" not in result.written
    if moment is not None:
        assert result.dataset[0x00091005].value == (moment + b"101500").decode()
        assert result.dataset[0x00131010].value == moment.decode()
    assert result.dataset[0x00091007].value.startswith("2.25.")
    assert_gone(result, "1.2.840.1.9.7")


def test_uids_of_the_second_list_point_at_the_same_instance() -> None:
    reference = MadeItem((Made(0x00081155, "UI", b"1.2.840.1.9.7"),))
    result = _cleaned(
        *_DATED,
        Made(0x00081115, "SQ", b"", (reference,)),
        rules=options("retain-safe-private", rules=TCIA),
    )
    (series,) = result.dataset.ReferencedSeriesSequence
    assert series.ReferencedSOPInstanceUID == result.dataset[0x00091007].value


def test_a_uid_in_a_text_of_the_second_list_is_replaced_or_goes() -> None:
    block = (_creator(0x00610010, "SIEMENS MED NM"), Made(0x00611035, "LO", b"1.2.840.1.9.7"))
    result = _cleaned(*block, rules=options(*_MODIFIED, rules=TCIA))
    assert_gone(result, "1.2.840.1.9.7")


# Private sequences that lost their VR on the way

_INNER = (
    _creator(0x00210010, "SIEMENS MR SDI 02"),
    Made(0x00211004, "LO", b"Lucia Marchetti"),
    Made(0x00080018, "UI", b"1.2.840.1.9.7"),
    Made(0x00100010, "PN", b"Marchetti^Lucia"),
)


@pytest.mark.parametrize("as_un", [True, False])
@pytest.mark.parametrize("undefined", [True, False])
@_BOTH
def test_a_private_sequence_is_walked_in_whatever_form_it_comes(
    *, as_un: bool, undefined: bool, transfer_syntax: str
) -> None:
    block = (
        _creator(0x00210010, "SIEMENS MR SDI 02"),
        Made(
            0x002110FE, "SQ", b"", (MadeItem(_INNER, undefined),), undefined=undefined, as_un=as_un
        ),
    )
    rules = options(*_MODIFIED, rules=TCIA)
    result = _cleaned(*block, rules=rules, transfer_syntax=transfer_syntax)
    assert_gone(result, "Marchetti", "Lucia", "1.2.840.1.9.7")
    assert 0x002110FE in _private(result)
    without = _cleaned(*block, rules=TEXTS, transfer_syntax=transfer_syntax)
    assert _private(without) == []


@pytest.mark.parametrize("length", [40_000, 16])
def test_bytes_that_should_be_a_private_sequence_and_are_not_go(length: int) -> None:
    block = (
        _creator(0x00210010, "SIEMENS MR SDI 02"),
        Made(0x002110FE, "UN", (b"Marchetti no items " * length)[:length]),
    )
    result = _cleaned(*block, rules=options(*_MODIFIED, rules=TCIA))
    assert_gone(result, "Marchetti")
    assert 0x002110FE not in _private(result)
    assert "113111" not in result.methods


def test_a_large_private_sequence_in_unknown_bytes_is_walked() -> None:
    many = tuple(MadeItem(_INNER, undefined=True) for _ in range(200))
    block = (
        _creator(0x00210010, "SIEMENS MR SDI 02"),
        Made(0x002110FE, "SQ", b"", many, undefined=False, as_un=True),
    )
    result = _cleaned(*block, rules=options(*_MODIFIED, rules=TCIA))
    assert_gone(result, "Marchetti", "1.2.840.1.9.7")


def test_csa_headers_and_the_phoenix_archive_go_without_a_list() -> None:
    archive = b"PK\3\4" + b"Marchetti" * 3000
    block = (
        _creator(0x00290010, "SIEMENS CSA HEADER"),
        _creator(0x00290011, "SIEMENS CSA REPORT"),
        Made(0x00291010, "OB", b"SV10\4\3\2\1Marchetti"),
        Made(0x00291020, "OB", b"SV10" + b"Marchetti " * 2000),
        Made(0x00291108, "CS", b"PHOENIXZIP"),
        Made(0x00291110, "OB", archive),
    )
    result = _cleaned(*block, rules=TEXTS)
    assert _private(result) == []
    assert_gone(result, "Marchetti", "SIEMENS CSA REPORT")


def test_binary_elements_of_the_second_list_go_and_the_option_is_not_claimed() -> None:
    block = (
        _creator(0x00090010, "ELEKTA GAMMAPLAN"),
        Made(0x00091020, "UN", b"Marchetti in unknown bytes"),
    )
    result = _cleaned(*block, rules=options(*_MODIFIED, rules=TCIA))
    assert_gone(result, "Marchetti")
    assert "113111" not in result.methods


def test_a_sequence_of_undefined_length_in_unknown_bytes_at_the_root() -> None:
    block = (
        _creator(0x00290010, "SIEMENS SYNGO ADVANCED PRESENTATION"),
        Made(0x00291002, "SQ", b"", (MadeItem(_INNER, undefined=True),), True, True),
    )
    result = _cleaned(*block, rules=options(*_MODIFIED, rules=TCIA))
    assert_gone(result, "Marchetti")
    assert 0x00291002 in _private(result)
