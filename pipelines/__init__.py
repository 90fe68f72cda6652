"""Pure functions over datasets and arrays: no socket, file, clock, database or key."""
