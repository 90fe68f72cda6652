"""Take spans out of a text, with what has no meaning without them."""

import re
from collections.abc import Iterable

from pipelines.text.reasons import Reason, Span
from pipelines.text.titles import AFTER, CONNECTORS, MODALITIES, TITLES

_NAME, _OTHER = "\ue000", "\ue001"
"""Stand for what was taken out while the text is tidied: a name, anything else."""
_GAP = f"[{_NAME}{_OTHER}]"
_WORD = r"[^\W_]"
_NAMES = frozenset([Reason.NAME_KNOWN, Reason.NAME_CONTEXT, Reason.NAME_UNKNOWN_WORD])
_line_end = re.compile(r"[\r\n\f]+")


def _any_of(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=lambda each: (-len(each), each))))


_ANY_CONNECTOR = _any_of(CONNECTORS)
_possessive = re.compile(
    rf"({_GAP})(?:['\u2019\xb4`]?s\b(?!\.)|['\u2019\xb4`](?=\s|$))", re.IGNORECASE
)
_particles = re.compile(
    rf"(?<![\w.])(?:v\.[ ]?d\.|(?:van|von|vd|ter|ten|zu|zur|dos|da|du|del|della|di|de)(?=[ ]))[ ]*"
    rf"(?:(?:der|den|de|la)[ ]+)*({_NAME})|({_NAME})[ ,]*(?:van|von)(?: de[rn]?)?(?=$|[,;)\n])",
    re.IGNORECASE,
)
_joined = re.compile(
    rf"{_GAP}(?:[ \t,;/&+^_|.:-]|(?<!\w)(?:{_ANY_CONNECTOR}|or|oder|ou|o)(?!\w))*({_GAP})",
    re.IGNORECASE,
)
_brackets = re.compile(
    rf"\([ \t]*({_GAP})[ \t]*\)|\[[ \t]*({_GAP})[ \t]*\]|\{{[ \t]*({_GAP})[ \t]*\}}"
    rf"|<[ \t]*({_GAP})[ \t]*>|\"[ \t]*({_GAP})[ \t]*\"|(?<!\w)'[ \t]*({_GAP})[ \t]*'(?!\w)"
    rf"|\uff08\s*({_GAP})\s*\uff09|「({_GAP})」"
)
_LABELS = r"""
mrn|mr|pat(?:ient)?[ _.-]?(?:id|nr|no|name)|pid|id|dob|d\.o\.b\.?|date of birth|birth ?date
born(?: on| in)?|acc(?:ession)?|ssn|nhs|tel|phone|ph|fax|pager|beeper|cell|mobile|ext|x|e-?mail|mail
url|web|www|address|adresse|anschrift|zip|plz|name|patient|pt|cc|attn|operator|radiologist|physician
ref(?:erring)?(?: (?:dr|physician|md|by))?|tech(?:nologist|nician)?|doctor|read(?:er)?|attending
resident|nurse|rn|reviewer|observer|case(?: id)?|account|acct|encounter|visit|fall-?(?:nummer|nr)
patienten-?(?:nummer|nr|id)|pat\.?-?nr|geb(?:\.|oren)?(?: am)?|telefon|t[ée]l|fon|handy|nom|nombre
naam|nome|arzt|hausarzt|zuweiser|überweiser|einsender|untersucher|mtra?|m[ée]decin|prescripteur
order(?: id)?|s/n|serial|dos|date|datum|fecha|age|aged|alter|signed|initials|hosp(?:ital)?
institution|facility|site|contact|nok|dictated|transcribed|member(?: id)?|medical record
"""
"""What names the value that follows, after a colon."""
_BARE_LABELS = r"""
mrn|dob|ssn|tel|ph|fax|pager|ref|cc|geb|acc#|pid|born|née?|nato|nata|geboren
fall-?(?:nummer|nr)|acc|accession|aged|id|(?<!/)ext
"""
"""The same, without a colon."""
_START = r"(?:(?<=^)|(?<=[\n\r,;.(\[|/ \t]))"
_label = re.compile(
    rf"{_START}(?:{'|'.join(_LABELS.split(chr(10))[1:-1])})"
    r"(?:[ \t]*(?:no\b\.?|nr\b\.?|num(?:ber)?\b|#|n°))?"
    rf"[ \t]*(?:[:#=.]|(?<=no)|(?<=nr)|(?<=number))+[ \t]*(?={_GAP})"
    rf"|{_START}(?:{'|'.join(_BARE_LABELS.split(chr(10))[1:-1])})[ \t]+(?={_GAP})",
    re.IGNORECASE,
)
_title = re.compile(rf"(?<!{_WORD})(?:{_any_of(TITLES)})\.?[ \t]*(?={_NAME})", re.IGNORECASE)
_degree = re.compile(
    rf"({_NAME})(?:[ \t]*,?[ \t]*(?:R\.?T\.?[ ]?\([A-Z]+\)"
    r"|(?:M\.D\.|Ph\.D\.|D\.O\.|R\.N\.|R\.T\.|Jr\.?|Sr\.?|PhD"
    rf"|{_any_of(each.upper() for each in AFTER)})(?![\w(])))+"
)
_honorific = re.compile(rf"({_NAME})[ ]?(?:様|先生|さん|くん|殿|氏(?!名)|教授|님|씨|선생님)")
_connector = re.compile(
    rf"(?<![\w'\u2019/.])(?:{_ANY_CONNECTOR})\.?:?[ \t]+(?={_GAP})", re.IGNORECASE
)
_sure_connector = re.compile(
    r"(?:dated|by|from|with|per|via|to|on|at|in|von|durch|par|por|door|am|vom|im|bei|d/w|cc|attn|ref)\b",
    re.IGNORECASE,
)
_minus = re.compile(r"(?:^|[ \t])-$")
_SEPARATORS = ",;:/|^&+_~-"
_around = re.compile(
    rf"(?P<a>[ \t{re.escape(_SEPARATORS)}]*){_GAP}(?P<b>[ \t,;:/|^&_~-]*)(?P<point>\.(?!\d))?"
)


