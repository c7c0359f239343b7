"""Checks that what an account may use is what it pays for."""
