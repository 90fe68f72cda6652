"""Name the closed sets of words that rules and pipelines share.

The letters are those of PS3.15 Table E.1-1a; the options are those of PS3.15, E.3.
"""

from enum import StrEnum


class Action(StrEnum):
    """Action of one attribute, resolved (PS3.15 Table E.1-1a)."""

    REMOVE = "X"
    EMPTY = "Z"
    DUMMY = "D"
    KEEP = "K"
    CLEAN = "C"
    UID = "U"


class Operation(StrEnum):
    """What the metadata engine carries out for one element."""

    KEEP = "keep"
    """Pass the value as it is; a sequence is kept and its items are walked."""
    REMOVE = "remove"
    EMPTY = "empty"
    DUMMY = "dummy"
    """A value that is valid for the VR (`pipelines.metadata.dummies`)."""
    REPLACE_UID = "replace-uid"
    SHIFT_DATE = "shift-date"
    CAP_AGE = "cap-age"
    CLEAN_TEXT = "clean-text"
    """The person is cut out of the text, the clinical words stay (PS3.15, E.3.5)."""
    CLEAN_KNOWN = "clean-known"
    """Only what is known of the subject and other persons is cut out."""
    CLEAN_DOCUMENT = "clean-document"
    """A PDF is written anew from its cleaned text."""
    PSEUDONYM = "pseudonym"
    """Patient ID, Patient's Name: the subject's pseudonym."""
    ACCESSION = "accession"
    """The pseudonym of the accession number, of the vault."""
    HOLD = "hold"
    """The object goes to quarantine (`metadata.unknown`)."""


class Option(StrEnum):
    """Options of the Basic Application Level Confidentiality Profile (PS3.15, E.3)."""

    CLEAN_PIXEL_DATA = "clean-pixel-data"
    CLEAN_RECOGNIZABLE_VISUAL_FEATURES = "clean-recognizable-visual-features"
    CLEAN_GRAPHICS = "clean-graphics"
    CLEAN_STRUCTURED_CONTENT = "clean-structured-content"
    CLEAN_DESCRIPTORS = "clean-descriptors"
    RETAIN_LONGITUDINAL_FULL_DATES = "retain-longitudinal-full-dates"
    RETAIN_LONGITUDINAL_MODIFIED_DATES = "retain-longitudinal-modified-dates"
    RETAIN_PATIENT_CHARACTERISTICS = "retain-patient-characteristics"
    RETAIN_DEVICE_IDENTITY = "retain-device-identity"
    RETAIN_INSTITUTION_IDENTITY = "retain-institution-identity"
    RETAIN_UIDS = "retain-uids"
    RETAIN_SAFE_PRIVATE = "retain-safe-private"


class PrivateList(StrEnum):
    """Lists of private elements that may stay, beside PS3.15 Table E.3.10-1."""

    TCIA = "tcia"
    """What The Cancer Imaging Archive keeps."""


class AccessionPolicy(StrEnum):
    """What takes the place of an accession number."""

    TABLE = "table"
    """What Table E.1-1 says: nothing, or a dummy value."""
    PSEUDONYM = "pseudonym"
    """A random pseudonym, by which reports can be linked."""


class DefaceMask(StrEnum):
    """How much is taken away with a face."""

    WIDE = "wide"
    """All before the brain: with the face go orbits, sinuses, nose and mouth."""
    NARROW = "narrow"
    """The face, down to a margin below the skin."""
    LAYER = "layer"
    """The skin and what lies right below it."""


class RenderingPolicy(StrEnum):
    """What happens to photographs and 3-D renderings, which show a face as it is."""

    HOLD = "hold"
    """They go to quarantine (`face.rendering`): a person looks at them."""
    REMOVE = "remove"
    """They are refused (`face.rendering.removed`): nothing of them is released."""


class UnknownPolicy(StrEnum):
    """What happens to an attribute that the pinned dictionary (PS3.6) does not know."""

    REMOVE = "remove"
    HOLD = "hold"
