"""Checks that the cached balance, the ledger's running balance and its sum agree."""
