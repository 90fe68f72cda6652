"""Names, places and character sets of several cultures. All persons are invented."""

import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Culture:
    """A stock of names with the character sets that can write them.

    Attributes
    ----------
    families, givens : tuple of tuple of str
        Romanised, native (or ''), phonetic (or '') form.
    charsets : tuple of tuple of str
        Values for Specific Character Set (0008,0005); a file takes one of them.
    prefixes : tuple of str
        What may stand before a family name, such as ``van der``.
    cities : tuple of str
        For addresses and institutions.
    hospital : str
        Pattern of an institution name, with ``{city}``.
    joined : bool
        Whether family and given name are written without a space.
    """

    name: str
    families: tuple[tuple[str, str, str], ...]
    givens: tuple[tuple[str, str, str], ...]
    charsets: tuple[tuple[str, ...], ...]
    prefixes: tuple[str, ...] = ("",)
    cities: tuple[str, ...]
    hospital: str
    joined: bool = False


def _plain(text: str) -> tuple[tuple[str, str, str], ...]:
    return tuple((word.replace("_", " "), "", "") for word in text.split())


def _triples(text: str) -> tuple[tuple[str, str, str], ...]:
    triples = []
    for entry in text.split():
        roman, native, phonetic = (*entry.split("/"), "", "")[:3]
        triples.append((roman, native, phonetic))
    return tuple(triples)


