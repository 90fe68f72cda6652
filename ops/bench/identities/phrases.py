"""Texts as fragments: words that must stay, words that must go, words that may do either."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_RUN = re.compile(r"[^\W_]+")
_PIECE = re.compile(r"<([^>]*)>|\{(\w+)\}|([^<{]+)")


def runs(text: str) -> list[str]:
    """Return the letters and digits of `text` as words, case folded, in order."""
    return _RUN.findall(text.casefold())


def count_phrase(phrase: str, text: str) -> int:
    """Return how often `phrase` stands in `text`, word by word whatever stands between words.

    Scripts that write no space between words are searched as they are.
    """
    if not phrase.isascii() and " " not in phrase:
        return text.casefold().count(phrase.casefold())
    words, here = runs(phrase), runs(text)
    size = len(words)
    if not size:
        return 0
    return sum(here[i : i + size] == words for i in range(len(here) - size + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A piece of identity as a text has it.

    Attributes
    ----------
    gone : tuple of str
        Phrases that may not be left where the text stood.
    needles : tuple of str
        Strings that may not be found anywhere in the file.
    """

    value: str
    gone: tuple[str, ...]
    needles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A planted text: what must go from it and what must stay.

    Attributes
    ----------
    needles : tuple of str
        What may not be found anywhere in the file.
    gone : tuple of str
        Phrases that may not stand in its place more often than in `tokens`.
    tokens : tuple of str
        The runs of words that stay, each unbroken.
    rule : str
        Which sort of text it is, for the list of leaks.
    """

    value: str
    needles: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    rule: str = ""


def compose(template: str, secrets: Mapping[str, Secret], *, rule: str) -> Text:
    """Return the text of `template`: ``{slot}`` goes, ``<word>`` may go or stay, the rest stays."""
    value = ""
    tokens: list[str] = []
    gone: list[str] = []
    needles: list[str] = []
    for neutral, slot, kept in _PIECE.findall(template):
        if slot:
            secret = secrets[slot]
            value += secret.value
            gone += secret.gone
            needles += secret.needles
        else:
            value += neutral or kept
            if runs(kept):
                tokens.append(" ".join(runs(kept)))
    return Text(
        value=value,
        needles=_once(needles),
        gone=_once(gone),
        tokens=tuple(tokens),
        rule=rule,
    )


def whole(value: str, *, rule: str) -> Text:
    """Return a text that names nobody and must stay as it is."""
    return Text(value=value, tokens=(" ".join(runs(value)),), rule=rule)


def _once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(v for v in values if v))
