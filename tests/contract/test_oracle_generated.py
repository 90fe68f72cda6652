"""Engine and oracle agree over generated objects, also such as no device makes."""

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipelines.context import SubjectContext
from tests.support.agreement import (
    CONTEXT,
    OPTION_SETS,
    OPTIONS,
    RESEARCH,
    disagreements,
    option_name,
)
from tests.support.datasets import (
    AGES,
    CHARACTER_SETS,
    CT,
    DATES,
    DATETIMES,
    SOP_CLASSES,
    TIMES,
    UIDS,
    base,
    nested,
    objects,
    person_elements,
    private_elements,
)
from tests.support.encoding import (
    DEFLATED,
    EXPLICIT,
    IMPLICIT,
    Made,
    MadeItem,
    dicom_file,
)
from tests.support.shared_data import needs_shared

pytestmark = needs_shared

FEW = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
SYNTAXES = (EXPLICIT, IMPLICIT, DEFLATED)


def agree(data: bytes, options: Sequence[str], *, unknown: str = "remove") -> None:
    found = disagreements(data, options, unknown=unknown)
    assert not found, "\n".join(found[:20])


@pytest.mark.parametrize("options", OPTION_SETS, ids=option_name)
@FEW
@given(drawn=objects())
def test_objects_agree(options: Sequence[str], drawn: tuple[tuple[Made, ...], str]) -> None:
    elements, syntax = drawn
    agree(dicom_file(elements, transfer_syntax=syntax), options)


@FEW
@given(
    drawn=objects(),
    options=st.sets(st.sampled_from(OPTIONS)),
    days=st.sampled_from((-3650, -365, -1)),
    generation=st.sampled_from((1, 2, 10)),
)
def test_sets_of_options_agree(
    drawn: tuple[tuple[Made, ...], str], options: set[str], days: int, generation: int
) -> None:
    both_dates = {"retain-longitudinal-full-dates", "retain-longitudinal-modified-dates"}
    options -= both_dates if both_dates <= options else set()
    context = SubjectContext(
        pseudonym="NX-Q", shift_days=days, uid_secret=b"s" * 32, uid_generation=generation
    )
    elements, syntax = drawn
    data = dicom_file(elements, transfer_syntax=syntax)
    found = disagreements(data, sorted(options), context=context)
    assert not found, "\n".join(found[:20])


@FEW
@given(drawn=objects(), modality=st.sampled_from((b"US", b"MR", b"CT ", b"SEG")))
def test_what_nobody_looked_at_for_faces_agrees(
    drawn: tuple[tuple[Made, ...], str], modality: bytes
) -> None:
    elements, syntax = drawn
    kept = [each for each in elements if each.tag != 0x00080060]
    data = dicom_file((*kept, Made(0x00080060, "CS", modality)), transfer_syntax=syntax)
    agree(data, ("clean-recognizable-visual-features",))


@FEW
@given(drawn=objects())
def test_unknown_attributes_hold_alike(drawn: tuple[tuple[Made, ...], str]) -> None:
    elements, syntax = drawn
    agree(dicom_file(elements, transfer_syntax=syntax), (), unknown="hold")


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
@pytest.mark.parametrize("options", [(), RESEARCH], ids=option_name)
@FEW
@given(blocks=st.lists(private_elements(depth=2), max_size=4))
def test_private_blocks_agree(
    options: Sequence[str], syntax: str, blocks: list[tuple[Made, ...]]
) -> None:
    private = tuple(element for block in blocks for element in block)
    inside = Made(0x00081115, "SQ", b"", (MadeItem(private),))
    elements = (*base(CT), *private, inside)
    agree(dicom_file(elements, transfer_syntax=syntax), options)


@pytest.mark.parametrize("sop_class", ["CT", "enhanced SR", "unmapped"])
@FEW
@given(names=person_elements(), inner=person_elements())
def test_names_agree(sop_class: str, names: tuple[Made, ...], inner: tuple[Made, ...]) -> None:
    inside = Made(0x00081115, "SQ", b"", (MadeItem(inner), MadeItem(names[1:])))
    agree(dicom_file((*base(SOP_CLASSES[sop_class]), *names, inside)), ())


