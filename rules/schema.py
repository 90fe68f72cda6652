"""What a rule set may say.

The JSON Schema of `RuleSet` is published by ``narthex rules schema``.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from rules.vocabulary import (
    AccessionPolicy,
    DefaceMask,
    Option,
    PrivateList,
    RenderingPolicy,
    UnknownPolicy,
)

Letter = Literal["X", "Z", "D", "K", "C", "U"]
Days = Annotated[int, Field(strict=True, ge=-36500, le=36500)]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Rule(_Closed):
    """An override of the table; the first that matches wins.

    Attributes
    ----------
    tags : tuple[str, ...]
        Keywords, tags, private elements, paths (`rules.tags`).
    action : str
        Letter of PS3.15 Table E.1-1a.
    when : str | None
        Condition (`rules.conditions`).
    """

    tags: Annotated[tuple[str, ...], Field(min_length=1)]
    action: Letter
    when: str | None = None


class Dates(_Closed):
    """Shift of dates (PS3.15, E.3.6).

    Attributes
    ----------
    shift_days : tuple[int, int]
        Lower and upper bound, inclusive, days; 0 is not between them.
    """

    shift_days: tuple[Days, Days] = (-3650, -365)


class Pixels(_Closed):
    """Clean Pixel Data Option (PS3.15, E.3.1)."""

    text: Literal["ocr", "off"] = "ocr"
    templates: Literal["on", "off"] = "on"
    ultrasound_regions: Literal["on", "off"] = "on"


class Deface(_Closed):
    """Clean Recognizable Visual Features Option (PS3.15, E.3.2).

    Attributes
    ----------
    modalities : tuple[str, ...]
        Modalities whose images are looked at, and defaced where there is a face.
    mask : DefaceMask
        How much goes with the face.
    renderings : RenderingPolicy
        What happens to photographs and 3-D renderings.
    """

    modalities: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[A-Z0-9_]{1,16}$")], ...], Field(min_length=1)
    ] = ("CT", "MR", "PT")
    mask: DefaceMask = DefaceMask.WIDE
    renderings: RenderingPolicy = RenderingPolicy.HOLD


class RuleTest(_Closed):
    """An example that the rule set must fulfil.

    Attributes
    ----------
    given : dict[str, str]
        Attributes of the root by keyword.
    expect : dict[str, str | None]
        What is written; null: the attribute is removed.
    """

    given: dict[str, str]
    expect: Annotated[dict[str, str | None], Field(min_length=1)]


class RuleSet(_Closed):
    """A rule set: the Basic Profile (PS3.15, E.2) with options and overrides.

    Attributes
    ----------
    name : str
        Stands in De-identification Method of every cleaned object.
    profile : str
    options : tuple[Option, ...]
    unknown : UnknownPolicy
        What happens to attributes that the dictionary (PS3.6) does not know.
    accession : AccessionPolicy
        What takes the place of accession numbers.
    private_lists : tuple[PrivateList, ...]
        Beside PS3.15 Table E.3.10-1; only under `retain-safe-private`.
    rules : tuple[Rule, ...]
        Ordered overrides.
    dates : Dates
    pixels : Pixels
    deface : Deface
    tests : tuple[RuleTest, ...]
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$")]
    profile: Literal["basic"]
    options: tuple[Option, ...] = ()
    unknown: UnknownPolicy = UnknownPolicy.REMOVE
    accession: AccessionPolicy = AccessionPolicy.TABLE
    private_lists: tuple[PrivateList, ...] = ()
    rules: tuple[Rule, ...] = ()
    dates: Dates = Dates()
    pixels: Pixels = Pixels()
    deface: Deface = Deface()
    tests: tuple[RuleTest, ...] = ()
