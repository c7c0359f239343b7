"""Spoilt inputs of the release gate by theme: a row is a name, what breaks it, and the exit code it must have."""
