"""Checks that a replay of Stripe's events cannot grant twice."""
