"""Look for what is left of the subject in the written object."""
