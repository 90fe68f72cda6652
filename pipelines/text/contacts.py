"""Find e-mail addresses, URLs, network addresses, telephone and social security numbers."""

import re
from collections.abc import Iterator

from pipelines.text.reasons import Reason, Span
from pipelines.text.tokens import AFTER_WORD, BEFORE_WORD

_email = re.compile(
    r"(?<![\w.+%-])[\w.+%-]{1,64}[ \t]?@[ \t]?[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}(?![\w-])"
    r"|(?<![\w.+%-])(?!\d[\d.,]*[A-Za-z]{0,3}@)[\w.+-]{1,64}@[\w-]*(?:@[\w-]*)*(?![\w^])"
)
_url = re.compile(
    r"\\\\[\w.$-]+(?:\\[\w.$-]+)+|[A-Za-z][A-Za-z0-9+-]{1,15}://[^\s<>\"')\]]+|\bwww\.[^\s<>\"')\]]+"
    r"|(?<![\w.@-])(?:[a-z0-9-]+\.)+(?:com|org|net|edu|gov|info|de|fr|es|it|nl|at|ch|uk|eu"
    r"|io|jp|kr|cn|pl|se|no|dk|fi|be|pt|gr|au|ca|health|hospital|clinic|local|lan|internal"
    r"|intra|intranet|localdomain|corp|home|arpa)\b(?:/[^\s<>\"')\]]*)?",
    re.IGNORECASE,
)
_network = re.compile(
    r"(?<![\w.])(?<!software )(?<!version )(?<!ver )(?<!rev )(?!\d\.)(?:(?:25[0-5]|2[0-4]\d"
    r"|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?::\d{1,5})?(?![\w.]*\d)"
)
_network_6 = re.compile(
    r"(?<![\w:])(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}(?![\w:])"
    r"|(?<![\w:])(?:[0-9a-f]{1,4}:){1,6}(?::[0-9a-f]{1,4}){1,6}(?![\w:])"
    r"|(?<![\w:-])(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?![\w:-])",
    re.IGNORECASE,
)
"""IPv6 addresses, and those of network cards."""
_security = re.compile(r"(?<![\w-])\d{3}([- ])\d{2}\1\d{4}(?![\w-])")
_NO_UNIT = r"(?![ \t]*(?:mm|cm|ms|msec|hu|ml|mg|hz|s|x|%)\b)"
_phone = re.compile(
    rf"(?<![.,/_-]){BEFORE_WORD}(?:"
    r"(?:\+?1[ .-]?)?\(\d{3}\)[ .-]?\d{3}[ .-]?\d{4}"
    r"|(?:\+?1[ .-])?\d{3}[.-]\d{3}[ .-]\d{4}"
    r"|(?:\+|00)[1-9]\d{0,2}[ ()/.-]{0,2}(?:\d[ ()/.-]{0,2}){6,13}\d"
    r"|0\d{1,4}[ /-]{1,3}\d{3,8}(?:[ -]\d{1,6}){0,3}"
    r"|0\d{2,4}[ ]?[/-][ ]?\d{2,4}(?:[ ]\d{2,4}){1,3}(?:[ ]?-[ ]?\d{1,4})?"
    r"|\(0\d{1,4}\)[ ]?\d{3,4}(?:[ /-]?\d{2,4}){1,3}"
    r"|0\d(?:[ .]\d{2}){4}"
    r"|[2-9]\d{2}-(?!\d{2}00)\d{4}"
    rf")(?:[ \t]*(?:ext\.?|x|durchwahl)[ \t]*\d{{1,6}})?{AFTER_WORD}(?![_-]|[.,]\d){_NO_UNIT}",
    re.IGNORECASE,
)
_labelled = re.compile(
    r"\b(?:tele?(?:phone|fono?|foon|fon)?|t[ée]l|phone|ph|fax|pager|beeper|cell|mobile?|handy"
    r"|fon|bleep|pgr|call|callback"
    r"|ext|extension|durchwahl)\b[ \t]*(?:no|nr"
    r"|num(?:ber)?)?[.:#]*[ \t]*(?P<number>[+(]?\d[\d ()/.-]{2,}\d)(?!\w)"
    r"(?:[ \t]*(?:ext\.?|x)[ \t]*\d{1,6})?",
    re.IGNORECASE,
)


def find_contacts(text: str) -> Iterator[Span]:
    """Yield what a person or a machine is reached by in the network."""
    if "@" in text:
        for found in _email.finditer(text):
            yield Span(found.start(), found.end(), Reason.EMAIL)
    if "." in text or ":" in text or "\\" in text:
        for pattern in (_url, _network, _network_6):
            for found in pattern.finditer(text):
                yield Span(found.start(), found.end(), Reason.URL)


def find_phones(text: str) -> Iterator[Span]:
    """Yield telephone and social security numbers."""
    for found in _security.finditer(text):
        yield Span(found.start(), found.end(), Reason.ID_CONTEXT)
    for found in _phone.finditer(text):
        yield Span(found.start(), found.end(), Reason.PHONE)
    for found in _labelled.finditer(text):
        yield Span(found.start("number"), found.end(), Reason.PHONE)
