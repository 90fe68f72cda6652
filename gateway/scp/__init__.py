"""Receive: association policy, C-ECHO and C-STORE, the intake into the spool."""
