"""The checks of one installation: find them, and choose among them."""

from trueup.actions.checks.catalogue import chosen, full_catalogue

__all__ = ["chosen", "full_catalogue"]
