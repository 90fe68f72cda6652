"""Cleaned objects: files, names, index."""
