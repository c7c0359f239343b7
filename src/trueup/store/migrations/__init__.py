"""The store's migrations: one script for each step, which is never edited after its release."""
