"""Clean text at word level: the person goes, the clinical sentence stays."""

from pipelines.text.cleaner import CleanedText, Depth, TextCleaner, cleaner_for
from pipelines.text.known import Kind, KnownValue
from pipelines.text.reasons import Reason

__all__ = ["CleanedText", "Depth", "Kind", "KnownValue", "Reason", "TextCleaner", "cleaner_for"]
