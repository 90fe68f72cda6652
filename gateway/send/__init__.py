"""Forwarding: outbox, C-STORE SCU, one sender per destination."""
