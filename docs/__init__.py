"""The documentation, and what makes ``docs/checks/`` from the catalogue: ``python -m docs.generate``."""
