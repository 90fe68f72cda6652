"""Remove faces: find the head, place the mask, fill it, and check what was done."""
