"""Measure what a tool that removes faces left of the face, and what it took of the brain."""
