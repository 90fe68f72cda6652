"""Import scripts of the DICOM anonymizer of RSNA's Clinical Trial Processor (CTP).

``ops/manual/import-ctp.md`` says what becomes of each function.
"""

from rules.importers.ctp.script import import_ctp

__all__ = ["import_ctp"]
