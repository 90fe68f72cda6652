"""The workbench: rule sets tried out, on examples and on files; nothing is written."""
