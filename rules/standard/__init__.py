"""Tables of the standard in our own compact format, and their generator."""
