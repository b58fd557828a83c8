"""Bounds on what all requests together hold in memory, and on how much is done at once."""
