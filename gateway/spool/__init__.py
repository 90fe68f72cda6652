"""The durable, encrypted inbox: what was acknowledged to a sender lies here."""
