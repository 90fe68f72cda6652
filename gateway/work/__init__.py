"""Leased jobs: the journey of a study from the spool to the archive and the outbox."""
