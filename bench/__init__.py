"""Benchmarks: figures, measured beside what they are compared with, in one run. Never timed tests."""
