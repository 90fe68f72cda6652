"""Read the YAML of a rule set and remember where each thing stands."""

from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StringMark, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from rules.errors import Problem

SIZE_LIMIT = 1_000_000
"""Characters of a rule set."""

_YAML = "tag:yaml.org,2002:"

Value = dict[str, "Value"] | list["Value"] | str | int | bool | float | None
Where = tuple[str | int, ...]
"""Keys and indices from the top, as pydantic names a place."""


class SourceError(Exception):
    """The text is not the YAML of a rule set; `problems` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Source:
    """The content of a rule set and the marks of its parts.

    Attributes
    ----------
    content : Value
    keys : dict[Where, Node]
        The key of each entry of a mapping.
    values : dict[Where, Node]
        Each value.
    """

    content: Value
    keys: dict[Where, Node] = field(repr=False)
    values: dict[Where, Node] = field(repr=False)

    def problem(
        self,
        where: Where,
        *,
        message: str,
        hint: str,
        at_key: bool = False,
        offset: int | None = None,
    ) -> Problem:
        """Return a problem at `where`, or at the nearest thing around it.

        Parameters
        ----------
        at_key : bool
            True: the key is wrong, not its value.
        offset : int
            Characters into a string on one line.
        """
        node = self.keys.get(where) if at_key else None
        while node is None:
            node = self.values.get(where)
            where = where[:-1]
        line, column = _start(node)
        one_line = node.start_mark.line == node.end_mark.line
        if offset is not None and isinstance(node, ScalarNode) and one_line:
            said = str(node.value)[:offset]
            # In 'single quotes' a quote is written twice.
            quoted = 1 + said.count("'") if node.style == "'" else int(node.style == '"')
            column += offset + quoted
        return Problem(line=line, column=column, message=message, hint=hint)

    def line(self, where: Where) -> int:
        """Return the line of the value at `where`, from 1."""
        return _start(self.values[where])[0]


def read_source(text: str) -> Source:
    """Return what `text` says and where.

    Raises
    ------
    SourceError
        If `text` is no YAML, repeats a key or uses aliases or tags.
    """
    if len(text) > SIZE_LIMIT:
        raise _refused(None, f"a rule set has at most {SIZE_LIMIT} characters", "Make it shorter")
    try:
        top = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        raise _refused(mark, "this is not YAML", "Look for a missing quote or colon") from None
    except RecursionError:
        raise _refused(None, "this is nested too deep", "Make it flat") from None
    except YAMLError:
        raise _refused(None, "this is not YAML", "Save the file as UTF-8 text") from None
    if not isinstance(top, MappingNode):
        mark = top.start_mark if top is not None else None
        raise _refused(mark, "a rule set is a mapping", "Start with name: and profile:")
    reader = _Reader()
    return Source(reader.value(top, ()), reader.keys, reader.values)


class _Reader:
    """Make plain values of YAML nodes; remember the nodes."""

    def __init__(self) -> None:
        self.keys: dict[Where, Node] = {}
        self.values: dict[Where, Node] = {}
        self._seen: set[int] = set()

    def value(self, node: Node, where: Where) -> Value:
        if id(node) in self._seen:
            raise _refused(node.start_mark, "aliases are not read", "Write the value again")
        self._seen.add(id(node))
        self.values[where] = node
        kind = str(node.tag)
        if isinstance(node, MappingNode) and kind == f"{_YAML}map":
            return self._mapping(node, where)
        if isinstance(node, SequenceNode) and kind == f"{_YAML}seq":
            return [self.value(item, (*where, i)) for i, item in enumerate(node.value)]
        return _scalar(node)

    def _mapping(self, node: MappingNode, where: Where) -> Value:
        content: dict[str, Value] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode) or key.value == "<<":
                raise _refused(key.start_mark, "a key is a word", "Write key: value")
            name = str(key.value)
            if name in content:
                raise _refused(key.start_mark, f"the key {name} is here twice", "Leave one out")
            self.keys[*where, name] = key
            content[name] = self.value(value, (*where, name))
        return content


def _scalar(node: Node) -> Value:
    kind = str(node.tag).removeprefix(_YAML)
    text = str(node.value)
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind == "int":
        try:
            return int(text.replace("_", ""))
        except ValueError:  # hexadecimal or octal: no number that a rule set has
            return float("nan")
    if kind in ("float", "timestamp"):
        return float("nan")
    if kind == "str":
        return text
    raise _refused(node.start_mark, "YAML tags are not read", "Leave the ! out")


def _refused(mark: StringMark | None, message: str, hint: str) -> SourceError:
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    return SourceError(Problem(line=line, column=column, message=message, hint=hint))


def _start(node: Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1
