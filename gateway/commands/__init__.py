"""The commands of ``narthex``: one module each, the only place that prints."""
