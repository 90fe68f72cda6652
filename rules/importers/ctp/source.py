"""Read the lines of a CTP script: the XML form and the older properties form."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from xml.parsers import expat

from rules.errors import Problem, RuleSetError
from rules.source import SIZE_LIMIT

_HINT = "Give a script of the CTP DICOM anonymizer: <script> with p, e, k, r, or set.[gggg,eeee]="
_KEY = re.compile(r"(#?)(param|set|keep|remove)\.([^=]*)=(.*)", re.DOTALL)
_SET = re.compile(r"\[((?:[^\[\]]|\[[^\[\]]*\])*)\](.*)", re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}


class Kind(StrEnum):
    """What a line of a script is."""

    PARAMETER = "p"
    ELEMENT = "e"
    KEEP = "k"
    REMOVE = "r"
    UNREAD = ""
    """CTP reads over it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A line of a script.

    Attributes
    ----------
    kind : Kind
    line, column : int
        From 1.
    target : str
        Tag, group or name that the line is about.
    name : str
        What the script calls the element.
    text : str
        Value of the parameter, or what is done with the element.
    is_enabled : bool
    """

    kind: Kind
    line: int
    column: int = 1
    target: str = ""
    name: str = ""
    text: str = ""
    is_enabled: bool = True


def read_script(text: str, *, source: str) -> tuple[Statement, ...]:
    """Return the lines of the script `text`.

    Raises
    ------
    rules.errors.RuleSetError
        With line, column and what to do.
    """
    text = text.removeprefix("\ufeff")
    if len(text) > SIZE_LIMIT:
        raise _refused(source, f"a script has at most {SIZE_LIMIT} characters", "Make it shorter")
    if text.lstrip().startswith("<"):
        return _XmlScript(source).read(text)
    read = tuple(_properties(text))
    if all(s.kind is Kind.UNREAD for s in read):
        raise _refused(source, "this is no CTP script", _HINT)
    return read


def _refused(
    source: str, message: str, hint: str, *, line: int = 1, column: int = 1
) -> RuleSetError:
    return RuleSetError(source, [Problem(line=line, column=column, message=message, hint=hint)])


class _XmlScript:
    """Collects the children of the root; refuses what could name another file."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._parser = expat.ParserCreate("utf-8")
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._depth = 0
        self._open: tuple[str, dict[str, str], int, int] = ("", {}, 0, 0)
        self._text: list[str] = []
        self._read: list[Statement] = []

    def read(self, text: str) -> tuple[Statement, ...]:
        try:
            # The declaration may name another encoding: text has none.
            self._parser.Parse(text.lstrip().encode("utf-8", "surrogatepass"), True)
        except expat.ExpatError as error:
            raise self._problem(
                "this is not XML",
                "Look for a missing tag or quote, or for & that should be &amp;",
                (error.lineno, error.offset + 1),
            ) from None
        skipped = text[: len(text) - len(text.lstrip())].count("\n")
        return tuple(replace(s, line=s.line + skipped) for s in self._read)

    def _problem(self, message: str, hint: str, at: tuple[int, int] | None = None) -> RuleSetError:
        line, column = at or (self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1)
        return _refused(self._source, message, hint, line=line, column=column)

    def _doctype(self, *_: object) -> None:
        raise self._problem("a document type is not read", "Leave <!DOCTYPE …> out")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1 and tag != "script":
            raise self._problem("this is no CTP script", _HINT)
        if self._depth == 2:
            at = self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1
            self._open = (tag, attributes, *at)
            self._text = []
            if tag in tuple(Kind)[:4] and not attributes.get("t", "").strip():
                raise self._problem(f"{tag} names nothing", 'Write t="…"')
        if self._depth > 2:
            raise self._problem("a line of a script holds text only", "Leave this tag out")

    def _characters(self, text: str) -> None:
        if self._depth == 2:
            self._text.append(text)

    def _end(self, _: str) -> None:
        self._depth -= 1
        if self._depth != 1:
            return
        tag, attributes, line, column = self._open
        known = tag in tuple(Kind)[:4]
        self._read.append(
            Statement(
                kind=Kind(tag) if known else Kind.UNREAD,
                line=line,
                column=column,
                target=attributes.get("t", "").strip(),
                name=attributes.get("n", "").strip(),
                text="".join(self._text).strip(),
                is_enabled=tag == "p" or attributes.get("en") == "T",
            )
        )


def _properties(text: str) -> Iterator[Statement]:
    for line, said in _logical_lines(text):
        found = _KEY.fullmatch(said)
        if not found:
            if said and said[0] not in "#!":
                yield Statement(kind=Kind.UNREAD, line=line)
            continue
        off, word, key, value = found[1], found[2], found[3].strip(), _plain(found[4]).strip()
        target, name = key, ""
        if word == "set":
            named = _SET.fullmatch(key)
            if not named:
                yield Statement(kind=Kind.UNREAD, line=line)
                continue
            target, name = named[1].strip(), named[2].strip()
        kind = {
            "param": Kind.PARAMETER,
            "set": Kind.ELEMENT,
            "keep": Kind.KEEP,
            "remove": Kind.REMOVE,
        }[word]
        if kind is Kind.KEEP:
            target = key.removeprefix("group").strip()
        yield Statement(
            kind=kind, line=line, target=target, name=name, text=value, is_enabled=not off
        )


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield lines with their number; one that ends in a backslash goes on in the next."""
    held, first = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip(" \t\f")
        first = first if held else number
        ending = len(line) - len(line.rstrip("\\"))
        if ending % 2 and not (line[0] in "#!" and not held):
            held += line[:-1]
            continue
        yield first, held + line
        held = ""
    if held:
        yield first, held


def _plain(text: str) -> str:
    """Return `text` without the escapes of a properties file."""

    def char(match: re.Match[str]) -> str:
        said = match[1]
        return chr(int(said[1:], 16)) if len(said) > 1 else _CONTROLS.get(said, said)

    return _ESCAPE.sub(char, text)
