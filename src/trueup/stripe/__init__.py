"""Stripe's objects, read into our relations."""
