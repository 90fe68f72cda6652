"""Judge what a de-identification tool made of planted files."""
