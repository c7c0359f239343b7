"""Billing and entitlement assurance: what was paid, what the ledger says and what the app allows, proven to agree."""

__version__ = "0.1.0"
