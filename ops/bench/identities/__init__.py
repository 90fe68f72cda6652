"""Synthetic identities in real headers, with the answer key of what must go and what must stay.

Written from the standard alone: the tables of PS3.15 in the shared data, not those of the
product, say what each attribute is.
"""
