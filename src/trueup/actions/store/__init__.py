"""Open the store of a config, and make one where there is none yet."""

from trueup.actions.store.opening import has_store, is_store_expected, open_store

__all__ = ["has_store", "is_store_expected", "open_store"]
