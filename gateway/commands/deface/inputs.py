"""What ``narthex deface preview`` looks at: files, or objects that this node holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from gateway.faces import Opener
from gateway.files import FileReader
from gateway.offline import find_inputs
from gateway.studies import by_study, study_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One object.

    Attributes
    ----------
    name : str
        Path, or random id of a held object.
    open : Opener
    is_shown : bool
        False: it is only looked at with the others of its study.
    study_id, held_for : str
        Random id of its study and reason code, of a held object.
    not_opened : str
        Why it must not be opened, in words.
    content_digest : bytes
        Of a held object, under the receiver's key.
    """

    name: str = field(repr=False)
    open: Opener = field(repr=False)
    is_shown: bool = True
    study_id: str = ""
    held_for: str = ""
    not_opened: str = ""
    content_digest: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What was named.

    Attributes
    ----------
    studies : Sequence[Sequence[Input]]
        By study, in which something is shown.
    rest : Sequence[Input]
        Of no study that is known.
    earlier : Mapping[str, Sequence[bytes]]
        What a node remembers of studies (`gateway.faces.look_at_study`), by their ids.
    secrets : Mapping[str, bytes]
        Of the projects of a node that use the plan, by name.
    """

    studies: Sequence[Sequence[Input]]
    rest: Sequence[Input]
    earlier: Mapping[str, Sequence[bytes]] = field(default_factory=dict, repr=False)
    secrets: Mapping[str, bytes] = field(default_factory=dict, repr=False)


def of_files(series: Path, study: Path | None) -> Inputs:
    """Return the files of `series`, which are shown, and those of `study` of the same studies."""
    paths = list(find_inputs(series))
    known = {path.resolve() for path in paths}
    if study is not None:
        paths += [path for path in find_inputs(study) if path.resolve() not in known]
    found, rest = by_study((path, study_of(path)) for path in paths)
    studies = [[_of_file(path, series) for path in each] for each in found]
    others = [_of_file(path, series) for path in rest]
    return Inputs(
        studies=[each for each in studies if any(one.is_shown for one in each)],
        rest=[each for each in others if each.is_shown],
    )


def _of_file(path: Path, series: Path) -> Input:
    opener = partial(FileReader, path, follows_links=True)
    return Input(name=str(path), open=opener, is_shown=path.is_relative_to(series))
