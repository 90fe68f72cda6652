"""The way of the encoded metadata: walk, actions, dates, UIDs, persons, method."""