_UNDECOMPOSED = str.maketrans(
    {"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "ß": "ss", "æ": "ae", "\u0131": "i"}
)
_UTF8 = ("ISO_IR 192",)

CLINICAL_USES = {
    "HAND": ("HAND X-RAY PA AND LATERAL", "left hand 3 views"),
    "BONE": ("BONE WINDOW 2 MM", "bone scan whole body"),
    "MAY": ("nodule may represent granuloma", "artefact may be due to motion"),
    "WHITE": ("WHITE MATTER LESIONS FLAIR", "white matter hyperintensity"),
    "HEAD": ("CT HEAD W/O CONTRAST", "humeral head intact"),
    "LUNG": ("LUNG WINDOW 1.25 MM",),
    "CHEST": ("CHEST PA AND LATERAL", "chest clear"),
    "SPINE": ("LUMBAR SPINE SAG T2", "spine straight"),
    "BROWN": ("brown fat uptake in neck", "brown tumor of jaw"),
    "YOUNG": ("too young for closed physes",),
    "LONG": ("LONG AXIS VIEW CINE", "long segment stenosis"),
    "SHORT": ("SHORT AXIS CINE SSFP", "short TI inversion recovery"),
    "KIDNEY": ("left kidney cyst 12 mm", "KIDNEY STONE PROTOCOL"),
    "FOOT": ("FOOT AP AND OBLIQUE", "right foot weight bearing"),
    "GREEN": ("indocyanine green given",),
    "BLACK": ("BLACK BLOOD IMAGING T1",),
    "STRONG": ("strong enhancement of rim",),
    "CHIN": ("chin to chest position",),
    "STONE": ("bladder stone 8 mm", "STONE PROTOCOL LOW DOSE"),
    "BAKER": ("BAKER CYST LEFT KNEE",),
    "WATERS": ("WATERS VIEW SINUSES",),
    "PARKINSON": ("Parkinson disease stage 2",),
}
"""Surnames that are words of a radiology report, with texts in which they name no person."""

CLINICAL_SURNAMES = frozenset(CLINICAL_USES)
"""Alone they say nothing."""

CULTURES: tuple[Culture, ...] = (
    Culture(
        name="english",
        families=_plain(
            "Ashdown Brackenbury Calloway Dunsmore Featherstone Hollingsworth Kirkbride "
            "Smith Johnson Williams Thompson Robinson Kowalski Nguyen Patel"
        ),
        givens=_plain(
            "Rosalind Clementine Barnaby Thaddeus Winifred Leopold Cordelia "
            "Jane Robert Michael Jennifer Priya Linda"
        ),
        charsets=((), ("ISO_IR 100",), _UTF8),
        cities=("Wexbridge", "Marlholme", "Tarnbury"),
        hospital="{city} General Infirmary",
    ),
    Culture(
        name="clinical-words",
        families=_plain(" ".join(sorted(CLINICAL_USES))),
        givens=_plain("Jonathan Marguerite Desmond Philippa Gilbert Henrietta"),
        charsets=((), ("ISO_IR 100",)),
        cities=("Ravenmoor", "Oxleigh"),
        hospital="St Aldhelm Hospital {city}",
    ),
    Culture(
        name="hyphenated",
        families=_plain("Fortescue-Hale Quillan-Brandt Lindqvist-Moreau Abernathy-Roux"),
        givens=_plain("Anne-Sophie Jean-Baptiste Karl-Heinz Mary-Louise"),
        charsets=((), ("ISO_IR 100",), _UTF8),
        cities=("Villeneuf", "Altenried"),
        hospital="Clinique {city}",
    ),
    Culture(
        name="western-diacritics",
        families=_plain(
            "Grünwäldner Lefèbvrier Núñezal Sjöstrandér Gonçalvesto Brønstedt Müller Schröder"
        ),
        givens=_plain("Jürgenhard Éloïse Joaquín Åsalinda Conceição Zoëlle Günther"),
        charsets=(("ISO_IR 100",), _UTF8),
        cities=("Würzlach", "Ségurac"),
        hospital="Klinikum {city}",
    ),
    Culture(
        name="prefixes",
        families=_plain("Steenhoven Montclairette Bergenthal Ouderkerk"),
        givens=_plain("Wilhelmina Maximilian Annelies Ferdinand"),
        charsets=((), ("ISO_IR 100",)),
        prefixes=("van der ", "von und zu ", "de la ", "O'"),
        cities=("Hoogmeer", "Lindental"),
        hospital="Medisch Centrum {city}",
    ),
    Culture(
        name="polish",
        families=_plain("Wiśniewiecki Żółkiewicz Dąbrowniak Święcicki"),
        givens=_plain("Małgorzata Stanisława Władymir Bożydara"),
        charsets=(("ISO_IR 101",), _UTF8),
        cities=("Łęgowo", "Dębniki"),
        hospital="Szpital {city}",
    ),
    Culture(
        name="japanese",
        families=_triples(
            "Yamadera/山寺/やまでら Kuroiwa/黒岩/くろいわ Shinozuka/篠塚/しのづか "
            "Tanaka/田中/たなか"
        ),
        givens=_triples("Tarouji/太郎次/たろうじ Hanayo/花世/はなよ Kenshin/健信/けんしん"),
        charsets=(("", "ISO 2022 IR 87"), _UTF8),
        cities=("Mizukawa", "Takahora"),
        hospital="{city} Daigaku Byoin",
        joined=True,
    ),
    Culture(
        name="korean",
        families=_triples("Hwangbo/皇甫/황보 Namgung/南宮/남궁 Seonu/鮮于/선우 Kim/金/김"),
        givens=_triples("Gildong/吉洞/길동 Seoyeon/書姸/서연 Minjun/敏俊/민준"),
        charsets=(("", "ISO 2022 IR 149"), _UTF8),
        cities=("Cheongdae", "Haesan"),
        hospital="{city} Daehak Byeongwon",
        joined=True,
    ),
    Culture(
        name="chinese",
        families=_triples("Ouyangde/欧阳 Shangguan/上官 Zhugeliu/诸葛 Wang/王"),
        givens=_triples("Xiaodong/小东 Meilinfang/美林芳 Jianguoyi/建国义"),
        charsets=(("GB18030",), _UTF8),
        cities=("Qinghewan", "Donglinzhen"),
        hospital="{city} Renmin Yiyuan",
        joined=True,
    ),
    Culture(
        name="arabic",
        families=_triples("Alqabbanji/القباني Almutanabbi/المتنبي Alrashidin/الراشدين"),
        givens=_triples("Nizarullah/نزارالله Khadijatul/خديجة Abdulqadir/عبدالقادر"),
        charsets=(("ISO_IR 127",), _UTF8),
        cities=("Wadisalam", "Tellnour"),
        hospital="Mustashfa {city}",
    ),
    Culture(
        name="cyrillic",
        families=_triples(
            "Luxemburgskaya/Люксембургская Vorontsovich/Воронцович Zhdanovsky/Ждановский"
        ),
        givens=_triples("Vsevolodin/Всеволодин Svyatoslava/Святослава Yevdokiya/Евдокия"),
        charsets=(("ISO_IR 144",), _UTF8),
        cities=("Belozersk", "Krasnorech"),
        hospital="Bolnitsa {city}",
    ),
    Culture(
        name="greek",
        families=_triples("Dionysiadis/Διονυσιάδης Papathanasiou/Παπαθανασίου Xenakidou/Ξενακίδου"),
        givens=_triples("Aristotelis/Αριστοτέλης Polyxenia/Πολυξένια Theodosios/Θεοδόσιος"),
        charsets=(("ISO_IR 126",), _UTF8),
        cities=("Nea Thalassa", "Ano Petria"),
        hospital="Nosokomeio {city}",
    ),
    Culture(
        name="spanish",
        families=_plain("García_Lópeztegui Fernández_de_Almagro Ibáñez-Quintanar Muñozal"),
        givens=_plain("María_Ángeles Íñigo Begoña Sebastián"),
        charsets=(("ISO_IR 100",), _UTF8),
        cities=("Valdemora", "Torrecampo"),
        hospital="Hospital General {city}",
    ),
    Culture(
        name="turkish",
        families=_plain("Y\u0131ld\u0131r\u0131moğlu Çağlayanl\u0131 Gökşenoğlu Özdemiray"),
        givens=_plain("Gülşahane Çağatay Ayşenur Oğuzhan"),
        charsets=(("ISO_IR 148",), _UTF8),
        cities=("Akpinarli", "Karasuova"),
        hospital="{city} Devlet Hastanesi",
    ),
    Culture(
        name="hebrew",
        families=_triples("Abutbulski/אבוטבולסקי Shaharabani/שחרבאני"),
        givens=_triples("Yehonatan/יהונתן Avishagit/אבישגית"),
        charsets=(("ISO_IR 138",), _UTF8),
        cities=("Kfar Nofim", "Beit Alonim"),
        hospital="{city} Medical Center",
    ),
    Culture(
        name="thai",
        families=_triples("Srisuwannakul/ศรีสุวรรณกุล Charoenphon/เจริญผล"),
        givens=_triples("Kanokwanee/กนกวรรณี Somchaiya/สมชัยยา"),
        charsets=(("ISO_IR 166",), _UTF8),
        cities=("Ban Nongsai", "Wang Thonglang"),
        hospital="{city} Provincial Hospital",
    ),
)


def plain(text: str) -> str:
    """Return `text` in ASCII."""
    folded = (
        unicodedata.normalize("NFKD", text.translate(_UNDECOMPOSED))
        .encode("ascii", "ignore")
        .decode()
    )
    return folded or "TEXT"
