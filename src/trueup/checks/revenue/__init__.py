"""Checks that credits and money move together."""