def take_out(text: str, spans: Iterable[Span]) -> str:
    """Return `text` without `spans`, dangling words and separators."""
    marked = _mark(text, spans)
    before = None
    while before != marked:
        before = marked
        for pattern in (_possessive, _particles, _degree, _honorific, _joined, _brackets):
            marked = pattern.sub(_gap, marked)
        marked = _label.sub("", marked)
        marked = _title.sub(_without_title, marked)
        marked = _connector.sub(_without_connector, marked)
    return _around.sub(_close, marked)


def _gap(found: re.Match[str]) -> str:
    return _NAME if _NAME in found[0] else _OTHER


def _without_title(found: re.Match[str]) -> str:
    """Keep the modality at the start of ``MR SMITH BRAIN``; drop ``Mr.``."""
    title = found[0].strip()
    rest = found.string[found.end() + 1 :].strip()
    is_modality = title.isupper() and title.casefold() in MODALITIES and found.start() == 0
    return found[0] if is_modality and rest else ""


def _mark(text: str, spans: Iterable[Span]) -> str:
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start <= merged[-1].end:
            last = merged[-1]
            reason = last.reason if last.reason in _NAMES else span.reason
            merged[-1] = Span(last.start, max(last.end, span.end), reason)
        else:
            merged.append(span)
    parts: list[str] = []
    position = 0
    for start, stop, reason in merged:
        gap = _NAME if reason in _NAMES else _OTHER
        # a name may be parted by the end of a line, which stays
        parts += [
            _bare(text[position:start]),
            *(gap + end for end in _line_end.findall(text[start:stop])),
            gap,
        ]
        position = stop
    return "".join([*parts, _bare(text[position:])])


def _bare(text: str) -> str:
    return text.replace(_NAME, "").replace(_OTHER, "")


def _without_connector(found: re.Match[str]) -> str:
    """Drop a word that pointed to what is gone, unless something else follows it."""
    if _sure_connector.match(found[0]):
        return ""
    after = found.string[found.end() + 1 :].lstrip(" \t")
    return "" if not after or not (after[0].isalnum() or after[0] in "([<>+-~") else found[0]


def _close(found: re.Match[str]) -> str:
    """Return what joins the text before a gap to the text after it."""
    text, before, after = found.string, found["a"], found["b"]
    point, sign = found["point"] or "", ""
    if _minus.search(after) and text[found.end() : found.end() + 1].isdigit():
        after, sign = after[:-1], "-"
    # a colon would say that what follows is what is gone
    before, after = before.replace(":", ""), after.replace(":", "")
    rest = text[found.end() : found.end() + 1]
    is_left = found.start() == 0 or text[found.start() - 1] in "\n\r\f([{<"
    is_right = not point and (not rest or rest in "\n\r\f)]}>")
    if is_left or is_right:
        return sign
    if point:
        return point
    if before.strip(" \t") and not after.strip(" \t").startswith(";"):
        return before + sign
    if after.strip(" \t"):
        return after + sign
    return (" " if before or after else "") + sign
