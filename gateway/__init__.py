"""Receive, keep and send: every socket, database and key of Narthex is here."""
