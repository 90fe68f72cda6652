"""The tables of the standard: made from their sources, read back whole."""

from pathlib import Path

from rules.standard.generate import generate, main
from rules.tables import (
    confidentiality_table,
    definition,
    iod_of,
    iod_types,
    method_codes,
    provenance,
    safe_private,
    tags_by_keyword,
)
from rules.vocabulary import Option
from tests.support.shared_data import SHARED, needs_shared

FOLDER = Path(__file__).resolve().parents[3] / "rules" / "standard"


@needs_shared
def test_the_tables_are_what_their_sources_give() -> None:
    assert SHARED is not None
    for name, text in generate(SHARED / "standard").items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, name
    assert main([str(SHARED / "standard"), "--check"]) == 0


def test_the_generator_needs_a_folder() -> None:
    assert main([]) == 2


def test_every_table_is_small_and_has_its_provenance() -> None:
    tables = {f.name for f in FOLDER.iterdir() if f.suffix in (".tsv", ".json")}
    assert tables == set(provenance()) | {"provenance.json"}
    assert sum((FOLDER / name).stat().st_size for name in tables) < 500_000
    for entry in provenance().values():
        assert entry["edition"]
        assert all(len(digest) == 64 for digest in entry["inputs"].values())


def test_the_confidentiality_table_is_whole() -> None:
    table = confidentiality_table()
    assert table.edition == "2026d"
    assert len(table.rows) + len(table.repeating) + 1 == 657
    assert table.rows[0x00080080].options == {Option.RETAIN_INSTITUTION_IDENTITY: "K"}
    rows = [*table.rows.values(), *table.repeating.values(), table.private]
    without_column = {Option.CLEAN_PIXEL_DATA, Option.CLEAN_RECOGNIZABLE_VISUAL_FEATURES}
    assert {option for row in rows for option in row.options} == set(Option) - without_column


def test_repeating_groups_are_found_by_mask() -> None:
    table = confidentiality_table()
    for group in range(0x6000, 0x6100, 2):
        assert table.row(group << 16 | 0x3000) is table.repeating["60XX3000"]
        assert table.row(group << 16 | 0x0010) is None
    assert table.row(0x501E0005) is table.repeating["50XXXXXX"]
    assert table.row(0x61003000) is None


def test_the_dictionary_knows_rows_that_are_newer_than_pydicom() -> None:
    found = definition(0x0040A034)
    assert found is not None
    assert (found.vr, found.keyword) == ("DT", "EffectiveStartDateTime")
    assert tags_by_keyword()["EffectiveStartDateTime"] == 0x0040A034
    assert definition(0x00081357) is None


def test_the_strictest_type_over_the_modules_counts() -> None:
    types = iod_types("ct-image").types
    assert types["StudyDate"] == "2"
    assert types["InstitutionName"] == "3"
    assert types["SOPInstanceUID"] == "1"
    assert types["ReferringPhysicianIdentificationSequence.InstitutionName"] == "1C"
    assert iod_of("1.2.840.10008.5.1.4.1.1.2") == "ct-image"
    assert iod_of("1.2.3") is None


def test_every_mapped_sop_class_has_types() -> None:
    for name in {iod_of(uid) for uid in ("1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.1.3.10")}:
        assert name is not None
        assert iod_types(name).types is not None


def test_every_option_has_its_method_code() -> None:
    assert set(method_codes()) == {None, *Option}
    assert method_codes()[None].value == "113100"
    assert method_codes()[Option.RETAIN_UIDS].value == "113110"


def test_the_safe_private_list_is_whole() -> None:
    assert len(safe_private()) == 479
    assert safe_private()["SIEMENS MR HEADER", 0x0019, 0x0C].vr == "IS"