@pytest.mark.parametrize("declared", sorted(CHARACTER_SETS), ids=repr)
def test_the_name_of_the_patient_agrees(declared: bytes) -> None:
    codec, name = CHARACTER_SETS[declared]
    text = name.encode(codec)
    item = MadeItem((Made(0x00100010, "PN", text), Made(0x00100020, "LO", b" PAT-4711 ")))
    other = MadeItem((Made(0x00100010, "PN", b"X"), Made(0x00100020, "LO", b"PAT-47")))
    elements = (
        *base(CT)[:4],
        Made(0x00080005, "CS", declared),
        Made(0x00081115, "SQ", b"", (item, other, MadeItem(()))),
        Made(0x00100010, "PN", text + b" "),
        Made(0x00100020, "LO", b"PAT-4711"),
        Made(0x0040A123, "PN", text),
    )
    agree(dicom_file(elements), ())


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
@pytest.mark.parametrize("sop_class", ["CT", "enhanced SR", "unmapped"])
@pytest.mark.parametrize(
    "options",
    [
        (),
        ("retain-longitudinal-modified-dates",),
        ("retain-longitudinal-full-dates",),
        ("retain-patient-characteristics",),
        ("retain-uids",),
    ],
    ids=option_name,
)
def test_every_odd_value_agrees(options: Sequence[str], sop_class: str, syntax: str) -> None:
    found = []
    tags = {
        DATES: (("DA", 0x00080020), ("DA", 0x00080021), ("DA", 0x00080023), ("DA", 0x00100030)),
        TIMES: (("TM", 0x00080030), ("TM", 0x00080033), ("TM", 0x00080013)),
        DATETIMES: (("DT", 0x0008002A), ("DT", 0x00080015), ("DT", 0x0040A032)),
        AGES: (("AS", 0x00101010),),
        UIDS: (
            ("UI", 0x00081155),
            ("UI", 0x00209312),
            ("UI", 0x00200052),
        ),
    }
    for values, places in tags.items():
        for value in values:
            made = [Made(tag, vr, value) for vr, tag in places]
            inside = Made(0x00081115, "SQ", b"", (MadeItem(tuple(made)),))
            data = dicom_file(
                (*base(SOP_CLASSES[sop_class]), *made, inside), transfer_syntax=syntax
            )
            found += [f"{value!r}: {line}" for line in disagreements(data, options)]
    assert not found, "\n".join([str(len(found)), *found[:40]])


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize("as_un", [False, True])
@pytest.mark.parametrize("depth", [1, 7, 60, 64, 65])
def test_depths_agree(depth: int, syntax: str, undefined: bool, as_un: bool) -> None:  # noqa: FBT001
    inside = (Made(0x00081155, "UI", b"1.2.3"), Made(0x00101040, "LO", b"Hill Road 7"))
    deep = nested(depth, inside, undefined=undefined, as_un=as_un)
    agree(dicom_file((*base(CT), deep), transfer_syntax=syntax), ())


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_a_bare_dataset_agrees(syntax: str) -> None:
    data = dicom_file(base(CT), transfer_syntax=syntax, with_meta=False)
    agree(data, ())


@pytest.mark.parametrize("missing", range(6))
def test_what_must_be_there_holds_alike(missing: int) -> None:
    elements = base(CT)
    agree(dicom_file(elements[:missing] + elements[missing + 1 :]), ())
    blank = Made(elements[missing].tag, elements[missing].vr, b"  ")
    agree(dicom_file((*elements[:missing], blank, *elements[missing + 1 :])), ())


@pytest.mark.parametrize(
    "rule",
    [
        (0x00080070, "X"), (0x00080070, "Z"), (0x00080070, "D"), (0x00080070, "K"),
        (0x00081030, "K"), (0x00080020, "C"), (0x00080020, "D"), (0x00080018, "K"),
        (0x00081140, "K"), (0x0040A730, "K"), (0x00100010, "Z"), (0x00100010, "D"),
        (0x00100020, "D"), (0x0020000D, "K"), (0x00081115, "Z"), (0x00081115, "D"),
    ],
    ids=str,
)  # fmt: skip
def test_simple_overrides_agree(rule: tuple[int, str]) -> None:
    item = MadeItem((Made(0x00081030, "LO", b"Chest"), Made(0x00080020, "DA", b"20240229")))
    elements = (
        *base(CT),
        Made(0x00080020, "DA", b"20240229"),
        Made(0x00080070, "LO", b"ACME"),
        Made(0x00081030, "LO", b"Chest"),
        Made(0x00081115, "SQ", b"", (item,)),
        Made(0x00081140, "SQ", b"", (item,)),
        Made(0x0040A730, "SQ", b"", (item,)),
    )
    found = disagreements(dicom_file(elements), (), rules=[rule], context=CONTEXT)
    assert not found, "\n".join(found)
