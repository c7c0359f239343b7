"""Checks that each plan gets the features it is sold with."""
