"""What the cleaner leaves is never a find of the release gate."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.objects import IdentityValue
from pipelines.text import Depth, Kind, KnownValue, cleaner_for
from pipelines.verify.judgement import Judge
from pipelines.verify.places import Place
from pipelines.verify.search import search_of
from tests.unit.pipelines.verify.planted import PLAN

_TAGS = {
    Kind.SUBJECT: 0x00100010,
    Kind.PERSON: 0x00080090,
    Kind.SUBJECT_ID: 0x00100020,
    Kind.ID: 0x00080050,
    Kind.BIRTH_DATE: 0x00100030,
    Kind.PHONE: 0x00102154,
    Kind.ADDRESS: 0x00101040,
    Kind.INSTITUTION: 0x00080080,
}
_SOME_NAMES = """
Doe Hand White Müller Mueller Strauß Øberg O'Brien Smith-Jones de|la|Cruz van|der|Berg Li Ng Xu
Brown Head Jane John Jean-Luc Ann José Łukasz Иванов Пётр Παπαδόπουλος 山田 太郎 李 홍 길동 王 田中
Test Anon CT MR Bone Long May Park محمد Åse Zoë Kim Ax Wu Lê Händ
"""
_NAMES = st.sampled_from(_SOME_NAMES.split()).map(lambda name: name.replace("|", " "))
_BIRTH_DATES = st.dates().filter(lambda d: d.year >= 1850).map(lambda d: d.strftime("%Y%m%d"))
_IDS = st.from_regex(r"(?:[A-Z]{0,3}-?[0-9]{2,10}(?:[-/. ][0-9]{1,4})?)", fullmatch=True)
_SOME_WORDS = """
CT chest with contrast of the hand white matter head Hand MRI BRAIN for seen by Dr pt t1 T2 fat_sat
3 mm 2/3 12-14-16 nodule left - , : ; ^ ( ) / . _ & der Frau L4-5 患者 様の 胸部 J. A no
"""
_WORDS = st.sampled_from(_SOME_WORDS.split())
_SEPARATORS = st.sampled_from([" ", ", ", "_", "^", "-", "", ". ", "/", "  ", "(", ")", "\n"])


@st.composite
def _identities(draw: st.DrawFn) -> frozenset[KnownValue]:
    family, given_name, middle = draw(_NAMES), draw(_NAMES), draw(st.one_of(st.just(""), _NAMES))
    values = [
        KnownValue(Kind.SUBJECT, f"{family}^{given_name}^{middle}".rstrip("^")),
        KnownValue(Kind.PERSON, f"{draw(_NAMES)}^{draw(_NAMES)}"),
        KnownValue(Kind.SUBJECT_ID, draw(_IDS)),
        KnownValue(Kind.ID, draw(_IDS)),
        KnownValue(Kind.BIRTH_DATE, draw(_BIRTH_DATES)),
        KnownValue(Kind.PHONE, draw(st.sampled_from(["+49 351 4588 2210", "410-555-1212"]))),
        KnownValue(
            Kind.ADDRESS, draw(st.sampled_from(["Hauptstr. 17, 01067 Dresden", "1 Elm St"]))
        ),
        KnownValue(
            Kind.INSTITUTION, draw(st.sampled_from(["St Elswhere Memorial", "Klinikum Süd"]))
        ),
    ]
    return frozenset(values)


def _spelled(draw: st.DrawFn, value: KnownValue) -> str:
    text = value.text
    if value.kind in (Kind.SUBJECT, Kind.PERSON):
        parts = draw(st.permutations([part for part in text.split("^") if part]))
        count = draw(st.integers(1, len(parts)))
        text = draw(_SEPARATORS.filter(lambda each: each != "\n")).join(parts[:count])
        if draw(st.booleans()):
            text = parts[0][0] + parts[-1]
    if value.kind is Kind.BIRTH_DATE:
        y, m, d = text[:4], text[4:6], text[6:]
        forms = [text, f"{y}-{m}-{d}", f"{d}.{m}.{y}", f"{int(m)}/{int(d)}/{y}", f"{d}{m}{y}"]
        text = draw(st.sampled_from(forms))
    if value.kind in (Kind.SUBJECT_ID, Kind.ID, Kind.PHONE):
        forms = [text, "00" + text, text.replace("-", ""), text.replace("-", " ").replace("/", "-")]
        text = draw(st.sampled_from(forms))
    return draw(st.sampled_from([text, text.upper(), text.lower()]))


@st.composite
def _texts(draw: st.DrawFn, known: frozenset[KnownValue]) -> str:
    values = sorted(known, key=lambda each: (each.kind, each.text))
    pieces = []
    for _ in range(draw(st.integers(1, 6))):
        if draw(st.booleans()):
            pieces.append(_spelled(draw, draw(st.sampled_from(values))))
        else:
            pieces.append(draw(_WORDS))
        pieces.append(draw(_SEPARATORS))
    return "".join(pieces)


def _is_held(text: str, known: frozenset[KnownValue]) -> bool:
    identity = tuple(
        IdentityValue(tag=_TAGS[v.kind], value=v.text.encode(), encodings=("utf_8",))
        for v in sorted(known, key=lambda each: (each.kind, each.text))
    )
    data = text.encode()
    judge = Judge(search_of(identity), plan=PLAN, pseudonym=b"PSEUDONYM")
    place = Place("", 0x00081030, "LO", 0, len(data), charset=b"ISO_IR 192")
    return judge.is_identity(place, data, is_start=True, is_end=True)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.sampled_from(Depth))
def test_the_gate_finds_nothing_in_a_cleaned_text(data: st.DataObject, depth: Depth) -> None:
    known = data.draw(_identities())
    text = data.draw(_texts(known))
    cleaned = cleaner_for(known).clean(text, depth).text
    assert not _is_held(cleaned, known)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.sampled_from(Depth))
def test_cleaning_twice_is_cleaning_once_and_nothing_grows(
    data: st.DataObject, depth: Depth
) -> None:
    known = data.draw(_identities())
    text = data.draw(_texts(known))
    cleaned = cleaner_for(known).clean(text, depth).text
    assert cleaner_for(known).clean(cleaned, depth).text == cleaned
    assert len(cleaned) <= len(text)
    assert len(cleaned.encode()) <= len(text.encode())
    assert cleaned.count("\n") == text.count("\n")


@settings(deadline=None)
@given(st.text(max_size=80), st.sampled_from(Depth))
def test_any_text_is_taken(text: str, depth: Depth) -> None:
    cleaner = cleaner_for(frozenset([KnownValue(Kind.SUBJECT, "Doe^Jane")]))
    cleaned = cleaner.clean(text, depth)
    assert (cleaned.text == text) == (not cleaned.reasons)
    assert cleaner.clean(cleaned.text, depth).text == cleaned.text


@pytest.mark.parametrize("text", ["HAND XRAY", "white matter", "bone scan", "Head CT"])
def test_a_clinical_word_that_is_a_name_stays_and_is_released(text: str) -> None:
    known = frozenset(
        [KnownValue(Kind.SUBJECT, "Hand^White"), KnownValue(Kind.PERSON, "Bone^Head")]
    )
    for depth in Depth:
        assert cleaner_for(known).clean(text, depth).text == text
    assert not _is_held(text, known)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("CT 患者20000101 ", "CT 患者"),
        ("患者2000-01-01の胸部", "患者の胸部"),
        ("胸部01.01.2000", "胸部"),
        ("der wu)ax knee", "der knee"),
        ("head, Xu(White knee", "head, knee"),
        ("WHITE(MAY_matter", "matter"),
        ("wu; AX knee", "knee"),
        ("white\nMAY knee", "\nknee"),
        ("båse knee", "knee"),
        ("BÅse knee", "knee"),
        ("Lê chest", "chest"),
        ("knee, van_LE", "knee"),
        ("Le\u0302 chest", "chest"),
        ("QX\n778120 knee", "\nknee"),
        ("knee 410\n5551212", "knee\n"),
    ],
)
@pytest.mark.parametrize("depth", Depth)
def test_what_the_gate_finds_is_cut(text: str, left: str, depth: Depth) -> None:
    known = frozenset(
        [
            KnownValue(Kind.BIRTH_DATE, "20000101"),
            KnownValue(Kind.SUBJECT, "May^White"),
            KnownValue(Kind.SUBJECT, "Lê^Hùng"),
            KnownValue(Kind.PERSON, "Le^Van"),
            KnownValue(Kind.PERSON, "Wu^Ax"),
            KnownValue(Kind.PERSON, "White^Xu"),
            KnownValue(Kind.PERSON, "Åse^Bone"),
            KnownValue(Kind.SUBJECT_ID, "QX-778120"),
            KnownValue(Kind.PHONE, "410-555-1212"),
        ]
    )
    assert _is_held(text, known)
    assert cleaner_for(known).clean(text, depth).text == left
    assert not _is_held(left, known)


@pytest.mark.parametrize("text", ["CT base of skull", "le CT", "hand; matter"])
def test_a_word_without_the_accents_of_a_name_stays(text: str) -> None:
    known = frozenset(
        [
            KnownValue(Kind.SUBJECT, "Lê^Hùng"),
            KnownValue(Kind.PERSON, "Åse^Bone"),
            KnownValue(Kind.PERSON, "Händ^Zoë"),
        ]
    )
    assert cleaner_for(known).clean(text, Depth.KNOWN).text == text
    assert not _is_held(text, known)


def test_one_character_of_utf_16_is_not_found_in_two_letters() -> None:
    known = frozenset([KnownValue(Kind.SUBJECT, "Doe^\u674e")])  # UTF-16: "gN", "Ng"
    assert not _is_held("NG tube", known)
    assert _is_held("seen \u674e", known)


_FORMS = ["{0}, {1}", "{1} {0}", "{0}^{1}", "{1}_{0}", "{0}{1}", "{1}-{0}", "z{0}", "{0}Z", "{0}"]


@settings(deadline=None)
@given(
    st.sampled_from(_FORMS),
    st.sampled_from([str.upper, str.lower, str.title, str]),
    st.sampled_from(Depth),
    st.sampled_from(["-", " ", "/", ".", ""]),
)
def test_no_known_value_stays_in_a_spelling_that_is_known(
    form: str, case: Callable[[str], str], depth: Depth, separator: str
) -> None:
    known = frozenset(
        [KnownValue(Kind.SUBJECT, "Okonkwo^Zdenka"), KnownValue(Kind.SUBJECT_ID, "QX-778120")]
    )
    name = case(form.format("Okonkwo", "Zdenka"))
    left = cleaner_for(known).clean(f"CT {name} chest QX{separator}778120 knee", depth).text
    assert left == "CT chest knee"
