"""Synthetic images of which everything is known, for demonstrations and tests."""
